"""Keeps facts up with the timelines, samples devices once an hour, makes the daily briefs. No alarm waits
for it, and nothing but figures is late when it is."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import psycopg

from heartlamp_server.config import Figures
from heartlamp_server.database.again import again
from heartlamp_server.database.pool import Database
from heartlamp_server.figures import keep, sample, store

if TYPE_CHECKING:
    from heartlamp_server.figures.brief.model import BriefView

log = logging.getLogger("heartlamp.figures")

SECONDS = 60.0
Connection = psycopg.AsyncConnection[Any]
Tell = Callable[[Connection, "BriefView"], Awaitable[None]]
"""Takes a brief (without silent alarms) into an outbox, in the transaction in which it is kept."""


async def nobody(conn: Connection, brief: "BriefView") -> None:
    """Where there is no outbox: it is read on its page."""


class Keeping:
    def __init__(self, database: Database, figures: Figures, tell: Tell = nobody) -> None:
        self._database, self._figures, self._tell = database, figures, tell

    async def run(self) -> None:
        """For ever; several may run."""
        await again(SECONDS, self.turn, log, "figures wait", "figures could not be kept up; it is tried again")

    async def turn(self) -> None:
        zone = self._figures.zone
        async with self._database.connection() as conn:
            await keep.refresh(conn, zone)
            now = await store.now(conn)
            await sample.sample(conn, now, zone)
            await make_briefs(conn, self._figures, now, self._tell)


async def make_briefs(conn: Connection, figures: Figures, now: datetime, tell: Tell = nobody) -> int:
    """Those of today that were not made yet, once their hour is over; each is told by the one who keeps it. Returns how
    many."""
    from heartlamp_server.figures.brief import store as briefs  # forms for screens, for which no alarm waits at a start
    from heartlamp_server.figures.brief.model import newest_day

    made = 0
    for minute in sorted({figures.brief_at, *figures.brief_of.values()}):
        day = newest_day(now, minute, figures.zone)
        for area in [one for one in await briefs.without(conn, day) if figures.minute(one.code) == minute]:
            known, plain = [
                await briefs.make(conn, area, day, minute, figures.zone, silent, now) for silent in (True, False)
            ]
            async with conn.transaction():
                if await briefs.keep(conn, known, plain):
                    await tell(conn, plain)
                    made += 1
    return made
