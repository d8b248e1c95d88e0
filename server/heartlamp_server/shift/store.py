"""Hand-overs as rows. The newest signed one of a post says who holds it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from heartlamp_protocol.device.kinds import KINDS
from heartlamp_protocol.supervision import COUNTY_TROUBLE_MS, supervision_ms

from heartlamp_server.incident import store as incidents
from heartlamp_server.incident.model import Incident
from heartlamp_server.responder.scope import Reach, Scope
from heartlamp_server.responder.within import Where
from heartlamp_server.shift.model import Fault, HandoverList, from_fields

Connection = psycopg.AsyncConnection[Any]

_PAGE = 1_000
_LATE = " ".join(f"WHEN '{kind}' THEN {supervision_ms(kind) // 1000}" for kind in sorted(KINDS))
_COLUMNS = """h.id, h.area, coalesce(a.name, ''), h.outgoing, coalesce(o.display, ''), h.incoming,
    coalesce(i.display, ''), h.offered_at, h.signed_at, h.note, h.why, h.list
FROM shift_handover h LEFT JOIN area a ON a.id = h.area LEFT JOIN person o ON o.name = h.outgoing
    LEFT JOIN person i ON i.name = h.incoming"""


@dataclass(frozen=True, slots=True)
class Handover:
    """`area` None: the county's post; `outgoing` None: nobody held it; `incoming` None: not signed yet; `why`: it was
    taken without being offered."""

    id: int
    area: int | None
    area_name: str
    outgoing: str | None
    outgoing_name: str
    incoming: str | None
    incoming_name: str
    offered_at: datetime
    signed_at: datetime | None
    note: str
    why: str
    list: HandoverList | None


async def hold(conn: Connection, area: int | None) -> datetime:
    """Nobody else changes this post until the transaction ends. The database's time."""
    row = await (
        await conn.execute(
            "SELECT clock_timestamp() FROM (SELECT pg_advisory_xact_lock(hashtext('shift'), %s)) AS held",
            (hash_of(area),),
        )
    ).fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


def hash_of(area: int | None) -> int:
    return (area or 0) % 2**31


async def holder(conn: Connection, area: int | None) -> Handover | None:
    """The hand-over by which somebody holds it; None: nobody ever did."""
    return await _one(
        conn, "h.area IS NOT DISTINCT FROM %s AND h.signed_at IS NOT NULL ORDER BY h.signed_at DESC LIMIT 1", area
    )


async def offered(conn: Connection, area: int | None) -> Handover | None:
    """What waits to be signed."""
    return await _one(conn, "h.area IS NOT DISTINCT FROM %s AND h.signed_at IS NULL AND h.withdrawn_at IS NULL", area)


async def read(conn: Connection, id: int) -> Handover | None:
    return await _one(conn, "h.id = %s", id)


async def newest(conn: Connection, reach: Reach, limit: int) -> list[Handover]:
    """Signed ones of posts that lie in `reach`, without their lists."""
    where = Where()
    inside = where.inside(reach, "h.area")
    cursor = await conn.execute(
        f"SELECT {_COLUMNS.replace('h.list', 'NULL')} WHERE h.signed_at IS NOT NULL AND {inside} "
        "ORDER BY h.signed_at DESC LIMIT %(limit)s",
        where.values | {"limit": limit},
    )
    return [_handover(row) for row in await cursor.fetchall()]


async def offer(conn: Connection, area: int | None, outgoing: str | None, note: str, why: str = "") -> int:
    cursor = await conn.execute(
        "INSERT INTO shift_handover (area, outgoing, note, why) VALUES (%s, %s, %s, %s) RETURNING id",
        (area, outgoing, note, why),
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def withdraw(conn: Connection, id: int) -> None:
    await conn.execute("UPDATE shift_handover SET withdrawn_at = clock_timestamp() WHERE id = %s", (id,))


async def sign(conn: Connection, id: int, incoming: str, handed: HandoverList) -> None:
    await conn.execute(
        "UPDATE shift_handover SET incoming = %s, signed_at = clock_timestamp(), list = %s WHERE id = %s",
        (incoming, json.dumps(handed.to_fields()), id),
    )


async def open_incidents(conn: Connection, scope: Scope) -> list[Incident]:
    """All of them that are for `scope`, newest first."""
    found: list[Incident] = []
    before = None
    while True:
        page, _, _ = await incidents.newest(conn, scope, "open", _PAGE, before)
        found += page
        if len(page) < _PAGE:
            return found
        before = incidents.place_of(page[-1])


async def faults(conn: Connection, reach: Reach) -> list[Fault]:
    """By village: devices of which nothing was heard for too long, and gateways that are silent. Those of a silent
    gateway are not counted: what is missing there is the gateway."""
    where = Where()
    cursor = await conn.execute(
        f"""WITH silent AS (
            SELECT g.village, count(*) AS many FROM gateway g WHERE g.device IS NULL AND g.revoked_at IS NULL
                AND g.village IS NOT NULL AND {where.inside(reach, "g.village")}
                AND (g.last_seen IS NULL OR g.last_seen < now() - interval '{COUNTY_TROUBLE_MS} ms') GROUP BY 1
        ), missed AS (
            SELECT CASE a.level WHEN 'group' THEN a.parent ELSE a.id END AS village, count(*) AS many
            FROM device d JOIN site s ON s.id = d.site JOIN area a ON a.id = s.area
            WHERE d.revoked_at IS NULL AND {where.inside(reach, "s.area")} AND (d.last_seen IS NULL
                OR d.last_seen < now() - make_interval(secs => CASE d.kind {_LATE} ELSE 86400 END)) GROUP BY 1
        )
        SELECT v.name, CASE WHEN s.many IS NULL THEN coalesce(m.many, 0) ELSE 0 END, coalesce(s.many, 0)
        FROM silent s FULL JOIN missed m USING (village) JOIN area v ON v.id = village ORDER BY v.name""",
        where.values,
    )
    return [Fault(*row) for row in await cursor.fetchall() if row[1] or row[2]]


async def places(conn: Connection, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Of incidents: (the house, the areas it lies in). Read when they are shown, never copied: what a household had
    erased is erased here too."""
    cursor = await conn.execute(
        "SELECT id, place ->> 'name', place -> 'path' FROM incident WHERE id = ANY(%s)", (list(ids),)
    )
    return {id: (name, " › ".join(path)) for id, name, path in await cursor.fetchall()}


async def _one(conn: Connection, where: str, value: int | None) -> Handover | None:
    row = await (await conn.execute(f"SELECT {_COLUMNS} WHERE {where}", (value,))).fetchone()
    return _handover(row) if row else None


def _handover(row: Sequence[Any]) -> Handover:
    *fields, handed = row
    return Handover(*(*fields, from_fields(handed) if handed else None))
