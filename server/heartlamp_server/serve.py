"""Two listeners in one process and one event loop, and their end on SIGTERM."""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
from collections.abc import Iterator

import uvicorn
from heartlamp_protocol.downlink import READ_TIMEOUT_SECONDS
from starlette.types import ASGIApp

from heartlamp_server.app import County
from heartlamp_server.config import Config, Listener
from heartlamp_server.connection import Connection, OfGateway, OfScreen
from heartlamp_server.device.vault import read_key
from heartlamp_server.door import Door, descriptors

log = logging.getLogger("heartlamp")

GATEWAYS_MAX, SCREENS_MAX = 10_000, 1_000
"""Connections at once, if there are descriptors: half of them are the gateways' (which have four each), a quarter the
screens', and a quarter is left for the store and the rest."""
_GRACE_SECONDS = 1  # streams end by themselves; this is for connections whose other side does not answer the farewell


class _Server(uvicorn.Server):
    """`most`: connections at once. The signals are for the whole process, not for one listener."""

    def __init__(self, config: uvicorn.Config, most: int) -> None:
        super().__init__(config)
        self._most = most
        self.doors: list[asyncio.Task[None]] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        for sock in sockets or []:
            door = Door(sock, self.config.ssl, self._most, self._connection)
            door.listen()
            self.doors.append(asyncio.create_task(door.run(), name="door"))
        await super().startup(sockets=[])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for door in self.doors:
            door.cancel()
        await asyncio.wait(self.doors)
        await super().shutdown(sockets)

    def _connection(self) -> Connection:
        made = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state={}
        )
        assert isinstance(made, Connection)
        return made

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(config: Config) -> None:
    """Until SIGTERM or SIGINT. Raises DatabaseError, or what ended a task that should run for ever."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    room = descriptors()
    most = min(room // 2, GATEWAYS_MAX)
    county = County(config, read_key(config.key_file), most)
    sockets = [_bind(config.gateway), _bind(config.console)]
    try:
        tasks = await county.open()
        servers = [_server(county.gateways, config.gateway, OfGateway, most)]
        listening = [asyncio.create_task(servers[0].serve(sockets=[sockets[0]]), name="gateways")]
        await _started(servers[0], listening[0])
        log.info("gateways: https://%s", _address(sockets[0]))
        screens = await asyncio.to_thread(_screens, county, config)  # alarms are taken in meanwhile
        servers.append(_server(screens, config.console, OfScreen, min(room // 4, SCREENS_MAX)))
        listening.append(asyncio.create_task(servers[1].serve(sockets=[sockets[1]]), name="console"))
        await _started(servers[1], listening[1])
        log.info("console: %s://%s", "https" if config.console.cert else "http", _address(sockets[1]))
        gc.freeze()  # what the start made stays: looking through it again and again would hold up an alarm for 30 ms
        stopped = asyncio.create_task(stop.wait())
        tasks += [door for server in servers for door in server.doors]
        await asyncio.wait([stopped, *tasks, *listening], return_when=asyncio.FIRST_COMPLETED)
        county.stop_streams()
        for server in servers:
            server.should_exit = True
        ended = next((t for t in tasks if t.done()), None)
        await asyncio.wait(listening, timeout=_GRACE_SECONDS + 1)
        for task in (*tasks, *listening):
            task.cancel()
        # Bounded: a cancellation that meets a dying connection can come out as "not ready" and be taken for weather.
        await asyncio.wait([*tasks, *listening], timeout=_GRACE_SECONDS)
        if ended is not None and not stop.is_set():
            ended.result()  # raises: the supervisor shall start us again rather than run without a part
    finally:
        await county.close()


def _screens(county: County, config: Config) -> ASGIApp:
    from heartlamp_server.screens import build

    return build(county, secure=config.console.cert is not None)


async def _started(server: _Server, task: "asyncio.Task[None]") -> None:
    while not server.started and not task.done():  # noqa: ASYNC110
        await asyncio.sleep(0.002)  # uvicorn has no event for it
    if not server.started:
        task.result()  # raises what kept it from listening


def _server(app: ASGIApp, listener: Listener, connection: type[Connection], most: int) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            loop="none",
            http=connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ssl_certfile=str(listener.cert) if listener.cert else None,
            ssl_keyfile=str(listener.key) if listener.key else None,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            timeout_keep_alive=int(connection.IDLE_SECONDS),
        ),
        most,
    )


def _bind(listener: Listener) -> socket.socket:
    """Bound here, so that a port that is taken is said before anything else starts."""
    family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Whoever vanished without a word is noticed by the pings that nobody acknowledges. Accepted sockets inherit it.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, READ_TIMEOUT_SECONDS * 1000)
    sock.bind((listener.host, listener.port))
    sock.setblocking(False)
    return sock


def _address(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"{host}:{port}"
