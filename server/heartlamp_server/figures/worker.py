"""Keeps facts up with the timelines and samples devices once an hour. No alarm waits for it, and nothing but figures
is late when it is."""

import asyncio
import logging

from heartlamp_server.config import Figures
from heartlamp_server.database.pool import Database, NotReady
from heartlamp_server.figures import keep, sample, store

log = logging.getLogger("heartlamp.figures")

SECONDS = 60.0


class Keeping:
    def __init__(self, database: Database, figures: Figures) -> None:
        self._database, self._figures = database, figures

    async def run(self) -> None:
        """For ever; several may run."""
        while True:
            try:
                await self.turn()
            except NotReady:
                log.warning("figures wait: the store is away")
            except Exception:
                log.exception("figures could not be kept up; it is tried again")
            await asyncio.sleep(SECONDS)

    async def turn(self) -> None:
        zone = self._figures.zone
        async with self._database.connection() as conn:
            await keep.refresh(conn, zone)
            await sample.sample(conn, await store.now(conn), zone)
