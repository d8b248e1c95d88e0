"""Courses as rows: which incidents a worker looks at next, and what was done about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from heartlamp_protocol.escalation.decide import Course

from heartlamp_server.database import jsons
from heartlamp_server.escalation.engine import Done
from heartlamp_server.incident.model import Incident
from heartlamp_server.incident.store import from_row

Connection = psycopg.AsyncConnection[Any]

# What changed since it was looked at, and what time makes due: each by its index, however many are open. The triggers
# of step 0024 keep `course_wanted`, and what is closed is in neither. Nothing is locked here. By clock_timestamp(),
# which may differ from row to row, no index is read.
NEXT = """
SELECT incident FROM (
    (SELECT incident, at FROM course_wanted ORDER BY at LIMIT %(most)s) UNION ALL
    (SELECT incident, look_at FROM course WHERE look_at <= statement_timestamp() ORDER BY look_at LIMIT %(most)s)
) due GROUP BY incident ORDER BY min(at) LIMIT %(most)s
"""
# Two workers never hold the same one.
_HELD = "SELECT id FROM unnest(%s::text[]) AS id WHERE pg_try_advisory_xact_lock(hashtext('course'), hashtext(id))"
_LOCK = "SELECT id FROM site WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"
_PUT_OFF = """
WITH wanted AS (UPDATE course_wanted SET at = clock_timestamp() WHERE incident = %(incident)s)
UPDATE course SET look_at = clock_timestamp() + interval '1 second' WHERE incident = %(incident)s AND look_at < now()
"""
# One by one by their ids: of an array whose length is not known, PostgreSQL would rather read every open incident.
STATE = """
SELECT to_jsonb(i), c.incident IS NULL, c.course, c.done, c.cannot, c.notes, c.drill
FROM unnest(%s::text[]) WITH ORDINALITY AS mine (id, place)
    CROSS JOIN LATERAL (SELECT * FROM incident WHERE id = mine.id OFFSET 0) AS i LEFT JOIN course c ON c.incident = i.id
WHERE i.closed_at IS NULL ORDER BY mine.place
"""
_SAID = """
SELECT t.incident, t.id, t.kind, t.detail ->> 'subject', t.at
FROM unnest(%s::text[], %s::bigint[]) AS since (incident, after) CROSS JOIN LATERAL
    (SELECT * FROM timeline WHERE incident = since.incident AND id > since.after OFFSET 0) AS t ORDER BY t.id
"""
_COLUMNS = ("incident", "course", "done", "cannot", "notes", "look_at", "drill")
_SAVE = f"""
WITH looked AS (DELETE FROM course_wanted WHERE incident = ANY(%(incidents)s))
INSERT INTO course ({", ".join(_COLUMNS)})
SELECT {", ".join(_COLUMNS)} FROM jsonb_populate_recordset(NULL::course, %(rows)s::jsonb)
ON CONFLICT (incident) DO UPDATE SET ({", ".join(_COLUMNS[1:])}) = ({", ".join("EXCLUDED." + c for c in _COLUMNS[1:])})
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """`course` None: no policy fits; `new`: nobody has looked at it yet; `notes`: the timeline is read up to there;
    `anew`: what was done was done for a drill that is none any more, and nothing of it counts."""

    course: Course | None = None
    done: Done = field(default_factory=dict)
    cannot: frozenset[str] = frozenset()
    notes: int = 0
    new: bool = True
    anew: bool = False


async def waiting(conn: Connection, most: int) -> list[str]:
    """Incidents to be looked at: first whichever waits longest."""
    return [row[0] for row in await (await conn.execute(NEXT, {"most": most})).fetchall()]


async def hold(conn: Connection, ids: Sequence[str]) -> list[str]:
    """Those of them that no other worker has; nobody else takes them until this transaction ends."""
    return [row[0] for row in await (await conn.execute(_HELD, (list(ids),))).fetchall()]


async def lock(conn: Connection, sites: Sequence[str]) -> set[str]:
    """Those of them that nobody holds, locked as an answer does it. What is held is looked at a moment later: whoever
    waits for one house while it holds others makes their people wait, too."""
    return {row[0] for row in await (await conn.execute(_LOCK, (list(sites),))).fetchall()}


async def read(conn: Connection, ids: Sequence[str]) -> tuple[list[tuple[Incident, Kept]], datetime]:
    """(those of them that are open, in this order, with what is being done about each; the database's time)."""
    found = []
    for of, new, course, done, cannot, notes, drill in await (await conn.execute(STATE, (list(ids),))).fetchall():
        incident = from_row(of)
        kept = Kept()
        if not new:
            course = Course.from_fields(course) if course else None
            kept = Kept(course, {(s, t): (n, at) for s, t, n, at in done}, frozenset(cannot), notes, False)
            if drill and not incident.drill:
                kept = Kept(course, notes=notes, new=False, anew=True)
        found.append((incident, kept))
    row = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert row is not None
    return found, row[0]


async def keep(conn: Connection, looked_at: Sequence[tuple[Incident, Kept, datetime | None]]) -> None:
    """What was done about each, and when time alone may make something due again."""
    rows = [
        {
            "incident": incident.id,
            "course": kept.course.to_fields() if kept.course else None,
            "done": [[*key, *value] for key, value in kept.done.items()],
            "cannot": sorted(kept.cannot),
            "notes": kept.notes,
            "look_at": look_at.isoformat() if look_at else None,
            "drill": incident.drill,
        }
        for incident, kept, look_at in looked_at
    ]
    await conn.execute(_SAVE, {"incidents": [row["incident"] for row in rows], "rows": jsons.text(rows)})


async def put_off(conn: Connection, incident: str) -> None:
    """Behind all others that wait."""
    await conn.execute(_PUT_OFF, {"incident": incident})


async def said_since(conn: Connection, after: Mapping[str, int]) -> dict[str, tuple[int, list[tuple[str, datetime]]]]:
    """incident -> (its timeline's newest number, (subject, when) of what the village did since). `after`: incident ->
    the number that it was read up to."""
    cursor = await conn.execute(_SAID, (list(after), list(after.values())))
    found: dict[str, tuple[int, list[tuple[str, datetime]]]] = {id: (number, []) for id, number in after.items()}
    for incident, number, kind, subject, at in await cursor.fetchall():
        steps = found[incident][1]
        found[incident] = number, [*steps, (subject or "", at)] if kind == "village_step" else steps
    return found
