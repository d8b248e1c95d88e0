"""What no batch does: events that waited for an incident which came at the same moment by another way, rows that are
old enough to go, partitions for the months to come."""

import asyncio
import json
import logging
from datetime import UTC, datetime

from heartlamp_protocol.supervision import COUNTY_TROUBLE_MS
from heartlamp_protocol.uplink import device_of_one

from heartlamp_server.database import feed
from heartlamp_server.database.pool import Database, NotReady
from heartlamp_server.device import listing
from heartlamp_server.device.presence import Presence
from heartlamp_server.ingest.routes import Ingest
from heartlamp_server.responder.scope import Reach
from heartlamp_server.telemetry.model import TimeSeries

log = logging.getLogger("heartlamp.sweep")

SECONDS = 2.0
_HOUSEKEEPING_SECONDS = 3600.0

_PLACEABLE = """
SELECT refers_to FROM event w WHERE incident IS NULL AND EXISTS
    (SELECT FROM event e WHERE e.id = w.refers_to AND e.incident IS NOT NULL)
UNION
SELECT refers_to FROM note w WHERE incident IS NULL AND EXISTS
    (SELECT FROM event e WHERE e.id = w.refers_to AND e.incident IS NOT NULL)
LIMIT 100
"""
_OLD = (
    "DELETE FROM session WHERE expires_at < now()",
    "DELETE FROM feed WHERE at < now() - interval '2 days'",
    "DELETE FROM note WHERE at < now() - interval '31 days' AND incident IS NULL",
    "DELETE FROM evidence WHERE last_at < now() - interval '90 days'",
    "DELETE FROM command WHERE not_after < now() - interval '1 day'",
    "DELETE FROM command c USING incident i WHERE c.kind = 'incident' AND c.about = i.id "
    "AND i.closed_at < now() - interval '31 days'",
)


class Sweep:
    def __init__(self, database: Database, ingest: Ingest, series: TimeSeries, presence: Presence) -> None:
        self._database, self._ingest, self._series, self._presence = database, ingest, series, presence
        self._silent: set[str] = set()
        self._expects = False

    async def run(self) -> None:
        """For ever."""
        next_housekeeping = 0.0
        while True:
            try:
                await self.place_waiting()
                if asyncio.get_running_loop().time() >= next_housekeeping:
                    await self.housekeeping()
                    next_housekeeping = asyncio.get_running_loop().time() + _HOUSEKEEPING_SECONDS
                await self.watch_gateways()
            except NotReady:
                log.warning("the sweep waits: the store is away")
            except Exception:
                log.exception("the sweep failed at something; alarms are taken in all the same")
            await asyncio.sleep(SECONDS)

    async def watch_gateways(self) -> None:
        """Tells the screens when a village's gateway has been silent for as long as makes it a trouble, and when it is
        back; also of one that was heard of before our own start."""
        if not self._expects:
            async with self._database.connection() as conn:
                _, known = await listing.gateways(conn, Reach(everywhere=True))
            self._presence.expect(id for id, _, seen, revoked in known if seen is not None and not revoked)
            self._expects = True
        now = {id for id in self._presence.silent() if not device_of_one(id)}  # a device is missed as a device is
        gone, back, self._silent = now - self._silent, self._silent - now, now
        seconds = COUNTY_TROUBLE_MS // 1000
        rows = [_notice(id, "offline", f"gateway {id} is silent for {seconds} s") for id in sorted(gone)]
        rows += [_notice(id, "online", f"gateway {id} is there again") for id in sorted(back)]
        if rows:
            async with self._database.connection() as conn, conn.transaction():
                await feed.append(conn, rows)

    async def place_waiting(self) -> None:
        async with self._database.connection() as conn:
            rows = await (await conn.execute(_PLACEABLE)).fetchall()
        if rows:
            await self._ingest.place([row[0] for row in rows])

    async def housekeeping(self) -> None:
        now = datetime.now(UTC)
        async with self._database.connection() as conn:
            for statement in _OLD:
                await conn.execute(statement)
            await self._series.upkeep(conn, now)


def _notice(gateway: str, verdict: str, reason: str) -> tuple[str, str]:
    at = datetime.now(UTC).isoformat()
    return "notice", json.dumps({"at": at, "gateway": gateway, "user": "", "verdict": verdict, "reason": reason})
