"""The time series in PostgreSQL: one partition a month, made when the first point of a month comes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg

from heartlamp_server.telemetry.model import Point

_SAME_MINUTES = 10  # a reading offered again has the same age but for a few ms; so far back and ahead it is looked for

_WRITE = f"""
INSERT INTO reading (device, name, at, value, boot, seq)
SELECT n.* FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::bigint[], %s::text[], %s::bigint[])
    AS n (device, name, at, value, boot, seq)
WHERE NOT EXISTS (
    SELECT FROM reading r WHERE r.device = n.device AND r.name = n.name AND r.boot = n.boot AND r.seq = n.seq
    AND r.at BETWEEN n.at - interval '{_SAME_MINUTES} minutes' AND n.at + interval '{_SAME_MINUTES} minutes'
)
"""


class PostgresSeries:
    """Implements model.TimeSeries."""

    def __init__(self) -> None:
        self._months: set[str] = set()

    async def write(self, conn: psycopg.AsyncConnection[Any], points: Sequence[Point]) -> None:
        points = list({(p.device, p.name, p.boot, p.seq): p for p in points}.values())
        for month in sorted({month_of(p.at) for p in points}):
            await self.make_partition(conn, month)
        columns = [
            list(c) for c in zip(*((p.device, p.name, p.at, p.value, p.boot, p.seq) for p in points), strict=True)
        ]
        if columns:
            await conn.execute(_WRITE, columns)

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
