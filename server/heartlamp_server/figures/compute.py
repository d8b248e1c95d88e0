"""Figures of an area and what is directly below it, computed now or read from a locked month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from heartlamp_server.audit import store as audit
from heartlamp_server.figures import keep, lock_store, store
from heartlamp_server.figures.definition import Value, values
from heartlamp_server.figures.lock import next_version
from heartlamp_server.figures.lock_store import Lock, Locked
from heartlamp_server.figures.period import Period, period, year_before
from heartlamp_server.figures.store import Area

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Counted:
    """`last`: of the same period a year before."""

    area: Area
    values: Mapping[str, Value]
    last: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Told:
    """`lock`: the version that the values are of, None where they were computed now; `last_lock`: the same of last
    year's."""

    period: Period
    now: datetime
    own: Counted
    below: Sequence[Counted]
    lock: Lock | None
    last_lock: Lock | None


async def told(
    conn: Connection, area: Area, of: Period, zone: ZoneInfo, silent: bool, live: bool = False, version: int = 0
) -> Told | None:
    """A month that is locked is told as it was locked, unless `live`. `version`: of the area's own locks, 0 the one
    that counts. None: there is no such version."""
    lock = await _lock(conn, area.id, of, version) if not live else None
    if version and lock is None:
        return None
    before = year_before(of)
    last_lock = await _lock(conn, area.id, before, 0)
    await keep.refresh(conn, zone)
    async with conn.transaction():
        await conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        now = await store.now(conn)
        here = await _values(conn, area, of, zone, silent, lock)
        below = [a for a in here if a != area.id]
        last = await _values(conn, area, before, zone, silent, last_lock, [here[a][0] for a in below])
    none: Mapping[str, Value] = {}
    counted = {id: Counted(a, found, last[id][1] if id in last else none) for id, (a, found) in here.items()}
    return Told(of, now, counted[area.id], [counted[id] for id in below], lock, last_lock)


async def locked(conn: Connection, area: Area, month: date, zone: ZoneInfo, by: str, reason: str) -> Lock:
    """Locks a month of an area and all below it, in the caller's transaction; facts are as the caller refreshed them.
    Raises lock.Refused."""
    await lock_store.alone(conn)
    of = period("month", month)
    held = [(one.area, one.version) for one in await lock_store.locks(conn, area.id, of.first)]
    version = next_version(area.id, of.first, await store.today(conn, zone), reason, held)
    areas = await store.subtree(conn, area.id, of)
    ids = [a.id for a in areas]
    known, plain = [await store.facts(conn, ids, of, zone, silent) for silent in (True, False)]
    rows = [Locked(a, values(known[a.id], a.level), values(plain[a.id], a.level)) for a in areas]
    head = (await audit.newest(conn)).head
    lock = await lock_store.add(conn, area.id, of.first, version, by, reason, str(zone), head)
    await lock_store.add_rows(conn, lock.id, rows)
    return lock


async def _lock(conn: Connection, area: int, of: Period, version: int) -> Lock | None:
    if of.kind != "month":
        return None
    found = await lock_store.locks(conn, area, of.first)
    return next((one for one in found if version in (0, one.version)), None)


async def _values(
    conn: Connection,
    area: Area,
    of: Period,
    zone: ZoneInfo,
    silent: bool,
    lock: Lock | None,
    asked: Sequence[Area] = (),
) -> dict[int, tuple[Area, Mapping[str, Value]]]:
    """The area first. `asked`: what below it is wanted, () what was below it then."""
    if lock is not None:
        found = await lock_store.read(conn, lock.id, area.id)
        assert found is not None, "a lock that holds the area has its row"
        return {r.area.id: (r.area, r.values(silent)) for r in (found[0], *found[1])}
    areas = [area, *(asked or await store.below(conn, area.id, of))]
    facts = await store.facts(conn, [a.id for a in areas], of, zone, silent)
    return {a.id: (a, values(facts[a.id], a.level)) for a in areas}
