"""The live feed of the screens: one encoding for all of them, resumable by cursor, silent for at most five seconds."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

from heartlamp_protocol.downlink import PING_SECONDS, cursor_text, read_cursor

from heartlamp_server.database import feed
from heartlamp_server.database.feed import Row
from heartlamp_server.database.pool import Database, NotReady

_KEPT = 1000  # frames in memory; who is further behind reads rows


class Feed:
    """`stopping`: set when the server ends, so that no stream holds it up."""

    def __init__(self, database: Database, epoch: Callable[[], str], stopping: asyncio.Event) -> None:
        self._database, self._epoch, self._stopping = database, epoch, stopping
        self._frames: deque[tuple[int, bytes]] = deque(maxlen=_KEPT)
        self._head = 0
        self._changed = asyncio.Event()
        self._poked = asyncio.Event()

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

    async def stream(self, cursor: str, allowed: Callable[[], Awaitable[bool]]) -> AsyncIterator[bytes]:
        """Frames after the cursor for one screen; "reset" first where it cannot be followed from there. `allowed` is
        asked before each ping: a login that ended ends its streams."""
        at = read_cursor(cursor)
        epoch, seen = self._epoch(), at[1] if at else 0
        async with self._database.connection() as conn:
            lowest, head = await feed.bounds(conn)
        if at is None or at[0] != epoch or not lowest - 1 <= seen <= head:
            yield b"event: reset\ndata: {}\n\n"
            seen = head
        yield _ping()
        clock = asyncio.get_running_loop().time
        ping_at = clock() + PING_SECONDS
        while not self._stopping.is_set():
            changed = self._changed
            for seq, frame in await self._after(seen):
                yield frame
                seen = seq
            if clock() >= ping_at:
                if not await allowed():
                    return
                yield _ping()
                ping_at = clock() + PING_SECONDS
            elif seen >= self._head:
                try:
                    await asyncio.wait_for(changed.wait(), ping_at - clock())
                except TimeoutError:
                    pass

    async def _after(self, seen: int) -> list[tuple[int, bytes]]:
        if seen >= self._head:
            return []
        if self._frames and self._frames[0][0] <= seen + 1:
            return [f for f in list(self._frames)[seen - self._head :] if f[0] > seen]
        async with self._database.connection() as conn:
            return [(row[0], self._encode(row)) for row in await feed.after(conn, seen)]

    def _append(self, rows: list[Row]) -> None:
        if not rows:
            return
        self._frames.extend((row[0], self._encode(row)) for row in rows)
        self._head = rows[-1][0]
        self._announce()

    def _announce(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _encode(self, row: Row) -> bytes:
        seq, kind, data = row
        return f"id: {cursor_text(self._epoch(), seq)}\nevent: {kind}\ndata: {data}\n\n".encode()


def _ping() -> bytes:
    return f"event: ping\ndata: {json.dumps({'now': datetime.now(UTC).isoformat()})}\n\n".encode()
