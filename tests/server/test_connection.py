"""Who connects and says nothing, or not all of it, is not waited for; who says it slowly is."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvloop
from heartlamp_server import door
from heartlamp_server.certificates import make_ca, make_server
from heartlamp_server.config import Listener
from heartlamp_server.connection import Connection, OfGateway, OfScreen
from heartlamp_server.serve import _bind, _server, _started
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.server.county import WAIT_SECONDS, County

Dial = Callable[..., Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
SECONDS = 0.4
"""The limits, for these tests."""


@asynccontextmanager
async def listening(folder: Path, connection: type[Connection] = OfGateway, most: int = 100) -> AsyncIterator[Dial]:
    """The county's listener, with an application that reads a body, or refuses before it did."""

    async def read(request: Request) -> Response:
        return PlainTextResponse(f"{len(await request.body())} bytes")

    async def refuse(request: Request) -> Response:
        return PlainTextResponse("no", 401)

    make_ca(folder / "ca.pem", folder / "ca.key", "庆丰县")
    make_server(folder / "ca.pem", folder / "ca.key", folder / "crt", folder / "key", ["localhost"])
    listener = Listener("127.0.0.1", 0, folder / "crt", folder / "key")
    routes = [Route("/read", read, methods=["POST"]), Route("/refuse", refuse, methods=["POST"])]
    server, sock = _server(Starlette(routes=routes), listener, connection, most), _bind(listener)
    task = asyncio.create_task(server.serve(sockets=[sock]))
    await _started(server, task)
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    port = sock.getsockname()[1]

    def dial(tls: bool = True) -> Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        secure = {"ssl": context, "server_hostname": "localhost"} if tls else {}
        return asyncio.open_connection("127.0.0.1", port, **secure)  # type: ignore[arg-type]

    try:
        yield dial
    finally:
        server.should_exit = True
        await task


async def ended(reader: asyncio.StreamReader) -> bytes:
    """What still came until the other side ended it."""
    async with asyncio.timeout(WAIT_SECONDS):
        try:
            return await reader.read()
        except OSError:  # cut, not closed
            return b""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "HEAD_SECONDS", SECONDS)
    monkeypatch.setattr(Connection, "STALL_SECONDS", SECONDS)


HEAD = b"POST /%s HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "said", [b"", b"POST /read HT", b"\r\n", HEAD % b"read" + b"half"], ids=["nothing", "head", "newline", "body"]
)
def test_who_does_not_finish_a_request_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    if not said:
        monkeypatch.setattr(OfGateway, "IDLE_SECONDS", SECONDS)

    async def story() -> None:
        async with listening(tmp_path) as dial:
            reader, writer = await dial()
            writer.write(said)
            assert await ended(reader) == b""

    uvloop.run(story())


@pytest.mark.usefixtures("impatient")
def test_who_trickles_on_after_an_answer_is_not_waited_for(tmp_path: Path) -> None:
    async def story() -> None:
        async with listening(tmp_path) as dial:
            for more in (b"\r\n", b"x"):  # between two requests, and of a body that nobody wants
                reader, writer = await dial()
                writer.write(HEAD % b"refuse" + (b"x" * 20 if more == b"\r\n" else b""))
                assert b"401" in await reader.readuntil(b"\r\n\r\nno")
                gone = asyncio.create_task(ended(reader))
                for _ in range(15):
                    writer.write(more)
                    await asyncio.wait([gone], timeout=SECONDS / 4)
                assert gone.done()

    uvloop.run(story())


@pytest.mark.usefixtures("impatient")
def test_a_slow_body_and_the_next_request_are_waited_for(tmp_path: Path) -> None:
    async def story() -> None:
        async with listening(tmp_path) as dial:
            reader, writer = await dial()
            await asyncio.sleep(SECONDS * 2)  # opened ahead of need, as a gateway does
            writer.write(HEAD % b"read")
            for _ in range(20):  # all in all longer than the limit, as over a village's line
                writer.write(b"x")
                await asyncio.sleep(SECONDS / 8)
            assert await reader.readuntil(b"20 bytes")
            await asyncio.sleep(SECONDS * 2)  # idle after an answer: uvicorn's own, longer patience
            writer.write(HEAD % b"read" + b"y" * 20)
            assert await reader.readuntil(b"20 bytes")
            writer.close()

    uvloop.run(story())


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("connection", [OfGateway, OfScreen])
def test_a_body_that_never_becomes_whole_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connection: type[Connection]
) -> None:
    monkeypatch.setattr(connection, "BODY_SECONDS", SECONDS * 2)

    async def story() -> None:
        async with listening(tmp_path, connection) as dial:
            reader, writer = await dial()
            writer.write(HEAD % b"read")
            gone = asyncio.create_task(ended(reader))
            for _ in range(15):
                writer.write(b"x")
                await asyncio.wait([gone], timeout=SECONDS / 4)
            assert gone.done()
            assert gone.result() == b""

    uvloop.run(story())


@pytest.mark.parametrize("more", [b"a: %s\r\n" % (b"b" * 1000), b"1\r\nx\r\n0\r\nt: %s\r\n" % (b"t" * 1000)])
def test_a_head_that_never_ends_is_cut_before_it_fills_the_memory(tmp_path: Path, more: bytes) -> None:
    async def story() -> None:
        async with listening(tmp_path) as dial:
            reader, writer = await dial()
            end = b"\r\n" if more.startswith(b"1") else b""
            writer.write(b"POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" + end + more)
            began, gone = asyncio.get_running_loop().time(), asyncio.create_task(ended(reader))
            with contextlib.suppress(OSError):
                for _ in range(2_000):
                    writer.write(b"c: %s\r\n" % (b"d" * 1000))
                    await writer.drain()
            await gone
            assert asyncio.get_running_loop().time() - began < Connection.HEAD_SECONDS / 2

    uvloop.run(story())


def test_when_it_is_full_others_are_sent_away_and_who_is_in_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "HANDSHAKE_SECONDS", 1.0)

    async def story() -> None:
        async with listening(tmp_path, most=6) as dial:
            first, writer = await dial()
            writer.write(HEAD % b"read")
            silent = [await dial(tls=False) for _ in range(5)]  # not even a handshake
            for _ in range(3):
                with pytest.raises((ConnectionError, ssl.SSLError)):
                    await dial()
            writer.write(b"y" * 20)
            assert await first.readuntil(b"20 bytes")
            for reader, _ in silent:
                await ended(reader)  # who says nothing makes room
            again, writer = await dial()
            writer.write(HEAD % b"read" + b"z" * 20)
            assert await again.readuntil(b"20 bytes")

    uvloop.run(story())


def test_silent_connections_to_the_console_do_not_keep_a_gateway_out(
    new_database: Callable[[], str], tmp_path: Path
) -> None:
    county = County(tmp_path, new_database())
    county.make()
    county.start(("sh", "-c", 'ulimit -Sn 64; ulimit -Hn 256; exec "$@"', "sh"))
    crowd = contextlib.ExitStack()
    try:
        operator, village = county.account(), county.village()
        feed = operator.feed("")
        where = urlsplit(county.console)
        for _ in range(300):
            crowd.enter_context(socket.create_connection((where.hostname or "", where.port or 0), WAIT_SECONDS))
        press = village.keys[0].press()
        assert village.send(press)[0].verdict == "received"  # on a connection that was opened just now
        assert feed.next(lambda e: e.kind == "incident").data["id"] == press.id
        assert any("are sent away" in line for line in county.said)
    finally:
        crowd.close()
        county.stop()
