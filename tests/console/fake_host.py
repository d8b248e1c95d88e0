"""Runs a small web application in a thread of its own on a free port of loopback, under a strict content policy."""

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Host:
    def __init__(self, routes: Sequence[BaseRoute], policy: str) -> None:
        config = uvicorn.Config(
            _Guarded(Starlette(routes=routes), policy), log_level="warning", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)

    def start(self) -> str:
        """Returns the address."""
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)  # from here on nobody is refused
        ready = threading.Event()

        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            ready.set()
            await self._server.serve(sockets=[listener])

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()))
        self._thread.start()
        assert ready.wait(10)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    def run(self, act: Callable[[], Any]) -> None:
        """Runs `act` in the application's own thread and waits until it is done."""
        done = threading.Event()

        def run() -> None:
            act()
            done.set()

        self._loop.call_soon_threadsafe(run)
        assert done.wait(5)

    def stop(self, end_streams: Callable[[], None]) -> None:
        """`end_streams` must make every open response end."""
        self._server.should_exit = True
        self.run(end_streams)
        self._thread.join(10)


class _Guarded:
    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._policy = policy.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", self._policy)]
            await send(message)

        await self._app(scope, receive, with_policy)
