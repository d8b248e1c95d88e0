"""Facts as rows: kept up with the timeline, or computed anew from the first line. Nothing here is in an alarm's way: it
only reads what the alarm path wrote, after that has committed."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from heartlamp_server.figures.fact import RINGS, Fact, Flags, Opened, Times, fact
from heartlamp_server.figures.history import History
from heartlamp_server.figures.period import local_day

Connection = psycopg.AsyncConnection[Any]

LINES_AT_ONCE = 500
"""So few that who runs in the same loop and takes alarms in waits some milliseconds at most."""
_BACK = 1000
"""A line's number is given a moment before its transaction has one: so many lines are read again, to be sure."""
_KINDS = (
    "opened", "corrected", "cancelled", "told", "village_step", "answer", "village_answer", "village_duty",
    "dispatched", "closed", "false", "evaluated", "reopened", "merged", "parted", "drill", "earnest", "opened_by",
    "handed_taken", "handed_ended",
)  # fmt: skip

_ALONE = "SELECT pg_advisory_xact_lock(hashtext('figure facts'))"
_TIP = "SELECT coalesce((SELECT max(id) FROM timeline), 0), pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
_PASSED = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= %s"
_LOOKS, _LOOK_S = 20, 0.01
_LINES = """
SELECT max(id), array_agg(DISTINCT incident) FROM (
    SELECT id, incident FROM timeline WHERE id > %s ORDER BY id LIMIT %s) AS t
"""
_OPENED = """
SELECT i.id, i.site, i.what, i.opened_at, i.source,
    ARRAY(SELECT d.id FROM device d WHERE d.site = i.site),
    EXISTS (SELECT FROM incident s WHERE s.reopens = i.id AND s.reopens <> '')
FROM incident i WHERE i.id = ANY(ARRAY(SELECT unnest(%(ids)s::text[])
    UNION SELECT reopens FROM incident WHERE id = ANY(%(ids)s) AND reopens <> ''))
"""
"""An array: with an OR every incident of the county is read for each few lines."""
_TIMELINE = """
SELECT incident, at, kind, detail FROM timeline
WHERE incident = ANY(%s) AND kind = ANY(%s) AND (kind NOT IN ('told', 'village_step') OR detail ->> 'state' = ANY(%s))
ORDER BY incident, id
"""
_FLAGS = [f.name for f in fields(Flags)]
_TIMES = [f.name for f in fields(Times)]
COLUMNS = ["incident", "site", "areas", "began_at", *_FLAGS, *_TIMES]
_SAVE = f"""
INSERT INTO figure_fact ({", ".join(COLUMNS)})
SELECT {", ".join(COLUMNS)} FROM jsonb_populate_recordset(NULL::figure_fact, %s::jsonb)
ON CONFLICT (incident) DO UPDATE SET ({", ".join(COLUMNS[1:])}) = ({", ".join("EXCLUDED." + c for c in COLUMNS[1:])})
WHERE ({", ".join("figure_fact." + c for c in COLUMNS[1:])})
    IS DISTINCT FROM ({", ".join("EXCLUDED." + c for c in COLUMNS[1:])})
RETURNING incident
"""


@dataclass(frozen=True, slots=True)
class Recomputed:
    """`many`: facts; `differed`: ids of incidents whose kept fact was missing or another one."""

    many: int
    differed: tuple[str, ...]


async def refresh(conn: Connection, zone: ZoneInfo) -> int:
    """Reads what was written since the last time; returns how many facts changed. Not in a transaction: each part is
    one; who comes at the same moment waits for the other and finds little to do.

    A line's number is given before its transaction ends, so a line may come to light behind a higher one. What was
    under way when the newest number was looked up ends in a moment: read after that, all up to that number is proven to
    be read. Where it does not end, as a long import, the same lines are read again the next time."""
    tip, horizon = await _one(conn, _TIP)
    whole = await _has_passed(conn, horizon)
    [proven] = await _one(conn, "SELECT proven FROM figure_mark")
    read, changed = max(0, proven - _BACK), 0
    history = None
    while True:
        async with conn.transaction():
            await conn.execute(_ALONE)
            last, ids = await _one(conn, _LINES, (read, LINES_AT_ONCE))
            if last is None:
                break
            history = history or await _history(conn)
            changed += len(await _save(conn, await facts(conn, ids, history), history, zone))
        read = last
    if whole and tip > proven:
        await conn.execute("UPDATE figure_mark SET proven = %s WHERE proven < %s", (tip, tip))
    return changed


async def _has_passed(conn: Connection, horizon: int) -> bool:
    """Whether every transaction that was under way then has ended."""
    for look in range(_LOOKS):
        if (await _one(conn, _PASSED, (horizon,)))[0]:
            return True
        await asyncio.sleep(_LOOK_S * (look > 0))
    return False


async def recompute(conn: Connection, zone: ZoneInfo) -> Recomputed:
    """Every fact from the first line. What differed is put right."""
    history, after, many, differed = await _history(conn), "", 0, []
    while True:
        async with conn.transaction():
            await conn.execute(_ALONE)
            cursor = await conn.execute("SELECT id FROM incident WHERE id > %s ORDER BY id LIMIT 500", (after,))
            ids = [row[0] for row in await cursor.fetchall()]
            if not ids:
                break
            found = [f for f in await facts(conn, ids, history) if f.incident in set(ids)]
            differed += await _save(conn, found, history, zone)
        after, many = ids[-1], many + len(ids)
    return Recomputed(many, tuple(differed))


async def facts(conn: Connection, ids: Sequence[str], history: History | None = None) -> list[Fact]:
    """Of these incidents and of those that they reopen, computed now. `history`: is told of their sites."""
    cursor = await conn.execute(_OPENED, {"ids": list(ids)})
    opened = [_opened(row) for row in await cursor.fetchall()]
    cursor = await conn.execute(_TIMELINE, ([o.id for o in opened], list(_KINDS), list(RINGS)))
    rows = await cursor.fetchall()
    lines = {id: [(at, kind, detail) for _, at, kind, detail in own] for id, own in groupby(rows, lambda r: r[0])}
    if history is not None:
        await _homes(conn, history, {o.site for o in opened})
    return [fact(o, lines.get(o.id, ())) for o in opened]


async def _save(conn: Connection, found: Sequence[Fact], history: History, zone: ZoneInfo) -> list[str]:
    rows = [row(f, history.areas(f.site, local_day(f.began_at, zone))) for f in found]
    return [row[0] for row in await (await conn.execute(_SAVE, (json.dumps(rows),))).fetchall()]


def _opened(row: Sequence[Any]) -> Opened:
    id, site, what, opened_at, source, devices, sequel = row
    return Opened(id, site, what, opened_at, source, frozenset(devices), sequel)


def row(of: Fact, areas: Sequence[int]) -> dict[str, Any]:
    """By COLUMNS."""
    made: dict[str, Any] = {"incident": of.incident, "site": of.site, "areas": list(areas)}
    made["began_at"] = of.began_at.isoformat()
    made |= {name: getattr(of.flags, name) for name in _FLAGS}
    return made | {name: getattr(of.times, name) for name in _TIMES}


async def _history(conn: Connection) -> History:
    cursor = await conn.execute("SELECT area, valid_from, parent FROM area_was ORDER BY area, valid_from")
    rows = await cursor.fetchall()
    parents = {area: [(r[1], r[2]) for r in own] for area, own in groupby(rows, lambda r: r[0])}
    cursor = await conn.execute(
        "SELECT household_group, valid_from, valid_to, grid FROM grid_member ORDER BY household_group, valid_from"
    )
    rows = await cursor.fetchall()
    return History(parents, {group: [(r[1], r[2], r[3]) for r in own] for group, own in groupby(rows, lambda r: r[0])})


async def _homes(conn: Connection, history: History, sites: set[str]) -> None:
    unknown = sorted(sites - history.homes.keys())
    cursor = await conn.execute(
        "SELECT site, valid_from, area FROM site_was WHERE site = ANY(%s) ORDER BY site, valid_from", (unknown,)
    )
    rows = await cursor.fetchall()
    history.homes.update({site: [(r[1], r[2]) for r in own] for site, own in groupby(rows, lambda r: r[0])})


async def _one(conn: Connection, query: str, values: Sequence[Any] = ()) -> tuple[Any, ...]:
    row = await (await conn.execute(query, values)).fetchone()
    assert row is not None
    return tuple(row)
