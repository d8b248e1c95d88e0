"""The outbox on a real database, with the real worker; its channels lead to a provider's server on this machine."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from heartlamp_server.database.listen import listen
from heartlamp_server.database.pool import Database
from heartlamp_server.database.store import check_schema
from heartlamp_server.notification import store
from heartlamp_server.notification.channels.channel import Channel
from heartlamp_server.notification.handover import Handover, Hooks
from heartlamp_server.notification.links import Signer
from heartlamp_server.notification.model import Answered, Said, Wanted, Way
from heartlamp_server.notification.rate import Limit
from heartlamp_server.notification.texts import Texts
from heartlamp_server.notification.worker import Worker

INCIDENT = "keya1-0000000000000001"
FIELDS = {"village": "柳树村", "place": "三组 7号", "what": "panic"}
WAIT_S = 30.0
SIGN = Signer("https://county.example", b"of a test")


def wanted(*ways: Way, **other: object) -> Wanted:
    fields: dict[str, object] = {
        "incident": INCIDENT, "version": 3, "step": 1, "target": "grid1", "kind": "alarm", "fields": FIELDS,
        "ways": ways, "village": 5,
    }  # fmt: skip
    return Wanted(**(fields | other))  # type: ignore[arg-type]


async def _nothing(_: psycopg.AsyncConnection[Any]) -> None:
    pass


@dataclass
class Outbox:
    """`said`, `answered`, `proven`, `troubles`: what the county was told, in order."""

    database: Database
    channels: Mapping[str, Channel]
    limits: Mapping[str, Limit]
    said: list[Said] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)
    proven: list[tuple[str, str]] = field(default_factory=list)
    troubles: list[tuple[str, str]] = field(default_factory=list)
    breaks: int = 0
    """How often the county fails to take the next word."""
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def ask(self, *ways: Way, **other: object) -> list[int]:
        traits = {name: channel.trait for name, channel in self.channels.items()}
        async with self.database.connection() as conn, conn.transaction():
            return await store.ask(conn, wanted(*ways, **other), traits, await store.now(conn))

    async def until(self, what: str, is_so: Callable[[], bool]) -> None:
        async with self.changed:
            try:
                await asyncio.wait_for(self.changed.wait_for(is_so), WAIT_S)
            except TimeoutError:
                raise AssertionError(f"never came to be: {what}; said {self.states()}") from None

    def states(self, channel: str = "") -> list[str]:
        """What was said, of one channel or of all."""
        return [s.state for s in self.said if channel in ("", s.detail.get("channel"))]

    async def sql(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        async with self.database.connection() as conn:
            cursor = await conn.execute(query, values)
            return await cursor.fetchall() if cursor.description else []

    def worker(self) -> Worker:
        return Worker(self.database, self.channels, self.limits, {}, Texts(), SIGN)

    def handover(self) -> Handover:
        async def tell(into: list[Any], value: object) -> None:
            if self.breaks:
                self.breaks -= 1
                raise RuntimeError("the county cannot take it now")
            async with self.changed:
                into.append(value)
                self.changed.notify_all()

        return Handover(
            self.database,
            self.channels,
            Hooks(
                said=lambda conn, one: tell(self.said, one),
                answered=lambda conn, one: tell(self.answered, one),
                proven=lambda conn, channel, address, at: tell(self.proven, (channel, address)),
                trouble=lambda conn, channel, why: tell(self.troubles, (channel, why)),
            ),
        )

    @asynccontextmanager
    async def working(self, workers: int = 1) -> AsyncIterator[None]:
        """So many workers, and what hands over."""
        running = [self.worker() for _ in range(workers)]
        handover = self.handover()

        def poke(_: str) -> None:
            handover.poke()
            for worker in running:
                worker.poke()

        tasks = [asyncio.create_task(one.run()) for one in running]
        tasks.append(asyncio.create_task(handover.run()))
        tasks.append(asyncio.create_task(listen(self.database.conninfo, {store.CHANNEL: poke})))
        try:
            yield
        finally:
            ended = [task for task in tasks if task.done()]
            while not all(task.done() for task in tasks):
                for task in tasks:  # again: one that meets a connection as it closes comes out as "not ready"
                    task.cancel()
                await asyncio.wait(tasks, timeout=1)
            for task in ended:
                task.result()


@asynccontextmanager
async def opened(
    conninfo: str, channels: Mapping[str, Channel], limits: Mapping[str, Limit] | None = None
) -> AsyncIterator[Outbox]:
    database = Database(conninfo)
    await database.open(check_schema, _nothing)
    try:
        yield Outbox(database, channels, {name: Limit() for name in channels} | dict(limits or {}))
    finally:
        await database.close()


async def later(outbox: Outbox, seconds: int) -> datetime:
    """The database's time in so many seconds: a test does not wait."""
    rows = await outbox.sql("SELECT clock_timestamp() + make_interval(secs => %s)", seconds)
    found: datetime = rows[0][0]
    return found
