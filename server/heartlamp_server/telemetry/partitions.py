"""Partitions of the tables of readings: made when they are needed, dropped when they are old, in nobody's way."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString, TypeAlias

import psycopg

log = logging.getLogger("heartlamp.telemetry")

Table: TypeAlias = LiteralString

_OF = """
SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = %s::regclass
"""


async def make(
    conn: psycopg.AsyncConnection[Any], table: Table, names: list[str], since: datetime, until: datetime
) -> bool:
    """False: one of the names is there, which is the partition of that time; else the first of them is made."""
    # Two writers at once would both make it; the lock lets the second see the first's.
    await conn.execute("SELECT pg_advisory_xact_lock(hashtext('reading partitions'))")
    row = await (
        await conn.execute(
            "SELECT bool_or(to_regclass(name) IS NOT NULL) FROM unnest(%s::text[]) AS n (name)", (names,)
        )
    ).fetchone()
    if row and row[0]:
        return False
    # Made beside and then attached: a partition that is made in its place locks everybody out until the commit.
    await conn.execute(f"CREATE TABLE {names[0]} (LIKE {table} INCLUDING ALL)")
    span = f"FROM ('{since.isoformat()}') TO ('{until.isoformat()}')"
    await conn.execute(f"ALTER TABLE {table} ATTACH PARTITION {names[0]} FOR VALUES {span}")
    return True


async def rows_before(conn: psycopg.AsyncConnection[Any], table: Table, days: int) -> int:
    """About how many rows those have that end before so many days ago: as PostgreSQL guesses, which reads none."""
    cursor = await conn.execute(
        "SELECT pg_get_expr(c.relpartbound, c.oid), greatest(c.reltuples, 0)::bigint, clock_timestamp() "
        "FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass",
        (table,),
    )
    rows = await cursor.fetchall()
    return sum(many for bound, many, now in rows if _end(bound) <= now - timedelta(days=days))


def _end(bound: str) -> datetime:
    return datetime.fromisoformat(bound.rpartition("'")[0].rpartition("'")[2]).astimezone(UTC)


async def forget(conn: psycopg.AsyncConnection[Any], table: Table, before: datetime) -> None:
    """Drops those that end before. That needs the whole table for a moment, and everybody would queue behind it: where
    it is not to be had at once, it is left for the next time."""
    for name, bound in await (await conn.execute(_OF, (table,))).fetchall():
        if _end(bound) > before:
            continue
        try:
            async with conn.transaction():
                await conn.execute("SET LOCAL lock_timeout = '50ms'")
                await conn.execute(f"DROP TABLE {name}")
            log.info("%s is dropped: it is old enough", name)
        except psycopg.errors.LockNotAvailable:
            log.info("%s is in use and is dropped later", name)
