"""Matters, their limits and timelines as rows. Locks: a matter's own row and nothing else."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

import psycopg

from heartlamp_server.matter.catalogue import Catalogue, Kind, read, shipped, write
from heartlamp_server.matter.hours import Calendar
from heartlamp_server.matter.model import Limit, Line, Longer, Matter, Report
from heartlamp_server.matter.who import Supervisor
from heartlamp_server.responder.roster.store import holidays
from heartlamp_server.responder.store import IN_FORCE

Connection = psycopg.AsyncConnection[Any]

_REPORT = [f.name for f in fields(Report) if f.name != "kind"]
_OWN = [f.name for f in fields(Matter) if f.name not in ("id", "report", "limits", "longer")]
_COLUMNS = ["id", "code", "kind", "on_request", "urgent", *_REPORT, *_OWN, "longer", "stage", "due_at", "next_climb_at"]
_LIMIT = [f.name for f in fields(Limit)]
_SAVE = f"""
WITH saved AS (
    INSERT INTO matter ({", ".join(_COLUMNS)})
    SELECT {", ".join(_COLUMNS)} FROM jsonb_populate_record(NULL::matter, %(row)s::jsonb)
    ON CONFLICT (id) DO UPDATE SET ({", ".join(_COLUMNS[1:])}) = ({", ".join("EXCLUDED." + c for c in _COLUMNS[1:])})
), lines AS (
    INSERT INTO matter_line (matter, at, act, by, hat, detail)
    SELECT %(id)s, at, act, by, hat, detail FROM jsonb_to_recordset(%(lines)s::jsonb)
        AS row (at timestamptz, act text, by text, hat text, detail jsonb)
)
INSERT INTO matter_limit (matter, {", ".join(_LIMIT)})
SELECT matter, {", ".join(_LIMIT)} FROM jsonb_populate_recordset(NULL::matter_limit, %(limits)s::jsonb)
ON CONFLICT (matter, n) DO UPDATE SET (climbed, ended, ended_at, late_minutes) =
    (EXCLUDED.climbed, EXCLUDED.ended, EXCLUDED.ended_at, EXCLUDED.late_minutes)
"""
MATTER = """
SELECT to_jsonb(m), (SELECT coalesce(jsonb_agg(to_jsonb(l) ORDER BY l.n), '[]') FROM matter_limit l
    WHERE l.matter = m.id) FROM matter m
"""


async def calendar(conn: Connection) -> Calendar:
    return Calendar((await catalogue(conn)).terms, {day.day: day.kind for day in await holidays(conn)})


async def catalogue(conn: Connection) -> Catalogue:
    """What holds now."""
    cursor = await conn.execute("SELECT document FROM matter_catalogue ORDER BY version DESC LIMIT 1")
    row = await cursor.fetchone()
    if row is None:
        return shipped()
    found, problems = read(row[0])
    assert found is not None, problems  # nothing else is ever kept
    return found


async def keep_catalogue(conn: Connection, wanted: Catalogue, by: str) -> int:
    """From now on; its version."""
    cursor = await conn.execute(
        "INSERT INTO matter_catalogue (document, changed_by) VALUES (%s, %s) RETURNING version", (write(wanted), by)
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def lock_catalogue(conn: Connection) -> None:
    """Until the transaction ends, so that of two changes at once neither is lost."""
    await conn.execute("LOCK TABLE matter_catalogue IN SHARE ROW EXCLUSIVE MODE")


async def now(conn: Connection) -> datetime:
    row = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert row is not None
    at: datetime = row[0]
    return at


async def fresh_id(conn: Connection) -> int:
    row = await (await conn.execute("SELECT nextval(pg_get_serial_sequence('matter', 'id'))")).fetchone()
    assert row is not None
    return int(row[0])


async def of_ref(conn: Connection, report: Report) -> int | None:
    """The matter that this very report made before; its source is locked until the transaction ends."""
    if not report.ref:
        return None
    key = f"matter {report.source} {report.ref} {report.kind.code}"
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (key,))
    cursor = await conn.execute(
        "SELECT id FROM matter WHERE source = %s AND ref = %s AND code = %s",
        (report.source, report.ref, report.kind.code),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else None


async def save(conn: Connection, matter: Matter, lines: Sequence[Line]) -> None:
    limits = [{"matter": matter.id} | asdict(one) for one in matter.limits]
    values = {"id": matter.id, "row": _json(to_row(matter)), "limits": _json(limits)}
    await conn.execute(_SAVE, {**values, "lines": _json([asdict(line) for line in lines])})


async def lock(conn: Connection, id: int) -> Matter | None:
    """Until the transaction ends."""
    if await (await conn.execute("SELECT FROM matter WHERE id = %s FOR NO KEY UPDATE", (id,))).fetchone() is None:
        return None
    return await read_one(conn, id)


async def read_one(conn: Connection, id: int) -> Matter | None:
    row = await (await conn.execute(f"{MATTER} WHERE m.id = %s", (id,))).fetchone()
    return from_row(*row) if row else None


async def matters(conn: Connection, inside: str, values: Mapping[str, Any], limit: int) -> list[Matter]:
    """Newest first. `inside`: SQL over the matter `m`."""
    query = f"{MATTER} WHERE {inside} ORDER BY m.id DESC LIMIT %(limit)s"
    rows = await (await conn.execute(query, {**values, "limit": limit})).fetchall()
    return [from_row(*row) for row in rows]


async def timeline(conn: Connection, id: int) -> list[Line]:
    cursor = await conn.execute("SELECT at, act, by, hat, detail FROM matter_line WHERE matter = %s ORDER BY id", (id,))
    return [Line(*row) for row in await cursor.fetchall()]


async def path(conn: Connection, area: int) -> tuple[str, ...]:
    """Names from the county down."""
    cursor = await conn.execute(
        "WITH RECURSIVE up (id, parent, name, depth) AS (SELECT id, parent, name, 0 FROM area WHERE id = %s UNION ALL "
        "SELECT a.id, a.parent, a.name, up.depth + 1 FROM up JOIN area a ON a.id = up.parent) "
        "SELECT name FROM up ORDER BY depth DESC",
        (area,),
    )
    return tuple(row[0] for row in await cursor.fetchall())


async def units(conn: Connection) -> dict[str, int]:
    """Departments, and how many people each has an account of."""
    cursor = await conn.execute(
        f"SELECT r.unit, count(DISTINCT r.person) FROM person_role r JOIN person p ON p.name = r.person "
        f"WHERE r.role = 'department' AND r.unit <> '' AND p.disabled_at IS NULL AND {IN_FORCE} GROUP BY r.unit"
    )
    return dict(await cursor.fetchall())


_SUPERVISORS = f"""
WITH RECURSIVE up (id) AS (
    SELECT %(area)s::bigint UNION SELECT a.above FROM up JOIN area_above a ON a.id = up.id
)
SELECT DISTINCT p.name, r.role, coalesce(a.level, ''), r.unit FROM person_role r JOIN person p ON p.name = r.person
LEFT JOIN area a ON a.id = r.area
WHERE r.role IN ('operator', 'commander', 'department') AND (r.area IS NULL OR r.area IN (SELECT id FROM up))
    AND p.disabled_at IS NULL AND {IN_FORCE}
"""


async def supervisors(conn: Connection, area: int) -> list[Supervisor]:
    """Everybody whom something late in this area may climb to."""
    rows = await (await conn.execute(_SUPERVISORS, {"area": area})).fetchall()
    return [Supervisor(*row) for row in rows]


def to_row(matter: Matter) -> dict[str, Any]:
    report, kind = matter.report, matter.report.kind
    row: dict[str, Any] = {"id": matter.id, "code": kind.code, "kind": asdict(kind)}
    row |= {"on_request": kind.on_request, "urgent": kind.urgent}
    row |= {name: getattr(report, name) for name in _REPORT} | {"site": report.site or None}
    row |= {name: getattr(matter, name) for name in _OWN}
    row["longer"] = asdict(matter.longer) if matter.longer else None
    due_at = matter.running.due_at if matter.running else None
    return row | {"stage": matter.stage, "due_at": due_at, "next_climb_at": matter.next_climb_at}


def from_row(row: Mapping[str, Any], limits: Sequence[Mapping[str, Any]]) -> Matter:
    """`row`, `limits`: rows as JSON."""
    kind = Kind(**(row["kind"] | {"proof": tuple(row["kind"]["proof"])}))
    of_report = {name: row[name] for name in _REPORT}
    of_report |= {"site": row["site"] or "", "path": tuple(row["path"]), "photos": tuple(row["photos"])}
    longer = row["longer"]
    own = {name: row[name] for name in _OWN} | {name: _at(row[name]) for name in ("raised_at", "ended_at")}
    return Matter(
        id=row["id"],
        report=Report(kind=kind, **of_report),
        longer=Longer(_needed(longer["until"]), longer["why"], longer["by"], _needed(longer["at"])) if longer else None,
        limits=tuple(map(_limit, limits)),
        **own,
    )


def _limit(row: Mapping[str, Any]) -> Limit:
    times = {name: _at(row[name]) for name in ("since", "due_at", "ended_at")}
    climbs = tuple(_needed(at) for at in row["climbs"])
    return Limit(**({name: row[name] for name in _LIMIT} | times | {"climbs": climbs}))


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _needed(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _json(value: Any) -> str:
    return json.dumps(value, default=datetime.isoformat)
