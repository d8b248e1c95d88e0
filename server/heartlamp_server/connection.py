"""HTTP that does not wait for ever for a request: uvicorn's own timeout is for the time after an answer only."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Connection(HttpToolsProtocol):
    """Ends where nothing comes for IDLE_SECONDS (a gateway opens one ahead of need), where a request's head is not
    whole HEAD_SECONDS after its first byte, and where a body stops, or goes on after its answer, for BODY_SECONDS."""

    IDLE_SECONDS = 75
    HEAD_SECONDS = 10.0
    BODY_SECONDS = 30.0

    _between = True  # two requests
    _end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await(self.IDLE_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._await(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._between:
            self._between = False
            self._await(self.HEAD_SECONDS)
        super().data_received(data)

    def on_headers_complete(self) -> Any:
        self._await(self.BODY_SECONDS)
        return super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self.cycle.response_complete:
            self._await(self.BODY_SECONDS)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._between = True
        self._await(None)
        super().on_message_complete()

    def _await(self, seconds: float | None) -> None:
        if self._end is not None:
            self._end.cancel()
        self._end = None if seconds is None else self.loop.call_later(seconds, self.transport.abort)
