"""How many days what is kept: as server.toml has it, until an administrator sets it on the page, within BOUNDS."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Bounds:
    """In days; docs/retention.md says why."""

    least: int
    most: int


BOUNDS: Mapping[str, Bounds] = {
    "pictures": Bounds(1, 30),
    "words": Bounds(180, 1830),
    "households": Bounds(7, 365),
    "readings": Bounds(31, 1100),
}
GRACE = timedelta(days=1)
"""So long after it was shortened the days of before still hold: a slip is taken back before anything is gone."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`before`: the days until `holds_from`; `set_by`: an account; `display`: its name."""

    days: int
    before: int
    holds_from: datetime
    set_by: str
    display: str
    set_at: datetime
    why: str

    def at(self, now: datetime) -> int:
        """The days that hold then."""
        return self.days if self.holds_from <= now else self.before


def holds_from(days: int, before: int, now: datetime) -> datetime:
    """From when new days hold in place of `before`: longer ones at once."""
    return now + GRACE if days < before else now


async def days(conn: Connection, what: str, given: int) -> int:
    """Those that hold now. `what`: of BOUNDS; `given`: those of server.toml."""
    cursor = await conn.execute(
        "SELECT CASE WHEN holds_from <= clock_timestamp() THEN days ELSE before END FROM kept_days "
        "WHERE what = %s ORDER BY id DESC LIMIT 1",
        (what,),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else given


async def rules(conn: Connection) -> tuple[dict[str, Rule], datetime]:
    """(what was set on the page, by what it is of; the database's time)."""
    cursor = await conn.execute(
        "SELECT DISTINCT ON (k.what) k.what, k.days, k.before, k.holds_from, k.set_by, coalesce(p.display, k.set_by), "
        "k.set_at, k.why FROM kept_days k LEFT JOIN person p ON p.name = k.set_by ORDER BY k.what, k.id DESC"
    )
    found = {row[0]: Rule(*row[1:]) for row in await cursor.fetchall()}
    clock = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert clock is not None
    return found, clock[0]


async def change(conn: Connection, what: str, to: int, given: int, who: str, why: str) -> int:
    """In a transaction. `to`: within BOUNDS; `given`: as for `days`. Returns the days that held until now."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtext('kept_days'))")
    before = await days(conn, what, given)
    clock = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert clock is not None
    await conn.execute(
        "INSERT INTO kept_days (what, days, before, holds_from, set_by, why) VALUES (%s, %s, %s, %s, %s, %s)",
        (what, to, before, holds_from(to, before, clock[0]), who, why),
    )
    return before
