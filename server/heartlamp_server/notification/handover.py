"""Hands over to the rest of the county what became of messages and what people answered: each once, in a transaction of
its own that takes whatever locks it needs. It also asks providers that said nothing, and reads gateways' notes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from heartlamp_server.database.pool import Database, NotReady
from heartlamp_server.notification import outcome, store
from heartlamp_server.notification.channels.channel import Channel, Failed, Heard, Reply
from heartlamp_server.notification.model import Answered, Said
from heartlamp_server.notification.store import Connection

log = logging.getLogger("heartlamp.notification")

LOOK_S = 1.0
AGAIN_S = 10
TIDY_S = 3600.0
_OLD = (
    # The timeline has what was said of them; addresses are kept no longer than somebody may ask about them.
    "DELETE FROM notification WHERE state <> 'queued' AND state_at < now() - interval '90 days'",
    "DELETE FROM notification_said WHERE handed_at < now() - interval '30 days'",
    "DELETE FROM notification_early WHERE at < now() - interval '1 day'",
    "DELETE FROM notification_note WHERE at < now() - interval '40 days'",
)
POLL_S = 20.0
"""How long a provider that reports by callback is given before it is asked, and then how often."""
POLL_MOST_S = 3600
_OF_VILLAGE = {
    "sent": ("sent", ""), "delivered": ("delivered", ""), "rang": ("rang", ""), "answered": ("answered", ""),
    "coming": ("answered", "1"), "cannot": ("answered", "2"), "done": ("delivered", ""),
    "voicemail": ("answered", ""), "busy": ("failed", ""), "unanswered": ("failed", ""), "failed": ("failed", ""),
}  # fmt: skip


async def _nothing(*_: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Hooks:
    """Called within the transaction that ticks the row off; what raises is tried again after AGAIN_S. `said`: for the
    incident's timeline; `answered`: a person's answer, which re-enters as an event on the incident; `proven(conn,
    channel, address, at)`: a test was answered by this number; `trouble(conn, channel, why)`: for administrators."""

    said: Callable[[Connection, Said], Awaitable[None]] = _nothing
    answered: Callable[[Connection, Answered], Awaitable[None]] = _nothing
    proven: Callable[[Connection, str, str, datetime], Awaitable[None]] = _nothing
    trouble: Callable[[Connection, str, str], Awaitable[None]] = _nothing


class Handover:
    def __init__(self, database: Database, channels: Mapping[str, Channel], hooks: Hooks) -> None:
        self._database, self._channels, self._hooks = database, channels, hooks
        self._poked = asyncio.Event()

    def poke(self, _: str = "") -> None:
        self._poked.set()

    async def run(self) -> None:
        """For ever."""
        tidy_at, clock = 0.0, asyncio.get_running_loop().time
        while True:
            self._poked.clear()
            try:
                if clock() >= tidy_at:
                    await self.tidy()
                    tidy_at = clock() + TIDY_S
                await self.read_notes()
                while await self.hand_over():
                    pass
            except NotReady:
                pass
            try:
                await asyncio.wait_for(self._poked.wait(), LOOK_S)
            except TimeoutError:
                pass

    async def tidy(self) -> None:
        """Deletes what is old enough to go."""
        async with self._database.connection() as conn:
            for statement in _OLD:
                await conn.execute(statement)

    async def hand_over(self) -> bool:
        """One; False: nothing waits."""
        async with self._database.connection() as conn, conn.transaction():
            cursor = await conn.execute(
                "SELECT id, what, value FROM notification_said WHERE handed_at IS NULL AND due_at <= clock_timestamp()"
                " ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
            )
            row = await cursor.fetchone()
            if row is None:
                return False
            id, what, value = row
            try:
                async with conn.transaction():
                    await self._call(conn, what, value)
                await conn.execute("UPDATE notification_said SET handed_at = clock_timestamp() WHERE id = %s", (id,))
            except NotReady:
                raise
            except Exception:
                log.exception("%s could not be handed over, tried again: %s", what, value)
                await conn.execute(
                    "UPDATE notification_said SET due_at = clock_timestamp() + make_interval(secs => %s) WHERE id = %s",
                    (AGAIN_S, id),
                )
        return True

    async def _call(self, conn: Connection, what: str, value: dict[str, Any]) -> None:
        hooks, at = self._hooks, datetime.fromisoformat(value["at"]) if "at" in value else None
        if what == "said" and at:
            await hooks.said(conn, Said(value["key"], value["state"], at, value["detail"]))
        elif what == "answered" and at:
            await hooks.answered(conn, Answered(value["key"], value["target"], value["said"], at, value["proof"]))
        elif what == "proven" and at:
            await hooks.proven(conn, value["channel"], value["address"], at)
        else:
            log.error("channel %s does not work: %s", value["channel"], value["why"])
            await hooks.trouble(conn, value["channel"], value["why"])

    async def read_notes(self) -> None:
        """What gateways say of calls that they were told to make."""
        async with self._database.connection() as conn:
            cursor = await conn.execute(
                "SELECT id, gateway, subject, at FROM note n WHERE what = 'ordered'"
                " AND NOT EXISTS (SELECT FROM notification_note t WHERE t.note = n.id) ORDER BY at LIMIT 200"
            )
            for id, gateway, subject, at in await cursor.fetchall():
                async with conn.transaction():
                    new = await conn.execute(
                        "INSERT INTO notification_note (note) VALUES (%s) ON CONFLICT DO NOTHING RETURNING note", (id,)
                    )
                    if await new.fetchone() is not None:
                        await _noted(conn, gateway, subject, at)

    async def poll(self) -> None:
        """For ever: asks providers for what they did not report."""
        while True:
            await asyncio.sleep(POLL_S)
            for channel in {c.provider: c for c in self._channels.values() if c.trait.proves}.values():
                try:
                    await self.ask(channel, POLL_S)
                except NotReady:
                    pass
                except Failed as wrong:
                    log.warning("%s cannot be asked: %s", channel.provider.partition(":")[0], wrong.why)
                except Exception:
                    log.exception("%s cannot be asked", channel.provider.partition(":")[0])

    async def ask(self, channel: Channel, after_s: float) -> int:
        """Of what was sent `after_s` ago and more. Returns how much it said. Raises Failed."""
        async with self._database.connection() as conn:
            cursor = await conn.execute(
                "UPDATE notification_attempt SET polled_at = clock_timestamp()"
                " WHERE (provider, provider_id, notification) IN ("
                "  SELECT provider, provider_id, notification FROM notification_attempt WHERE provider = %s"
                "  AND ended_at IS NULL AND at < clock_timestamp() - make_interval(secs => %s)"
                "  AND at > clock_timestamp() - make_interval(secs => %s)"
                "  AND (polled_at IS NULL OR polled_at < clock_timestamp() - make_interval(secs => %s))"
                "  ORDER BY at LIMIT 50 FOR UPDATE SKIP LOCKED) RETURNING provider_id, notification, at",
                (channel.provider, after_s, POLL_MOST_S, after_s),
            )
            found = await cursor.fetchall()
            addresses = await conn.execute(
                "SELECT id, address FROM notification WHERE id = ANY(%s)", ([row[1] for row in found],)
            )
            of = dict(await addresses.fetchall())
        asked = list({(id, of[row], at) for id, row, at in found})
        heard = await asyncio.wait_for(channel.poll(asked), 30.0) if asked else []
        names = [name for name, one in self._channels.items() if one.provider == channel.provider]
        for one in heard:
            async with self._database.connection() as conn, conn.transaction():
                await take(conn, channel.provider, names, one, await store.now(conn))
        return len(heard)


async def take(conn: Connection, provider: str, names: list[str], heard: Heard, now: datetime) -> None:
    """A provider's report or somebody's reply becomes what it says. `names`: the channels of this provider. A time of
    the provider's clock that is after ours is ours."""
    at = min(heard.at or now, now)
    if isinstance(heard, Reply):
        if await outcome.replied(conn, names, heard.number, heard.text, at) is None:
            log.info("a message of somebody whom nobody asked")
        return
    known = True
    if heard.state:
        known = await outcome.report(conn, provider, heard.provider_id, heard.state, heard.detail, at)
    if heard.digit:
        known = await outcome.digit(conn, provider, heard.provider_id, heard.digit, at)
    if not known:
        await outcome.early(conn, provider, heard.provider_id, heard.state, heard.detail, heard.digit, at)


async def _noted(conn: Connection, gateway: str, subject: str, at: datetime) -> None:
    id, _, rest = subject.partition(" ")
    state, _, why = rest.partition(" · ")
    if not id.isdigit() or state not in _OF_VILLAGE:
        return  # of a broadcast, which reads its notes itself
    cursor = await conn.execute("SELECT address FROM notification WHERE id = %s", (int(id),))
    row = await cursor.fetchone()
    if row is None or row[0].partition("@")[2] != gateway:
        return  # a gateway speaks of its own orders only
    now, digit = _OF_VILLAGE[state]
    detail = {"why": why or state} if state in ("busy", "unanswered", "failed", "voicemail") else {}
    await outcome.report(conn, "village", id, now, detail, at)
    if digit:
        await outcome.digit(conn, "village", id, digit, at)
