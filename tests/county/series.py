"""Thirty days of readings, made by the database itself.

A county of 60,000 devices says about 8,000 values a second: 21,000,000,000 in 30 days, which is no figure for one disk,
and nobody looks at them: a device's page of more than a day is of hours. So here is what every hour came to, for every
device: of those on mains one value, which they said 120 times, of those on a battery what they said every four hours;
of the last hour the values themselves; and one village in full: every name, every 30 seconds of the last day.
"""

import asyncio
from datetime import datetime, timedelta

import psycopg
from heartlamp_protocol.device.kinds import BATTERY_MS, KINDS

from tests.county.bulk import bar
from tests.county.size import Size

NAMES = ("rssi_dbm", "uptime_s", "free_b", "held", "slots_b", "paths", "resets", "version")
_BATTERY = [kind for kind, ms in KINDS.items() if ms == BATTERY_MS]
_IN_FULL = "s0001%"
_VALUE = "-70 + abs(hashint8(hashtext(d.id) + extract(epoch FROM t)::bigint)) %% 20"

# (condition on the device d, its names, between two of them, how many each stands for)
_HOURS = f"""
INSERT INTO {{table}} (device, name, at, low, high, mean, many)
SELECT d.id, n.name, t, {_VALUE} - 4, {_VALUE} + 4, {_VALUE}, %(many)s::bigint
FROM device d CROSS JOIN unnest(%(names)s::text[]) AS n (name)
    CROSS JOIN generate_series(%(since)s::timestamptz, %(until)s::timestamptz - interval '1 second',
        %(every)s::interval) AS t
WHERE (d.kind = ANY(%(battery)s)) = %(on_battery)s::boolean AND (%(full)s::text IS NULL OR d.site LIKE %(full)s)
"""
_RAW = f"""
INSERT INTO {{table}} (device, name, at, value, boot, seq)
SELECT d.id, n.name, t, {_VALUE}, left(md5(d.id), 8), extract(epoch FROM t)::bigint / 30
FROM device d CROSS JOIN unnest(%(names)s::text[]) AS n (name)
    CROSS JOIN generate_series(%(since)s::timestamptz, %(until)s::timestamptz - interval '1 second', '30 s') AS t
WHERE NOT d.kind = ANY(%(battery)s) AND (%(full)s::text IS NULL) <> (d.site LIKE '{_IN_FULL.replace("%", "%%")}')
"""


def fill(dsn: str, size: Size) -> None:
    asyncio.run(_fill(dsn, size))


async def _fill(dsn: str, size: Size) -> None:
    until = size.now.replace(minute=0, second=0, microsecond=0)
    since = until - timedelta(days=size.readings_days)
    tables = [("reading_hour", *span) for span in _months(since, until)] + [
        ("reading", *span) for span in _days(until - timedelta(days=1), size.now)
    ]
    two, done = asyncio.Semaphore(2), 0

    async def one(table: str, begin: datetime, end: datetime) -> None:
        nonlocal done
        async with two, await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
            await conn.execute("SET synchronous_commit = off")
            await conn.execute("SET maintenance_work_mem = '512MB'")
            await _partition(conn, table, begin, end, max(begin, since), min(end, until), size.now)
        done += 1
        bar("readings, parts", done, len(tables))

    bar("readings, parts", 0, len(tables))
    await asyncio.gather(*(one(*each) for each in tables))
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        await conn.execute("UPDATE reading_rolled SET until = %s", (until,))


async def _partition(
    conn: psycopg.AsyncConnection[object],
    of: str,
    begin: datetime,
    end: datetime,
    since: datetime,
    until: datetime,
    now: datetime,
) -> None:
    """Filled beside, indexed, then attached: three times as fast as in its place."""
    name = f"{of}_{begin:%Y%m}" if of == "reading_hour" else f"{of}_{begin:%Y%m%d}"
    await conn.execute(f"CREATE TABLE {name} (LIKE {of} INCLUDING DEFAULTS)")
    given = {"battery": _BATTERY, "since": since, "until": until, "full": None}
    if of == "reading_hour":
        hours = _HOURS.replace("{table}", name)
        mains = given | {"on_battery": False, "every": "1 hour", "many": 120}
        await conn.execute(hours, mains | {"names": [NAMES[0]]})
        await conn.execute(hours, mains | {"names": list(NAMES[1:]), "full": _IN_FULL})
        battery = given | {"on_battery": True, "every": "4 hours", "many": 1, "names": ["battery_mv"]}
        await conn.execute(hours, battery)
        await conn.execute(f"ALTER TABLE {name} ADD PRIMARY KEY (device, name, at) INCLUDE (low, high, mean, many)")
    else:
        raw = _RAW.replace("{table}", name)
        full = {"names": list(NAMES), "since": max(begin, now - timedelta(days=1)), "until": min(end, now)}
        await conn.execute(raw, given | full | {"full": _IN_FULL})
        last = max(begin, now - timedelta(hours=1))
        await conn.execute(raw, given | {"names": [NAMES[0]], "since": last, "until": min(end, now)})
        await conn.execute(f"CREATE INDEX ON {name} (device, name, at)")
    await conn.execute(
        f"ALTER TABLE {of} ATTACH PARTITION {name} FOR VALUES FROM ('{begin.isoformat()}') TO ('{end.isoformat()}')"
    )


def _months(since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    begin = since.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    spans = []
    while begin < until:
        end = begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
        spans.append((begin, end))
        begin = end
    return spans


def _days(since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    begin = since.replace(hour=0, minute=0, second=0, microsecond=0)
    spans = []
    while begin < until:
        spans.append((begin, begin + timedelta(days=1)))
        begin += timedelta(days=1)
    return spans
