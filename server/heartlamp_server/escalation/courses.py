"""Courses as rows: which incidents a worker looks at next, and what was done about them."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from heartlamp_protocol.escalation.decide import Course

from heartlamp_server.escalation.engine import Done
from heartlamp_server.incident.model import Incident
from heartlamp_server.incident.store import from_row

Connection = psycopg.AsyncConnection[Any]

# What changed since it was looked at, and what time makes due: each by its index, however many are open. The triggers
# of step 0024 keep `course_wanted`, and what is closed is in neither. The incident's own row is not locked here: who
# answers it does not wait for us. Two workers never hold the same one. By clock_timestamp(), which may differ from row
# to row, no index is read.
NEXT = """
SELECT incident FROM (
    (SELECT incident, at FROM course_wanted ORDER BY at LIMIT %(most)s) UNION ALL
    (SELECT incident, look_at FROM course WHERE look_at <= statement_timestamp() ORDER BY look_at LIMIT %(most)s)
) due GROUP BY incident ORDER BY min(at) LIMIT %(most)s
"""
_SAVE = """
WITH looked AS (DELETE FROM course_wanted WHERE incident = %(incident)s)
INSERT INTO course (incident, course, done, cannot, notes, look_at, drill)
VALUES (%(incident)s, %(course)s, %(done)s, %(cannot)s, %(notes)s, %(look_at)s, %(drill)s)
ON CONFLICT (incident) DO UPDATE SET (course, done, cannot, notes, look_at, drill) =
    (EXCLUDED.course, EXCLUDED.done, EXCLUDED.cannot, EXCLUDED.notes, EXCLUDED.look_at, EXCLUDED.drill)
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


async def take(conn: Connection, incident: str) -> tuple[Incident, Kept, datetime] | None:
    """The incident, locked with its site as an answer does, what is being done about it, and the database's time. None:
    another worker has it, or it is closed."""
    held = await conn.execute("SELECT pg_try_advisory_xact_lock(hashtext('course'), hashtext(%s))", (incident,))
    row = await held.fetchone()
    if row is None or not row[0]:
        return None
    await conn.execute(
        "SELECT id FROM site WHERE id = (SELECT site FROM incident WHERE id = %s) FOR NO KEY UPDATE", (incident,)
    )
    found = await conn.execute(
        "SELECT to_jsonb(i), c.incident IS NULL, c.course, c.done, c.cannot, c.notes, c.drill, clock_timestamp()"
        " FROM incident i LEFT JOIN course c ON c.incident = i.id WHERE i.id = %s AND i.closed_at IS NULL",
        (incident,),
    )
    row = await found.fetchone()
    if row is None:
        return None
    of, new, course, done, cannot, notes, drill, now = row
    incident_now = from_row(of)
    kept = Kept()
    if not new:
        read = Course.from_fields(course) if course else None
        kept = Kept(read, {(s, t): (n, at) for s, t, n, at in done}, frozenset(cannot), notes, False)
        if drill and not incident_now.drill:
            kept = Kept(read, notes=notes, new=False, anew=True)
    return incident_now, kept, now


async def keep(conn: Connection, incident: Incident, kept: Kept, look_at: datetime | None) -> None:
    done = [[*key, *value] for key, value in kept.done.items()]
    await conn.execute(
        _SAVE,
        {
            "incident": incident.id,
            "course": json.dumps(kept.course.to_fields()) if kept.course else None,
            "done": json.dumps(done),
            "cannot": sorted(kept.cannot),
            "notes": kept.notes,
            "look_at": look_at,
            "drill": incident.drill,
        },
    )


async def said_since(conn: Connection, incident: str, after: int) -> tuple[int, list[tuple[str, datetime]]]:
    """(the timeline's newest number, (subject, when) of what the village did since)."""
    cursor = await conn.execute(
        "SELECT id, kind, detail ->> 'subject', at FROM timeline WHERE incident = %s AND id > %s ORDER BY id",
        (incident, after),
    )
    rows = await cursor.fetchall()
    steps = [(subject or "", at) for _, kind, subject, at in rows if kind == "village_step"]
    return max((row[0] for row in rows), default=after), steps
