"""HTTP that does not wait for ever for a request: uvicorn's own timeout is for the time after an answer only."""

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Connection(HttpToolsProtocol):
    """Ends where nothing comes for IDLE_SECONDS, where a request's head is not whole HEAD_SECONDS after its first byte,
    where a body stops, or goes on after its answer, for STALL_SECONDS, or is not whole after BODY_SECONDS, and where
    more than HEAD_BYTES_MAX come that are no body. `lost`: set when it has ended."""

    IDLE_SECONDS: ClassVar[float]
    HEAD_SECONDS: ClassVar[float] = 10.0
    STALL_SECONDS: ClassVar[float] = 30.0
    BODY_SECONDS: ClassVar[float]
    HEAD_BYTES_MAX: ClassVar[int] = 64 * 1024

    _between = True  # two requests
    _end: asyncio.TimerHandle | None = None
    _whole_at = 0.0
    _no_body = 0

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await(self.IDLE_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._await(None)
        self.lost.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._between:
            self._between, self._no_body = False, 0
            self._await(self.HEAD_SECONDS)
        self._no_body += len(data)
        super().data_received(data)
        if self._no_body > self.HEAD_BYTES_MAX:
            self.transport.abort()

    def on_headers_complete(self) -> Any:
        self._whole_at = self.loop.time() + self.BODY_SECONDS
        self._await(min(self.STALL_SECONDS, self.BODY_SECONDS))
        return super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._no_body -= len(body)
        if not self.cycle.response_complete:
            self._await(min(self.STALL_SECONDS, self._whole_at - self.loop.time()))
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._between = True
        self._await(None)
        super().on_message_complete()

    def _await(self, seconds: float | None) -> None:
        if self._end is not None:
            self._end.cancel()
        self._end = None if seconds is None else self.loop.call_later(max(0.0, seconds), self.transport.abort)


class OfGateway(Connection):
    """Opened ahead of need, so it may be silent for long. The largest batch, 1 MB, passes at 70 kbit/s, an alarm that
    goes alone at 1; a gateway itself waits for less."""

    IDLE_SECONDS = 75.0
    BODY_SECONDS = 120.0


class OfScreen(Connection):
    """A browser asks as soon as it is connected, and connects again without being told. One that takes not a byte of
    what it is told for TAKE_SECONDS is let go: its feed goes on by its cursor once it is back, and meanwhile it holds
    nothing of ours. Who takes it slowly is waited for."""

    IDLE_SECONDS = 10.0
    BODY_SECONDS = 30.0
    TAKE_SECONDS: ClassVar[float] = 10.0

    _stuck: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        self._unwatch()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        self._stuck = self.loop.call_later(self.TAKE_SECONDS, self._look, self.transport.get_write_buffer_size())

    def _look(self, left: int) -> None:
        if self.transport.get_write_buffer_size() < left:
            self._watch()
        else:
            self.transport.abort()

    def _unwatch(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None
