"""The live feed of the screens: one encoding for all of them, resumable by cursor, silent for at most five seconds."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

from heartlamp_protocol.downlink import PING_SECONDS, read_cursor

from heartlamp_server.console.frame import Frame, sees_all
from heartlamp_server.console.spots import Spots
from heartlamp_server.database import feed
from heartlamp_server.database.feed import Row
from heartlamp_server.database.pool import Database, NotReady
from heartlamp_server.responder.scope import Scope

_KEPT = 1000  # frames in memory; who is further behind reads rows


class Feed:
    """`stopping`: set when the server ends, so that no stream holds it up. `open`: streams that go on now."""

    def __init__(self, database: Database, epoch: Callable[[], str], stopping: asyncio.Event) -> None:
        self._database, self._epoch, self._stopping = database, epoch, stopping
        self._frames: deque[Frame] = deque(maxlen=_KEPT)
        self._spots = Spots(database)
        self._head = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self._poked = asyncio.Event()
        self.open = 0

    async def start(self) -> None:
        """From now on. Raises NotReady."""
        async with self._database.connection() as conn:
            _, self._head = await feed.bounds(conn)

    def offer(self, rows: list[Row]) -> None:
        """Rows that were just committed here: shown at once where none is missing before them."""
        if rows and rows[0][0] == self._head + 1:
            self._append(rows)
        elif rows and rows[-1][0] > self._head:
            self._poked.set()

    def poke(self, _: str = "") -> None:
        """There may be rows of others; also ends the waiting of all streams when the server stops."""
        self._poked.set()
        if self._stopping.is_set():
            self._announce()

    async def run(self) -> None:
        """For ever: fetches what was not offered."""
        while True:
            await self._poked.wait()
            self._poked.clear()
            try:
                async with self._database.connection() as conn:
                    rows = await feed.after(conn, self._head)
            except NotReady:
                await asyncio.sleep(0.2)
                self._poked.set()
                continue
            self._append([r for r in rows if r[0] > self._head])

    async def stream(
        self, cursor: str, scope: Scope, again: Callable[[], Awaitable[Scope | None]]
    ) -> AsyncIterator[bytes]:
        """Frames after the cursor for one screen, of what its person may see; "reset" first where it cannot be followed
        from there. `again` is asked before each ping what that is now: a login that ended (None) ends its streams."""
        self.open += 1
        try:
            at = read_cursor(cursor)
            epoch, seen = self._epoch(), at[1] if at else 0
            async with self._database.connection() as conn:
                lowest, head = await feed.bounds(conn)
            if at is None or at[0] != epoch or not lowest - 1 <= seen <= head:
                yield b"event: reset\ndata: {}\n\n"
                seen = head
            yield _ping()
            loop, everything = asyncio.get_running_loop(), sees_all(scope)
            clock = loop.time
            ping_at = clock() + PING_SECONDS
            while not self._stopping.is_set():
                frames = await self._after(seen)
                shown = frames if everything else await self._spots.shown(scope, frames)
                for frame in shown:
                    yield frame.encoded
                seen = frames[-1].seq if frames else seen
                if clock() >= ping_at:
                    now_scope = await again()
                    if now_scope is None:
                        return
                    scope, everything = now_scope, sees_all(now_scope)
                    yield _ping()
                    ping_at = clock() + PING_SECONDS
                elif seen >= self._head and not self._stopping.is_set():
                    await self._news(loop, ping_at)
        finally:
            self.open -= 1

    async def _news(self, loop: asyncio.AbstractEventLoop, until: float) -> None:
        """Until there is something new, or until then. No task and no event for each of five hundred: what wakes them
        all is one loop over futures."""
        waiting = loop.create_future()
        self._waiting.add(waiting)
        timer = loop.call_at(until, _over, waiting)
        try:
            await waiting
        finally:
            timer.cancel()
            self._waiting.discard(waiting)

    async def _after(self, seen: int) -> list[Frame]:
        if seen >= self._head:
            return []
        if self._frames and self._frames[0].seq <= seen + 1:
            newest = range(-min(len(self._frames), self._head - seen), 0)
            return [f for n in newest if (f := self._frames[n]).seq > seen]
        async with self._database.connection() as conn:
            return [Frame(row, self._epoch()) for row in await feed.after(conn, seen)]

    def _append(self, rows: list[Row]) -> None:
        if not rows:
            return
        self._frames.extend(Frame(row, self._epoch()) for row in rows)
        self._head = rows[-1][0]
        self._announce()

    def _announce(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for one in waiting:
            _over(one)


def _over(waiting: "asyncio.Future[None]") -> None:
    if not waiting.done():
        waiting.set_result(None)


def _ping() -> bytes:
    return f"event: ping\ndata: {json.dumps({'now': datetime.now(UTC).isoformat()})}\n\n".encode()
