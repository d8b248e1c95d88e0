"""Incidents and their timelines as rows."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import psycopg

from heartlamp_server.database import jsons
from heartlamp_server.incident.handover import TO_POLICE, to_police
from heartlamp_server.incident.model import Entry, Handover, Incident, Responder
from heartlamp_server.responder.scope import Scope, Spot, reach, sees
from heartlamp_server.responder.within import Where, site_spots

_COLUMNS = [f.name for f in fields(Incident)]
_SAVE = f"""
WITH saved AS (
    INSERT INTO incident ({", ".join(_COLUMNS)})
    SELECT {", ".join(_COLUMNS)} FROM jsonb_populate_recordset(NULL::incident, %s::jsonb)
    ON CONFLICT (id) DO UPDATE SET ({", ".join(_COLUMNS[1:])}) = ({", ".join("EXCLUDED." + c for c in _COLUMNS[1:])})
)
INSERT INTO timeline (incident, at, kind, detail)
SELECT incident, at, kind, detail FROM jsonb_to_recordset(%s::jsonb)
    AS row (incident text, at timestamptz, kind text, detail jsonb)
"""
_NO_DRILL = ("earnest", "reopened")  # lines after which an incident is no drill, and its site had none
_TIMES = ("opened_at", "observed_at", "last_press_at", "closed_at")


def to_row(incident: Incident) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(incident, name) for name in _COLUMNS}
    row["responders"] = [
        {
            "key": r.key,
            "name": r.name,
            "answer": r.answer,
            "at": r.at.isoformat(),
            "by": r.by,
            "events": r.events,
            "pressed": _text(r.pressed),
        }
        for r in incident.responders
    ]
    row["handovers"] = [{f.name: _text(getattr(h, f.name)) for f in fields(Handover)} for h in incident.handovers]
    for name in _TIMES:
        row[name] = row[name].isoformat() if row[name] else None
    return row


def from_row(row: dict[str, Any]) -> Incident:
    """`row`: a row of the table as JSON."""
    values = {name: row[name] for name in _COLUMNS}
    for name in _TIMES:
        values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    for name in ("events", "doubts", "lit"):
        values[name] = tuple(values[name])
    values["responders"] = tuple(
        Responder(
            r["key"],
            r["name"],
            r["answer"],
            datetime.fromisoformat(r["at"]),
            r["by"],
            tuple(r.get("events", ())),
            datetime.fromisoformat(r["pressed"]) if r.get("pressed") else None,
        )
        for r in values["responders"]
    )
    values["handovers"] = tuple(_handover(h) for h in values["handovers"])
    return Incident(**values)


def _handover(row: dict[str, Any]) -> Handover:
    values: dict[str, Any] = {k: datetime.fromisoformat(v) if k.endswith("_at") and v else v for k, v in row.items()}
    return Handover(**values)


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


async def save(conn: psycopg.AsyncConnection[Any], incidents: Sequence[Incident], timeline: Sequence[Entry]) -> None:
    entries = [{"incident": e.incident, "at": e.at.isoformat(), "kind": e.kind, "detail": e.detail} for e in timeline]
    await conn.execute(_SAVE, (jsons.text([to_row(i) for i in incidents]), jsons.text(entries)))
    if real := [e.incident for e in timeline if e.kind in _NO_DRILL]:
        await conn.execute("UPDATE drill SET incident = NULL WHERE incident = ANY(%s)", (real,))


Connection = psycopg.AsyncConnection[Any]


async def lock_together(
    conn: Connection, ids: Sequence[str]
) -> tuple[dict[str, Incident], list[Incident], datetime] | None:
    """(those of them that there are; the open ones that follow any of them; the database's time), their sites locked in
    one order. None: another one began to follow at this moment; try again."""
    before = await _following(conn, ids)
    every = [*ids, *before]
    await conn.execute(
        "SELECT id FROM site WHERE id IN (SELECT site FROM incident WHERE id = ANY(%s)) ORDER BY id FOR NO KEY UPDATE",
        (every,),
    )
    if not set(await _following(conn, ids)) <= set(before):
        return None
    rows = await (await conn.execute("SELECT to_jsonb(i) FROM incident i WHERE id = ANY(%s)", (every,))).fetchall()
    clock = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert clock is not None
    read = {row[0]["id"]: from_row(row[0]) for row in rows}
    following = [read[i] for i in before if read[i].merged_into in ids and read[i].closed_at is None]
    return {id: read[id] for id in ids if id in read}, following, clock[0]


async def _following(conn: Connection, ids: Sequence[str]) -> list[str]:
    cursor = await conn.execute(
        "SELECT id FROM incident WHERE merged_into <> '' AND merged_into = ANY(%s) AND closed_at IS NULL ORDER BY id",
        (list(ids),),
    )
    return [row[0] for row in await cursor.fetchall()]


async def lock(conn: psycopg.AsyncConnection[Any], incident: str) -> tuple[Incident, datetime] | None:
    """The incident and the database's time, its site locked against every other change until the transaction ends."""
    await conn.execute(
        "SELECT id FROM site WHERE id = (SELECT site FROM incident WHERE id = %s) FOR NO KEY UPDATE", (incident,)
    )
    cursor = await conn.execute("SELECT to_jsonb(i), clock_timestamp() FROM incident i WHERE id = %s", (incident,))
    row = await cursor.fetchone()
    return (from_row(row[0]), row[1]) if row else None


async def read(conn: psycopg.AsyncConnection[Any], incident: str, scope: Scope) -> tuple[Incident, datetime] | None:
    """None: there is none, or none for this person."""
    where = Where()
    cursor = await conn.execute(
        f"SELECT to_jsonb(i), clock_timestamp() FROM incident i WHERE id = %(id)s AND {_seen(where, scope)}",
        {**where.values, "id": incident},
    )
    row = await cursor.fetchone()
    return (from_row(row[0]), row[1]) if row else None


async def timeline(conn: psycopg.AsyncConnection[Any], incident: str) -> list[Entry]:
    """What opened it, and then by when it happened: what waited in an outage came later than it was."""
    cursor = await conn.execute(
        "SELECT incident, at, kind, detail FROM timeline WHERE incident = %s ORDER BY kind <> 'opened', at, id",
        (incident,),
    )
    return [Entry(*row) for row in await cursor.fetchall()]


async def passed_on(conn: psycopg.AsyncConnection[Any], incidents: Sequence[str]) -> list[Entry]:
    """Of each of them that was told to another post: when it last was."""
    cursor = await conn.execute(
        "SELECT DISTINCT ON (incident) incident, at, kind, detail FROM timeline "
        "WHERE incident = ANY(%s) AND kind = 'passed_on' ORDER BY incident, id DESC",
        (list(incidents),),
    )
    return [Entry(*row) for row in await cursor.fetchall()]


async def events(conn: psycopg.AsyncConnection[Any], incident: str) -> list[str]:
    cursor = await conn.execute(
        "SELECT id FROM event WHERE incident = %s ORDER BY id <> incident, received_at, seq", (incident,)
    )
    return [row[0] for row in await cursor.fetchall()]


Place = tuple[datetime, str]
"""Of an incident in a list: (when it was opened or closed, its id)."""


async def newest(
    conn: psycopg.AsyncConnection[Any], scope: Scope, state: str, limit: int, before: Place | None = None
) -> tuple[list[Incident], int, datetime]:
    """(incidents that are for this person, newest first; the feed's number that this list is up to; the database's
    time), of one snapshot. `state`: "open" or "closed"; `limit`: from 1 to 1000; `before`: those after this place."""
    where = Where()
    cursor = await conn.execute(
        f"SELECT (SELECT coalesce(json_agg(row), '[]') FROM ({_newest(where, scope, state, limit, before)}) AS t (row)"
        "), seq, clock_timestamp() FROM feed_head",
        where.values | {"before_at": before and before[0], "before_id": before and before[1]},
    )
    row = await cursor.fetchone()
    assert row is not None
    return [from_row(r) for r in row[0]], row[1], row[2]


def place_of(incident: Incident) -> Place:
    return incident.closed_at or incident.opened_at, incident.id


def _newest(where: Where, scope: Scope, state: str, limit: int, before: Place | None) -> str:
    """The limit stands in the text, for a plan is made before values are known, and this one goes by it."""
    at = "i.opened_at" if state == "open" else "i.closed_at"
    order = f"ORDER BY {at} DESC, i.id DESC LIMIT {int(limit)}"
    older = f" AND ({at}, i.id) < (%(before_at)s, %(before_id)s)" if before else ""
    if state == "open":
        mine = _seen(where, scope) + older
        return f"SELECT to_jsonb(i) FROM incident i WHERE i.closed_at IS NULL AND {mine} {order}"
    past = reach(scope, "incident.past")
    if not past.narrow:
        mine = _seen(where, scope) + older
        return f"SELECT to_jsonb(i) FROM incident i WHERE i.closed_at IS NOT NULL AND {mine} {order}"
    # A village is one in hundreds: by time, nearly everything that is looked at is another's. Only what is shown is
    # read in full.
    mine, here = _seen(where, scope, "v.area") + older, where.inside(past, "v.area", "v.id")
    return (
        f"SELECT to_jsonb(i) FROM (SELECT i.id FROM site v JOIN incident i ON i.site = v.id "
        f"WHERE {here} AND i.closed_at IS NOT NULL AND {mine} {order}) AS few JOIN incident i USING (id) {order}"
    )


async def for_person(conn: psycopg.AsyncConnection[Any], incident: Incident, scope: Scope) -> Spot | None:
    """Where it is, for who may see it; None for everybody else."""
    spot = (await site_spots(conn, [incident.site]))[incident.site]
    seen = sees(scope, spot, incident.what == "silent", incident.closed_at is not None, to_police(incident))
    return spot if seen else None


def _seen(where: Where, scope: Scope, area: str = "(SELECT s.area FROM site s WHERE s.id = i.site)") -> str:
    """`area`: SQL for that of the incident's site."""
    return where.seen(scope, area, "i.site", "i.what", "(i.closed_at IS NOT NULL)", TO_POLICE)
