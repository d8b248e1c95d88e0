"""Keeps facts up with the timelines, samples devices once an hour, makes the daily briefs. No alarm waits
for it, and nothing but figures is late when it is."""

import logging
from datetime import datetime
from typing import Any

import psycopg

from heartlamp_server.config import Figures
from heartlamp_server.database.again import again
from heartlamp_server.database.pool import Database
from heartlamp_server.figures import keep, sample, store

log = logging.getLogger("heartlamp.figures")

SECONDS = 60.0
Connection = psycopg.AsyncConnection[Any]


class Keeping:
    def __init__(self, database: Database, figures: Figures) -> None:
        self._database, self._figures = database, figures

    async def run(self) -> None:
        """For ever; several may run."""
        await again(SECONDS, self.turn, log, "figures wait", "figures could not be kept up; it is tried again")

    async def turn(self) -> None:
        zone = self._figures.zone
        async with self._database.connection() as conn:
            await keep.refresh(conn, zone)
            now = await store.now(conn)
            await sample.sample(conn, now, zone)
            await make_briefs(conn, self._figures, now)


async def make_briefs(conn: Connection, figures: Figures, now: datetime) -> int:
    """Those of today that were not made yet, once their hour is over. Returns how many."""
    from heartlamp_server.figures.brief import store as briefs  # forms for screens, for which no alarm waits at a start
    from heartlamp_server.figures.brief.model import newest_day

    day = newest_day(now, figures.brief_at, figures.zone)
    made = 0
    for area in await briefs.without(conn, day):
        both = [
            await briefs.make(conn, area, day, figures.brief_at, figures.zone, silent, now) for silent in (True, False)
        ]
        made += await briefs.keep(conn, both[0], both[1])
    return made
