"""Rosters as rows."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from heartlamp_server.responder.roster.holidays import Day
from heartlamp_server.responder.roster.model import Absence, Roster, Shift, Swap

Connection = psycopg.AsyncConnection[Any]

_COLUMNS = "name, starts, ends, turns, first_day, weekdays, days, turn_days, last_day"


async def add(conn: Connection, roster: Roster) -> int:
    """Its number. Raises psycopg's ForeignKeyViolation where the area is not known."""
    cursor = await conn.execute(
        "INSERT INTO roster (area, role, name, zone) VALUES (%s, %s, %s, %s) RETURNING id",
        (roster.area, roster.role, roster.name, roster.zone.key),
    )
    row = await cursor.fetchone()
    assert row is not None
    await _save_shifts(conn, row[0], roster.shifts)
    return int(row[0])


async def change(conn: Connection, id: int, roster: Roster) -> None:
    """Its name, zone and shifts are these from now on; swaps of shifts that are gone are gone. In a transaction."""
    await conn.execute("UPDATE roster SET name = %s, zone = %s WHERE id = %s", (roster.name, roster.zone.key, id))
    await conn.execute(
        "DELETE FROM roster_shift WHERE roster = %s AND name <> ALL(%s)", (id, [s.name for s in roster.shifts])
    )
    await _save_shifts(conn, id, roster.shifts)


async def end(conn: Connection, id: int) -> None:
    await conn.execute("UPDATE roster SET ended_at = now() WHERE id = %s AND ended_at IS NULL", (id,))


async def area_of(conn: Connection, id: int) -> tuple[int | None] | None:
    """(area,) of a roster that is in force; None: there is none."""
    row = await (
        await conn.execute("SELECT area FROM roster WHERE id = %s AND ended_at IS NULL FOR UPDATE", (id,))
    ).fetchone()
    return (row[0],) if row else None


async def rosters(conn: Connection, inside: str, values: Mapping[str, Any]) -> dict[int, Roster]:
    """Those in force for which `inside` holds: SQL over the roster `ro`."""
    cursor = await conn.execute(
        f"SELECT ro.id, ro.area, ro.role, ro.name, ro.zone FROM roster ro WHERE ro.ended_at IS NULL AND {inside} "
        "ORDER BY ro.id",
        values,
    )
    heads = await cursor.fetchall()
    ids = [row[0] for row in heads]
    shifts = await _by_roster(conn, f"SELECT roster, {_COLUMNS} FROM roster_shift WHERE roster = ANY(%s) "
                                    "ORDER BY roster, starts, name", ids)  # fmt: skip
    swaps = await _by_roster(
        conn, "SELECT roster, shift, day, off, instead FROM roster_swap WHERE roster = ANY(%s) ORDER BY day, off", ids
    )
    days = {day.day: day.kind for day in await holidays(conn)}
    own = {id: tuple(_shift(row) for row in shifts.get(id, [])) for id in ids}
    changed = {id: tuple(Swap(*row) for row in swaps.get(id, [])) for id in ids}
    people = {id: _people(own[id], changed[id]) for id in ids}
    away = await absences(conn, set().union(*people.values()))
    return {
        id: Roster(
            area,
            role,
            name,
            own[id],
            ZoneInfo(zone),
            changed[id],
            tuple(a for a in away if a.person in people[id]),
            days,
        )
        for id, area, role, name, zone in heads
    }


def _people(shifts: Iterable[Shift], swaps: Iterable[Swap]) -> set[str]:
    return {p for s in shifts for turn in s.turns for p in turn} | {s.instead for s in swaps}


async def _by_roster(conn: Connection, query: str, ids: Sequence[int]) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = {}
    for id, *row in await (await conn.execute(query, (list(ids),))).fetchall():
        found.setdefault(id, []).append(tuple(row))
    return found


async def absences(conn: Connection, people: Iterable[str]) -> list[Absence]:
    """That are not over for long."""
    cursor = await conn.execute(
        "SELECT person, since, until FROM absence WHERE person = ANY(%s) AND until > now() - interval '400 days' "
        "ORDER BY since, person",
        (sorted(people),),
    )
    return [Absence(*row) for row in await cursor.fetchall()]


async def add_absence(conn: Connection, away: Absence) -> int:
    cursor = await conn.execute(
        "INSERT INTO absence (person, since, until) VALUES (%s, %s, %s) RETURNING id",
        (away.person, away.since, away.until),
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def absence(conn: Connection, id: int) -> Absence | None:
    row = await (await conn.execute("SELECT person, since, until FROM absence WHERE id = %s", (id,))).fetchone()
    return Absence(*row) if row else None


async def end_absence(conn: Connection, id: int) -> None:
    """From now on; one that had not begun never does."""
    await conn.execute("DELETE FROM absence WHERE id = %s AND since >= now()", (id,))
    await conn.execute("UPDATE absence SET until = now() WHERE id = %s AND until > now()", (id,))


async def swap(conn: Connection, id: int, wanted: Swap) -> None:
    await conn.execute(
        "INSERT INTO roster_swap (roster, shift, day, off, instead) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT (roster, shift, day, off) DO UPDATE SET instead = EXCLUDED.instead",
        (id, wanted.shift, wanted.day, wanted.off, wanted.instead),
    )


async def holidays(conn: Connection) -> list[Day]:
    cursor = await conn.execute("SELECT day, kind, name FROM holiday ORDER BY day")
    return [Day(*row) for row in await cursor.fetchall()]


async def set_holidays(conn: Connection, days: Sequence[Day]) -> None:
    """All of the years that `days` speak of are as they say."""
    async with conn.transaction():
        years = sorted({day.day.year for day in days})
        await conn.execute("DELETE FROM holiday WHERE extract(year FROM day)::integer = ANY(%s)", (years,))
        for day in days:
            await conn.execute(
                "INSERT INTO holiday (day, kind, name) VALUES (%s, %s, %s)", (day.day, day.kind, day.name)
            )


async def unfit(conn: Connection, roster: Roster, proven_since: datetime) -> list[tuple[str, str]]:
    """(person, why) of who is on the roster and cannot be called: "unknown", "disabled", "role" (not held in this area
    now), "number" (none that answered a test call since)."""
    people = sorted(_people(roster.shifts, roster.swaps))
    cursor = await conn.execute(_FIT, {"people": people, "area": roster.area, "role": roster.role, "at": proven_since})
    found = {name: (disabled, held, proven) for name, disabled, held, proven in await cursor.fetchall()}
    why = []
    for person in people:
        disabled, held, proven = found.get(person, (None, None, None))
        if disabled is None:
            why.append((person, "unknown"))
        elif disabled:
            why.append((person, "disabled"))
        elif not held:
            why.append((person, "role"))
        elif not proven:
            why.append((person, "number"))
    return why


# A role of an area above holds here too.
_FIT = """
WITH RECURSIVE up (id) AS (
    SELECT %(area)s::bigint UNION SELECT a.above FROM up JOIN area_above a ON a.id = up.id
)
SELECT p.name, p.disabled_at IS NOT NULL,
    EXISTS (SELECT FROM person_role r WHERE r.person = p.name AND r.role = %(role)s AND r.site IS NULL
        AND (r.area IS NULL OR r.area IN (SELECT id FROM up))
        AND r.valid_from <= now() AND (r.valid_to IS NULL OR r.valid_to > now())),
    EXISTS (SELECT FROM person_number n WHERE n.person = p.name AND n.answered_at > %(at)s)
FROM person p WHERE p.name = ANY(%(people)s)
"""


async def _save_shifts(conn: Connection, id: int, shifts: Sequence[Shift]) -> None:
    for s in shifts:
        await conn.execute(
            f"INSERT INTO roster_shift (roster, {_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (roster, name) DO UPDATE SET (starts, ends, turns, first_day, weekdays, days, turn_days, "
            "last_day) = (EXCLUDED.starts, EXCLUDED.ends, EXCLUDED.turns, EXCLUDED.first_day, EXCLUDED.weekdays, "
            "EXCLUDED.days, EXCLUDED.turn_days, EXCLUDED.last_day)",
            (id, s.name, s.starts, s.ends, json.dumps(s.turns), s.first_day, sorted(s.weekdays), sorted(s.days),
             s.turn_days, s.last_day),
        )  # fmt: skip


def _shift(row: tuple[Any, ...]) -> Shift:
    name, starts, ends, turns, first_day, weekdays, days, turn_days, last_day = row
    people = tuple(tuple(turn) for turn in turns)
    return Shift(name, starts, ends, people, first_day, frozenset(weekdays), frozenset(days), turn_days, last_day)


async def own_absences(conn: Connection, person: str, now: datetime) -> list[tuple[int, datetime, datetime]]:
    """(number, since, until) of those that are not over, the first to begin first."""
    cursor = await conn.execute(
        "SELECT id, since, until FROM absence WHERE person = %s AND until > %s ORDER BY since", (person, now)
    )
    return await cursor.fetchall()
