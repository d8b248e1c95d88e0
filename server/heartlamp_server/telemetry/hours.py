"""Hours of readings in PostgreSQL: what each came to, so that a month of a device is a few thousand rows and not half a
million. An hour is rolled up once it has been over for a while; what comes later is noted with the reading, in the same
transaction, and that hour of that device is rolled up again. So samples are exact at any moment: where a note waits,
they are taken from the readings themselves."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from heartlamp_server.telemetry import partitions
from heartlamp_server.telemetry.model import Point, Sample, day_of

HOUR = timedelta(hours=1)
_OVER = timedelta(minutes=10)  # so long after its end an hour is rolled up
_LATE = timedelta(minutes=5)
"""What is older when it comes is noted. The rest of _OVER is for a transaction's end and for clocks that differ."""

_NOTE = "INSERT INTO reading_late (device, hour) SELECT * FROM unnest(%s::text[], %s::timestamptz[])"
_ALONE = "SELECT pg_try_advisory_xact_lock(hashtext('reading hours'))"
_KEEP = """
ON CONFLICT (device, name, at) DO UPDATE
SET low = EXCLUDED.low, high = EXCLUDED.high, mean = EXCLUDED.mean, many = EXCLUDED.many
"""
_ROLL = f"""
INSERT INTO reading_hour (device, name, at, low, high, mean, many)
SELECT device, name, date_bin('1 hour', at, '1970-01-01T00:00Z') AS hour,
    min(value), max(value), avg(value)::float8, count(*)
FROM reading WHERE at >= %s AND at < %s GROUP BY device, name, hour ORDER BY device, name, hour {_KEEP}
"""
_MONTHS = """
SELECT DISTINCT date_trunc('month', hour, 'UTC') FROM (
    SELECT until AS hour FROM reading_rolled UNION ALL SELECT until + interval '1 day' FROM reading_rolled
    UNION ALL SELECT hour FROM reading_late WHERE hour < clock_timestamp()
) AS h WHERE to_regclass('reading_hour_' || to_char(hour AT TIME ZONE 'UTC', 'YYYYMM')) IS NULL
"""
# One statement, so that the notes it takes and the readings it sees are of one snapshot.
_ROLL_LATE = f"""
WITH noted AS (DELETE FROM reading_late WHERE hour < %s RETURNING device, hour),
once AS (SELECT DISTINCT device, hour FROM noted)
INSERT INTO reading_hour (device, name, at, low, high, mean, many)
SELECT o.device, r.name, o.hour, r.low, r.high, r.mean, r.many FROM once o CROSS JOIN LATERAL (
    SELECT name, min(value) AS low, max(value) AS high, avg(value)::float8 AS mean, count(*) AS many
    FROM reading WHERE device = o.device AND at >= o.hour AND at < o.hour + interval '1 hour' GROUP BY name
) AS r {_KEEP}
"""
_LATE_HOURS = (
    "SELECT DISTINCT hour FROM reading_late WHERE device = %(device)s AND hour >= %(first)s AND hour < %(last)s"
)
# Whole hours from `first` to `last` are rolled up; before and after, and where a note waits, readings are read.
_SAMPLED = f"""
WITH late AS MATERIALIZED ({_LATE_HOURS}), part AS (
    SELECT name, at, low, high, mean, many FROM reading_hour
    WHERE device = %(device)s AND at >= %(first)s AND at < %(last)s AND at NOT IN (SELECT hour FROM late)
    UNION ALL
    SELECT name, at, value, value, value::float8, 1 FROM reading
    WHERE device = %(device)s AND at >= %(since)s AND at < %(first)s
    UNION ALL
    SELECT name, at, value, value, value::float8, 1 FROM reading
    WHERE device = %(device)s AND at >= %(last)s AND at < %(until)s
    UNION ALL
    SELECT r.name, r.at, r.value, r.value, r.value::float8, 1 FROM late CROSS JOIN LATERAL (
        SELECT name, at, value FROM reading
        WHERE device = %(device)s AND at >= late.hour AND at < late.hour + interval '1 hour'
    ) AS r
)
SELECT name, date_bin(make_interval(secs => %(seconds)s), at, '1970-01-01T00:00Z') AS bin,
    min(low), max(high), sum(mean * many) / sum(many), sum(many)::bigint
FROM part GROUP BY name, bin ORDER BY name, bin
"""


def hour_of(at: datetime) -> datetime:
    """Its first moment, UTC."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


async def note(conn: psycopg.AsyncConnection[Any], points: Iterable[Point], now: datetime) -> None:
    """In the transaction that stores the points."""
    late = sorted({(p.device, hour_of(p.at)) for p in points if p.at < now - _LATE})
    if late:
        await conn.execute(_NOTE, [list(column) for column in zip(*late, strict=True)])


async def rolled_until(conn: psycopg.AsyncConnection[Any]) -> datetime:
    row = await (await conn.execute("SELECT until FROM reading_rolled")).fetchone()
    assert row is not None
    return hour_of(row[0])


async def roll(conn: psycopg.AsyncConnection[Any]) -> bool:
    """A day at most, and what came late. Whether there may be more."""
    async with conn.transaction():  # of its own, and short: who makes a partition for a reading waits for it
        await _make_months(conn)
    async with conn.transaction():
        return await _roll(conn) > timedelta(0)


async def _make_months(conn: psycopg.AsyncConnection[Any]) -> None:
    for (month,) in await (await conn.execute(_MONTHS)).fetchall():
        begin = month.astimezone(UTC)
        end = begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
        await partitions.make(conn, "reading_hour", [f"reading_hour_{begin:%Y%m}"], begin, end)


async def _roll(conn: psycopg.AsyncConnection[Any]) -> timedelta:
    alone = await (await conn.execute(_ALONE)).fetchone()
    if not alone or not alone[0]:
        return timedelta(0)
    clock = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert clock is not None
    since = await rolled_until(conn)
    until = min(max(hour_of(clock[0] - _OVER), since), day_of(since) + timedelta(days=1))
    if until > since:
        await conn.execute(_ROLL, (since, until))
        await conn.execute("UPDATE reading_rolled SET until = %s", (until,))
    await conn.execute(_ROLL_LATE, (until,))
    return until - since


async def rewind(conn: psycopg.AsyncConnection[Any], since: datetime) -> None:
    """For whoever fills the table of readings past `write`: from then on all is rolled up again."""
    await conn.execute("UPDATE reading_rolled SET until = least(until, %s)", (hour_of(since),))


async def sampled(
    conn: psycopg.AsyncConnection[Any], device: str, since: datetime, until: datetime, seconds: int
) -> list[tuple[str, Sample]]:
    """(name, sample); `seconds`: whole hours."""
    first = hour_of(since + HOUR - timedelta(microseconds=1))
    last = max(first, min(hour_of(until), await rolled_until(conn)))
    if first > until:
        first = last = until
    given = {"device": device, "since": since, "until": until, "seconds": seconds, "first": first, "last": last}
    found = await (await conn.execute(_SAMPLED, given)).fetchall()
    return [(name, Sample(*rest)) for name, *rest in found]
