"""Sends what is due. Several may run, in one process or many: the rows are shared by locks and leases, and what a
killed one had begun is begun again by another."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from heartlamp_server import plain
from heartlamp_server.database.pool import Database, NotReady
from heartlamp_server.notification import links, outcome, store
from heartlamp_server.notification.channels.channel import ADMINISTRATOR, AGAIN, ELSEWHERE, Channel, Failed, Sent
from heartlamp_server.notification.compose import compose
from heartlamp_server.notification.model import ATTEMPTS_MOST, Row
from heartlamp_server.notification.rate import Limit
from heartlamp_server.notification.texts import Texts

log = logging.getLogger("heartlamp.notification")

AT_ONCE = 16
"""Messages of one channel under way at a time, of one worker. A channel that hangs fills its own places only."""
LOOK_S = 1.0
WRITE_S = 60.0
"""So long the end of a message waits for a database that is away."""


class Worker:
    """`channels`, `limits`, `broken`: of settings.Opened; `sign`: makes links by which one answers, None: no links."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        limits: Mapping[str, Limit],
        broken: Mapping[str, str],
        texts: Texts,
        sign: links.Signer | None,
    ) -> None:
        self._database, self._channels, self._limits, self._broken = database, channels, limits, broken
        self._texts, self._sign = texts, sign
        self._under_way: dict[str, set[asyncio.Task[None]]] = {name: set() for name in channels}
        self._poked = asyncio.Event()

    def poke(self, _: str = "") -> None:
        """There may be something due."""
        self._poked.set()

    async def run(self) -> None:
        """For ever."""
        for name, why in self._broken.items():
            log.error("channel %s does not work: %s", name, why)
        self._loading = [asyncio.create_task(_load(name, channel)) for name, channel in self._channels.items()]
        while True:
            self._poked.clear()
            try:
                wait = await self._turn()
            except NotReady:
                wait = LOOK_S
            try:
                await asyncio.wait_for(self._poked.wait(), max(0.02, wait))
            except TimeoutError:
                pass

    async def _turn(self) -> float:
        """One look at the outbox; seconds until the next."""
        async with self._database.connection() as conn:
            now = await store.now(conn)
            async with conn.transaction():
                await outcome.expire(conn, now)
            due = await store.due_channels(conn, now)
        begun = [await self._begin(name) for name in due]
        if due:
            return 0.05 if any(begun) else LOOK_S / 2  # its places are full, or its bucket is empty
        async with self._database.connection() as conn:
            soon = await store.next_due(conn)
        return LOOK_S if soon is None else min(LOOK_S, soon)

    async def _begin(self, name: str) -> bool:
        """Whether something of this channel was begun."""
        channel = self._channels.get(name)
        if channel is None:
            await self._without(name)
            return True
        free = AT_ONCE - len(self._under_way[name])
        if free <= 0:
            return False
        async with self._database.connection() as conn, conn.transaction():
            now = await store.now(conn)
            batches = await store.claim(conn, name, channel.trait, self._limits[name], free, now)
        for batch in batches:
            task = asyncio.create_task(self._send(name, channel, batch), name=f"send {name}")
            self._under_way[name].add(task)
            task.add_done_callback(lambda task: self._ended(name, task))
        return bool(batches)

    async def _without(self, name: str) -> None:
        """A message by a channel that is not set up here fails at once, and says so."""
        why = self._broken.get(name, f"server.toml has no [notification.{name}]")
        async with self._database.connection() as conn, conn.transaction():
            now = await store.now(conn)
            rows = await store.claim(conn, name, store.NO_TRAIT, Limit(60_000, 1_000), AT_ONCE, now)
            await outcome.end(conn, [row for batch in rows for row in batch], why, now)
            await store.fault(conn, name, why, now)

    def _ended(self, name: str, task: "asyncio.Task[None]") -> None:
        self._under_way[name].discard(task)
        self._poked.set()
        if not task.cancelled() and (wrong := task.exception()):
            log.error("a message by %s: its end was not written, its lease will end: %r", name, wrong)

    async def _send(self, name: str, channel: Channel, batch: list[Row]) -> None:
        sent: Sent | None = None
        failed: Failed | None = Failed(ELSEWHERE, f"given up after {ATTEMPTS_MOST} attempts")
        if all(row.attempts < ATTEMPTS_MOST for row in batch):
            sent, failed = await attempt(channel, batch, self._texts, self._sign)
        give_up = asyncio.get_running_loop().time() + WRITE_S
        while True:
            try:
                return await self._write(name, channel, batch, sent, failed)
            except NotReady:  # what was sent must be written, or it is sent again
                if asyncio.get_running_loop().time() > give_up:
                    raise
                await asyncio.sleep(0.2)

    async def _write(
        self, name: str, channel: Channel, batch: list[Row], sent: Sent | None, failed: Failed | None
    ) -> None:
        async with self._database.connection() as conn, conn.transaction():
            now: datetime = await store.now(conn)
            if sent is not None:
                await outcome.sent(
                    conn, batch, channel.provider, sent.provider_id, sent.state, channel.trait.proves, now
                )
                await store.fault(conn, name, "", now)
                return
            assert failed is not None
            log.warning("%s to …%s: %s", name, batch[0].address[-4:], failed.why)
            if failed.what == ADMINISTRATOR:
                await store.fault(conn, name, failed.why, now)
            if failed.what in (AGAIN, ADMINISTRATOR):
                await outcome.failed_for_now(conn, batch, failed.why, failed.after_s, now)
            else:
                await outcome.end(conn, batch, failed.why, now)


async def _load(name: str, channel: Channel) -> None:
    """Before its first message asks for it. What is wrong is said again, and counts, when one is sent."""
    try:
        await channel.ready()
    except Exception as wrong:
        log.error("channel %s cannot be loaded: %r", name, wrong)


async def attempt(
    channel: Channel, batch: list[Row], texts: Texts, sign: links.Signer | None
) -> tuple[Sent | None, Failed | None]:
    """One try to send a batch as one message: what the provider said, or why not."""
    try:
        message = compose(batch, texts, sign)
        await channel.ready()
        sent = await asyncio.wait_for(channel.send(message), channel.deadline_s)
        return replace(sent, provider_id=plain.name(sent.provider_id)[:200]), None  # as the database can keep it
    except Failed as failed:
        return None, failed
    except TimeoutError:
        return None, Failed(AGAIN, f"no answer within {channel.deadline_s:g} s", 5.0)
    except Exception as wrong:  # whatever a provider's SDK does, the others go on
        log.exception("a channel failed")
        return None, Failed(AGAIN, f"{type(wrong).__name__}: {wrong}"[:150], 10.0)
