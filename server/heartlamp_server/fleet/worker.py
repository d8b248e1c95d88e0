"""Staged updates go on by themselves, and halt by themselves."""

import asyncio
import logging

from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database, NotReady
from heartlamp_server.fleet import rollout_store, store
from heartlamp_server.fleet.rollout import decide
from heartlamp_server.telemetry.model import SeriesAway, TimeSeries

log = logging.getLogger("heartlamp.fleet")

EVERY_S = 15.0


class Rollouts:
    def __init__(self, database: Database, series: TimeSeries) -> None:
        self._database, self._series = database, series

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.look()
            except (NotReady, SeriesAway):
                log.warning("staged updates wait: the store is away")
            except Exception:
                log.exception("staged updates could not be looked through; it is tried again")
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        async with self._database.connection() as conn:
            for id in await rollout_store.going(conn):
                await take_step(conn, self._series, id)


async def take_step(conn: store.Connection, series: TimeSeries, id: int) -> None:
    """One look at one staged update, and what follows from it. Raises SeriesAway, which leaves it as it was."""
    async with conn.transaction():
        rollout = await rollout_store.take(conn, id)
        if rollout is None:
            return
        now = await store.now(conn)
        await rollout_store.offer(conn, rollout)
        step, why = decide(await rollout_store.look(conn, series, rollout, now), now)
        if step == "wait":
            return
        log.warning("staged update %d of %s: %s %s", id, rollout.bundle, step, why)
        await audit.record(conn, "", f"rollout.{step}", str(id), bundle=rollout.bundle, stage=rollout.stage)
        if step == "next":
            await rollout_store.move(conn, id, rollout.stage + 1)
        else:
            await rollout_store.end(conn, rollout, "halted" if step == "halt" else "done", why)
