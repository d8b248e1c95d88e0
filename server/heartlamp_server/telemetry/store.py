"""The time series in PostgreSQL: one partition a month, made when the first point of a month comes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from heartlamp_server.telemetry.model import Point

_SAME = timedelta(minutes=10)
"""A reading offered again has the same age but for what it took on its way; so far back and ahead it is looked for."""

_HAD = """
SELECT DISTINCT r.device, r.boot, r.seq
FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::bigint[])
    AS n (device, name, since, until, first, last)
JOIN reading r ON r.device = n.device AND r.name = n.name AND r.at BETWEEN n.since AND n.until
    AND r.seq BETWEEN n.first AND n.last
"""
_WRITE = "COPY reading (device, name, at, value, boot, seq) FROM STDIN"

Reading = tuple[str, str, int]
"""device, boot, seq"""


class PostgresSeries:
    """Implements model.TimeSeries."""

    def __init__(self) -> None:
        self._months: set[str] = set()

    async def write(self, conn: psycopg.AsyncConnection[Any], points: Sequence[Point]) -> None:
        points = list({(p.device, p.name, p.boot, p.seq): p for p in points}.values())
        for month in sorted({month_of(at) for at in {p.at for p in points}}):
            await self.make_partition(conn, month)
        had = await self._had(conn, points)
        fresh = [p for p in points if (p.device, p.boot, p.seq) not in had]
        if fresh:  # half of what an INSERT of as many rows takes
            async with conn.cursor() as cursor, cursor.copy(_WRITE) as rows:
                for p in fresh:
                    await rows.write_row((p.device, p.name, p.at, p.value, p.boot, p.seq))

    async def _had(self, conn: psycopg.AsyncConnection[Any], points: Sequence[Point]) -> set[Reading]:
        """Of the readings that these points are of, those that are kept already: all of its values, or none."""
        of_each: dict[tuple[str, str], list[Point]] = {}
        for p in {(p.device, p.boot, p.seq): p for p in reversed(points)}.values():
            of_each.setdefault((p.device, p.name), []).append(p)
        wanted = [
            [device for device, _ in of_each],
            [name for _, name in of_each],
            [min(p.at for p in each) - _SAME for each in of_each.values()],
            [max(p.at for p in each) + _SAME for each in of_each.values()],
            [min(p.seq for p in each) for each in of_each.values()],
            [max(p.seq for p in each) for each in of_each.values()],
        ]
        # Not prepared: a plan that was made when the month's partition was empty reads all of it ever after.
        cursor = await conn.execute(_HAD, wanted, prepare=False)
        return {(device, boot, seq) for device, boot, seq in await cursor.fetchall()}

    async def make_partition(self, conn: psycopg.AsyncConnection[Any], month: datetime) -> None:
        """`month`: its first moment, UTC. Costs nothing once a committed one was seen."""
        name = f"reading_{month:%Y%m}"
        if name in self._months:
            return
        # Two writers at once would both make it; the lock lets the second see the first's.
        await conn.execute("SELECT pg_advisory_xact_lock(hashtext('reading partitions'))")
        row = await (await conn.execute("SELECT to_regclass(%s) IS NOT NULL", (name,))).fetchone()
        if row and row[0]:
            self._months.add(name)
            return
        end = datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=UTC)
        await conn.execute(
            f"CREATE TABLE {name} PARTITION OF reading FOR VALUES FROM ('{month.isoformat()}') TO ('{end.isoformat()}')"
        )

    async def range(
        self, conn: psycopg.AsyncConnection[Any], device: str, name: str, since: datetime, until: datetime
    ) -> list[tuple[datetime, int]]:
        cursor = await conn.execute(
            "SELECT at, value FROM reading WHERE device = %s AND name = %s AND at >= %s AND at < %s ORDER BY at",
            (device, name, since, until),
        )
        return await cursor.fetchall()


def month_of(at: datetime) -> datetime:
    at = at.astimezone(UTC)
    return datetime(at.year, at.month, 1, tzinfo=UTC)
