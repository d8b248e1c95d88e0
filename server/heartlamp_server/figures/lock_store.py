"""Locked months as rows: added, never changed (the database itself refuses it)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg

from heartlamp_server.audit.model import Head
from heartlamp_server.figures.definition import Value
from heartlamp_server.figures.store import Area

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Lock:
    """`area`: whose month was locked: it holds all below it too; `head`: of the audit log then; `reason`: of a
    correction."""

    id: int
    area: int
    month: date
    version: int
    locked_by: str
    locked_at: datetime
    reason: str
    zone: str
    head: Head


@dataclass(frozen=True, slots=True)
class Locked:
    """An area as it stands in a lock. `known`: with silent alarms, `plain`: without."""

    area: Area
    known: Mapping[str, Value]
    plain: Mapping[str, Value]

    def values(self, silent: bool) -> Mapping[str, Value]:
        return self.known if silent else self.plain


_LOCKS = "SELECT l.id, l.area, l.month, l.version, l.locked_by, l.locked_at, l.reason, l.zone, l.head_n, l.head_hash"
_ONE = "pg_advisory_xact_lock(hashtext('figure locks'))"


async def alone(conn: Connection) -> None:
    """Until the transaction ends, nobody else locks a month."""
    await conn.execute(f"SELECT {_ONE}")


async def locks(conn: Connection, area: int, month: date | None = None) -> list[Lock]:
    """Every lock that holds this area, newest first. The first of a month counts."""
    cursor = await conn.execute(
        f"{_LOCKS} FROM figure_lock l JOIN figure_locked r ON r.lock = l.id "
        "WHERE r.area = %(area)s AND (%(month)s::date IS NULL OR l.month = %(month)s) ORDER BY l.id DESC",
        {"area": area, "month": month},
    )
    return [_lock(row) for row in await cursor.fetchall()]


def _lock(row: Sequence[Any]) -> Lock:
    id, area, month, version, by, at, reason, zone, n, digest = row
    return Lock(id, area, month, version, by, at, reason, zone, Head(n, bytes(digest)))


async def add(
    conn: Connection, area: int, month: date, version: int, by: str, reason: str, zone: str, head: Head
) -> Lock:
    cursor = await conn.execute(
        "INSERT INTO figure_lock (area, month, version, locked_by, reason, zone, head_n, head_hash) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id, locked_at",
        (area, month, version, by, reason, zone, head.n, head.hash),
    )
    row = await cursor.fetchone()
    assert row is not None
    return Lock(row[0], area, month, version, by, row[1], reason, zone, head)


async def add_rows(conn: Connection, lock: int, rows: Sequence[Locked]) -> None:
    async with conn.cursor().copy(
        "COPY figure_locked (lock, area, parent, level, code, name, known, plain) FROM STDIN"
    ) as copy:
        for r in rows:
            a = r.area
            texts = (json.dumps(_plain(r.known)), json.dumps(_plain(r.plain)))
            await copy.write_row((lock, a.id, a.parent, a.level, a.code, a.name, *texts))


async def read(conn: Connection, lock: int, area: int) -> tuple[Locked, list[Locked]] | None:
    """(the area, what is directly below it) as they stand in this lock."""
    cursor = await conn.execute(
        "SELECT area, parent, level, code, name, known, plain FROM figure_locked "
        "WHERE lock = %(lock)s AND (area = %(area)s OR parent = %(area)s) ORDER BY level, code, area",
        {"lock": lock, "area": area},
    )
    rows = [Locked(Area(*r[:5]), _values(r[5]), _values(r[6])) for r in await cursor.fetchall()]
    own = next((r for r in rows if r.area.id == area), None)
    return (own, [r for r in rows if r is not own]) if own else None


def _plain(values: Mapping[str, Value]) -> dict[str, Any]:
    return {name: [v.value, v.of, v.few] for name, v in values.items()}


def _values(row: Mapping[str, Any]) -> dict[str, Value]:
    return {name: Value(*value) for name, value in row.items()}
