"""County -> gateway: one event stream for each, fed from rows; a wake only says that there may be new ones."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

from heartlamp_protocol.downlink import PING_SECONDS, cursor_text, read_cursor, write_command
from heartlamp_protocol.uplink import device_of_one
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from heartlamp_server.database.pool import Database, NotReady
from heartlamp_server.device import store
from heartlamp_server.device.presence import Presence
from heartlamp_server.device.tokens import Tokens
from heartlamp_server.escalation import store as escalation
from heartlamp_server.ingest.of_one import Room
from heartlamp_server.ingest.routes import NOT_READY, problem, unauthorized

_PING = b": ping\n\n"
LOOK_SECONDS = 20.0
"""After which the stream of a gateway of one looks for rows though nothing woke it: a notification may have been lost.
With thousands of streams the store is not asked by each of them every 2 s, as for a village."""


class Down:
    """`stopping`: set when the server ends, so that no stream holds it up."""

    def __init__(
        self,
        database: Database,
        tokens: Tokens,
        presence: Presence,
        epoch: Callable[[], str],
        stopping: asyncio.Event,
        room: Room,
    ) -> None:
        self._database, self._tokens, self._presence = database, tokens, presence
        self._epoch, self._stopping, self._room = epoch, stopping, room
        self._streams: dict[str, set[asyncio.Event]] = {}

    def routes(self) -> list[Route]:
        return [Route("/gateway/v1/down", self._open, methods=["GET"])]

    def wake(self, gateway: str) -> None:
        """There may be commands for it; "" for all: then a gateway of one looks in its own time, they are too many."""
        for id in [id for id in self._streams if not device_of_one(id)] if gateway == "" else [gateway]:
            for event in self._streams.get(id, ()):
                event.set()

    def end(self) -> None:
        """The server ends: `stopping` is set."""
        for events in self._streams.values():
            for event in events:
                event.set()

    async def _open(self, request: Request) -> Response:
        try:
            gateway = await self._tokens.gateway(request.headers.get("authorization", ""))
        except NotReady:
            return problem(503, *NOT_READY)
        if gateway is None:
            return unauthorized()
        if device_of_one(gateway) and self._room.full():
            return problem(503, "no stream is free for a gateway of one", "come again in 30 seconds; posting works")
        cursor = read_cursor(request.headers.get("last-event-id", ""))
        epoch = self._epoch()
        after = cursor[1] if cursor and cursor[0] == epoch else 0
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(
            self._stream(request.headers["authorization"], gateway, epoch, after),
            media_type="text/event-stream",
            headers=headers,
        )

    async def _stream(self, authorization: str, gateway: str, epoch: str, after: int) -> AsyncIterator[bytes]:
        wake, of_one = self._enter(gateway)
        try:
            async with self._database.connection() as conn:
                version = await store.registry_version(conn, gateway)
                plan = await escalation.plan_version(conn, gateway)
            said = {"v": 1, "epoch": epoch, "registry": version, "plan": plan}
            hello = json.dumps(said, separators=(",", ":"))
            yield f"event: hello\ndata: {hello}\n\n".encode()
            clock = asyncio.get_running_loop().time
            ping_at, look_at = clock() + PING_SECONDS, 0.0
            while not self._stopping.is_set() and wake in self._streams[gateway]:
                if wake.is_set() or not of_one or clock() >= look_at:
                    wake.clear()
                    async with self._database.connection() as conn:
                        rows = await store.commands(conn, gateway, after)
                    begins = of_one and after == 0
                    for seq, fields, not_after_ms, age in rows:
                        said = json.loads(fields)
                        if age is not None and not of_one:
                            said["age"] = age  # of now: a new box, or one that stood still, goes on from there
                        if begins and said.get("answer") == "closed":
                            continue  # who knows of no call needs not be told that it ended
                        data = write_command(seq, not_after_ms, said)
                        yield f"id: {cursor_text(epoch, seq)}\nevent: command\ndata: {data}\n\n".encode()
                    after = rows[-1][0] if rows else after
                    if not rows and (epoch != self._epoch() or await self._tokens.ask(authorization) != gateway):
                        return  # another store, or revoked: the gateway comes again and learns it
                    look_at = clock() + LOOK_SECONDS
                left = ping_at - clock()
                if left <= 0:
                    yield _PING
                    ping_at += PING_SECONDS
                else:
                    await _woken(wake, left)
        except NotReady:
            return  # the gateway connects again and resumes at its cursor
        finally:
            self._leave(gateway, wake, of_one)

    def _enter(self, gateway: str) -> tuple[asyncio.Event, bool]:
        """(what wakes this stream, whether it is of a gateway of one: that has one stream, the newest)."""
        of_one = bool(device_of_one(gateway))
        others = self._streams.pop(gateway, set()) if of_one else self._streams.get(gateway, set())
        wake = asyncio.Event()
        self._streams[gateway] = {wake} if of_one else others | {wake}
        if of_one:
            self._room.enter()
            for other in others:
                other.set()
        self._presence.stream(gateway, opened=True)
        return wake, of_one

    def _leave(self, gateway: str, wake: asyncio.Event, of_one: bool) -> None:
        self._streams[gateway].discard(wake)
        if of_one:
            self._room.leave()
        self._presence.stream(gateway, opened=False)


async def _woken(wake: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(wake.wait(), seconds)
    except TimeoutError:
        pass
