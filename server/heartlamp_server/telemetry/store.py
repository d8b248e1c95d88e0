"""The time series in PostgreSQL: one partition a day, made when the first point of a day comes, and what each hour came
to (`hours.py`)."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from heartlamp_server.database import kept_days
from heartlamp_server.database.again import again
from heartlamp_server.database.pool import Database
from heartlamp_server.telemetry import hours, partitions
from heartlamp_server.telemetry.model import SAME_MINUTES, Health, Point, Sample, day_of

log = logging.getLogger("heartlamp.telemetry")

_HOURS_DAYS = 3 * 366
"""How long hours are kept."""
_ROLL_SECONDS = 60.0
_SAME = timedelta(minutes=SAME_MINUTES)

# One of a reading's points stands for all: they came in one message and were stored in one transaction. `lo` and `hi`
# leave all but one or two partitions alone.
_KNOWN = f"""
SELECT n.i FROM unnest(%s::int[], %s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::bigint[])
    AS n (i, device, name, at, boot, seq)
WHERE EXISTS (
    SELECT FROM reading r WHERE r.device = n.device AND r.name = n.name AND r.boot = n.boot AND r.seq = n.seq
    AND r.at BETWEEN n.at - interval '{SAME_MINUTES} minutes' AND n.at + interval '{SAME_MINUTES} minutes'
    AND r.at BETWEEN %s AND %s
)
"""
_SAMPLED = """
SELECT name, date_bin(make_interval(secs => %s), at, '1970-01-01T00:00Z') AS bin,
    min(value), max(value), avg(value)::float8, count(*)
FROM reading WHERE device = %s AND at >= %s AND at < %s GROUP BY name, bin ORDER BY name, bin
"""
_NEWEST = """
SELECT d.device, n.name, r.at, r.value FROM unnest(%s::text[]) AS d (device) CROSS JOIN unnest(%s::text[]) AS n (name)
CROSS JOIN LATERAL (
    SELECT at, value FROM reading WHERE device = d.device AND name = n.name ORDER BY at DESC LIMIT 1
) AS r
"""


class PostgresSeries:
    """Implements model.TimeSeries. `days`: how long a reading is kept, where nothing else was set on the page."""

    def __init__(self, days: int) -> None:
        self._days = days
        self._made: set[datetime] = set()

    async def write(self, conn: psycopg.AsyncConnection[Any], points: Sequence[Point]) -> None:
        points = list({(p.device, p.name, p.boot, p.seq): p for p in points}.values())
        for day in sorted({day_of(p.at) for p in points}):
            await self._partition(conn, day)
        known = await self._known(conn, points)
        fresh = [p for p in points if (p.device, p.boot, p.seq) not in known]
        if fresh:
            # COPY: an INSERT of arrays takes up to twice as long.
            into = "COPY reading (device, name, at, value, boot, seq) FROM STDIN"
            async with conn.cursor() as cursor, cursor.copy(into) as copy:
                for p in fresh:
                    await copy.write_row((p.device, p.name, p.at, p.value, p.boot, p.seq))
            await hours.note(conn, fresh, datetime.now(UTC))

    async def _known(self, conn: psycopg.AsyncConnection[Any], points: Sequence[Point]) -> set[tuple[str, str, int]]:
        first: dict[tuple[str, str, int], Point] = {}
        for p in points:
            first.setdefault((p.device, p.boot, p.seq), p)
        if not first:
            return set()
        keys, ones = list(first), list(first.values())
        columns = [list(c) for c in zip(*((p.device, p.name, p.at, p.boot, p.seq) for p in ones), strict=True)]
        span = min(p.at for p in ones) - _SAME, max(p.at for p in ones) + _SAME
        # Not prepared: a plan that was made when a day's partition was empty reads all of it ever after.
        cursor = await conn.execute(_KNOWN, (list(range(len(ones))), *columns, *span), prepare=False)
        return {keys[row[0]] for row in await cursor.fetchall()}

    async def _partition(self, conn: psycopg.AsyncConnection[Any], day: datetime) -> None:
        """Costs nothing once a committed one was seen."""
        if day in self._made:
            return
        names = [f"reading_{day:%Y%m%d}", f"reading_{day:%Y%m}"]  # once there was one a month
        if not await partitions.make(conn, "reading", names, day, day + timedelta(days=1)):
            self._made.add(day)

    async def range(
        self, conn: psycopg.AsyncConnection[Any], device: str, name: str, since: datetime, until: datetime
    ) -> list[tuple[datetime, int]]:
        cursor = await conn.execute(
            "SELECT at, value FROM reading WHERE device = %s AND name = %s AND at >= %s AND at < %s ORDER BY at",
            (device, name, since, until),
        )
        return await cursor.fetchall()

    async def sampled(
        self, conn: psycopg.AsyncConnection[Any], device: str, since: datetime, until: datetime, seconds: int
    ) -> dict[str, list[Sample]]:
        found: dict[str, list[Sample]] = {}
        if seconds % 3600 == 0:
            for name, sample in await hours.sampled(conn, device, since, until, seconds):
                found.setdefault(name, []).append(sample)
            return found
        cursor = await conn.execute(_SAMPLED, (seconds, device, since, until))
        for name, *rest in await cursor.fetchall():
            found.setdefault(name, []).append(Sample(*rest))
        return found

    async def newest(
        self, conn: psycopg.AsyncConnection[Any], devices: Sequence[str], names: Sequence[str]
    ) -> dict[tuple[str, str], tuple[datetime, int]]:
        cursor = await conn.execute(_NEWEST, (list(devices), list(names)))
        return {(device, name): (at, value) for device, name, at, value in await cursor.fetchall()}

    async def upkeep(self, conn: psycopg.AsyncConnection[Any], now: datetime) -> None:
        for ahead in (0, 1):
            async with conn.transaction():
                await self._partition(conn, day_of(now) + timedelta(days=ahead))
        self._made.clear()
        kept = await kept_days.days(conn, "readings", self._days)
        rolled = await hours.rolled_until(conn)  # what it came to stays
        await partitions.forget(conn, "reading", min(rolled, now - timedelta(days=kept)))
        await partitions.forget(conn, "reading_hour", now - timedelta(days=_HOURS_DAYS))

    async def run(self, database: Database) -> None:
        async def roll() -> None:
            async with database.connection() as conn:
                while await hours.roll(conn):
                    pass

        await again(
            _ROLL_SECONDS,
            roll,
            log,
            "hours of readings wait to be rolled up",
            "hours of readings could not be rolled up; it is tried again",
        )

    async def close(self) -> None:
        pass

    def health(self) -> Health:
        return Health("postgresql", well=True)
