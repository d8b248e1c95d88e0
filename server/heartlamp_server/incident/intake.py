"""What was told already, and calls that were taken: rows. A report that says who it is (`ref`) is one report however
often it is sent. A call that nobody settled in its time becomes a call for help by itself."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from heartlamp_server.seal import Seal

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Before:
    """`same`: it says the same as then."""

    incident: str
    same: bool


def digest(said: Any) -> bytes:
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).digest()


async def once(conn: Connection, source: str, reporter: str, ref: str, said: bytes) -> Before | None:
    """None: it is new, and nobody else who sends the same goes on before this transaction ends."""
    if not ref:
        return None
    await conn.execute("SELECT pg_advisory_xact_lock(hashtext(%s), hashtext(%s))", (f"{source} {reporter}", ref))
    row = await (
        await conn.execute(
            "SELECT incident, digest FROM told WHERE source = %s AND reporter = %s AND ref = %s",
            (source, reporter, ref),
        )
    ).fetchone()
    return Before(row[0], bytes(row[1]) == said) if row else None


async def remember(conn: Connection, source: str, reporter: str, ref: str, said: bytes, incident: str) -> None:
    if ref:
        await conn.execute(
            "INSERT INTO told (source, reporter, ref, digest, incident) VALUES (%s, %s, %s, %s, %s)",
            (source, reporter, ref, said, incident),
        )


# --- the hotline ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """A call that somebody at the centre took. `due_at`: until then it is an incident, or settled; `incident`: "" none
    yet; `settled`: how, "" not yet; `climbed_at`: when it became an incident because nobody had settled it; `caller`:
    whether a number is kept."""

    id: int
    area: int
    taken_at: datetime
    taken_by: str
    due_at: datetime
    incident: str
    settled: str
    why: str
    climbed_at: datetime | None
    caller: bool
    now: datetime

    @property
    def open(self) -> bool:
        return not self.settled

    @property
    def overdue(self) -> bool:
        return self.open and self.now >= self.due_at


_ROW = (
    "c.id, c.area, c.taken_at, c.taken_by, c.due_at, coalesce(c.incident, ''), c.settled, c.why, c.climbed_at, "
    "c.caller IS NOT NULL, clock_timestamp()"
)


async def begin(conn: Connection, seal: Seal, area: int, number: str, by: str, seconds: int) -> Call:
    row = await (
        await conn.execute(
            "INSERT INTO hotline_call (area, taken_by, due_at) "
            "VALUES (%s, %s, clock_timestamp() + make_interval(secs => %s)) RETURNING id",
            (area, by, seconds),
        )
    ).fetchone()
    assert row is not None
    if number:
        await conn.execute(
            "UPDATE hotline_call SET caller = %s WHERE id = %s", (seal.seal(f"caller {row[0]}", number), row[0])
        )
    found = await call(conn, row[0])
    assert found is not None
    return found


async def call(conn: Connection, id: int, lock: bool = False) -> Call | None:
    row = await (
        await conn.execute(f"SELECT {_ROW} FROM hotline_call c WHERE id = %s{' FOR UPDATE' if lock else ''}", (id,))
    ).fetchone()
    return Call(*row) if row else None


async def calls(conn: Connection, where: str, values: dict[str, Any], only_open: bool, limit: int) -> list[Call]:
    """The oldest open first, the newest settled first. `where`: SQL over `c`."""
    order = "c.taken_at" if only_open else "c.taken_at DESC"
    cursor = await conn.execute(
        f"SELECT {_ROW} FROM hotline_call c WHERE {where} AND (c.settled = '') = %(open)s ORDER BY {order} "
        "LIMIT %(limit)s",
        {**values, "open": only_open, "limit": limit},
    )
    return [Call(*row) for row in await cursor.fetchall()]


async def settle(conn: Connection, id: int, how: str, incident: str = "", why: str = "") -> None:
    await conn.execute(
        "UPDATE hotline_call SET settled = %s, incident = coalesce(nullif(%s, ''), incident), why = %s, "
        "settled_at = clock_timestamp() WHERE id = %s",
        (how, incident, why, id),
    )


async def climb(conn: Connection, id: int, incident: str) -> None:
    await conn.execute(
        "UPDATE hotline_call SET climbed_at = clock_timestamp(), incident = %s WHERE id = %s", (incident, id)
    )


async def overdue(conn: Connection) -> Call | None:
    """One that nobody settled in its time, locked, which has not become an incident yet."""
    row = await (
        await conn.execute(
            f"SELECT {_ROW} FROM hotline_call c WHERE settled = '' AND incident IS NULL "
            "AND due_at <= clock_timestamp() ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED"
        )
    ).fetchone()
    return Call(*row) if row else None


async def caller(conn: Connection, seal: Seal, id: int) -> str:
    """ "" where none is kept. Raises cryptography's InvalidTag."""
    row = await (await conn.execute("SELECT caller FROM hotline_call WHERE id = %s", (id,))).fetchone()
    return seal.unseal(f"caller {id}", bytes(row[0])) if row and row[0] else ""
