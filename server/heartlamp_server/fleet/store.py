"""Devices in use, as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import psycopg

from heartlamp_server.fleet.model import NAMES, Said
from heartlamp_server.telemetry.model import TimeSeries

Connection: TypeAlias = psycopg.AsyncConnection[Any]

AT_ONCE = 500  # devices whose newest values are looked up together
VILLAGE = "CASE a.level WHEN 'group' THEN a.parent ELSE a.id END"


@dataclass(frozen=True, slots=True)
class Row:
    """`called_at`: the last call of its site by a device."""

    device: str
    kind: str
    site: str
    site_name: str
    village: int
    village_name: str
    lon: float | None
    lat: float | None
    last_seen: datetime | None
    called_at: datetime | None


async def devices(conn: Connection, inside: str, values: dict[str, Any], village: int | None, most: int) -> list[Row]:
    """Those in use; `inside`, `values`: of Where, with the site as `s`."""
    cursor = await conn.execute(
        f"""SELECT d.id, d.kind, s.id, s.name, v.id, v.name, s.longitude, s.latitude,
            greatest(d.last_seen, o.last_seen),
            (SELECT max(i.opened_at) FROM incident i WHERE i.site = s.id AND i.source = 'device')
        FROM device d JOIN site s ON s.id = d.site JOIN area a ON a.id = s.area JOIN area v ON v.id = {VILLAGE}
        LEFT JOIN gateway o ON o.device = d.id
        WHERE d.revoked_at IS NULL AND {inside} AND (%(village)s::bigint IS NULL OR v.id = %(village)s)
            AND (greatest(d.last_seen, o.last_seen) IS NOT NULL OR NOT EXISTS (SELECT 1 FROM claim c
                WHERE c.device = d.id AND c.used_at IS NULL AND c.ended_at IS NULL)) -- in a laptop, and not on a wall
        ORDER BY v.name, s.name, s.id, d.id LIMIT %(most)s""",
        {**values, "village": village, "most": most},
    )
    return [Row(*row) for row in await cursor.fetchall()]


async def said(conn: Connection, series: TimeSeries, ids: Sequence[str]) -> dict[str, Said]:
    """The newest of every name, by device. Raises SeriesAway."""
    found: dict[str, dict[str, tuple[datetime, int]]] = {id: {} for id in ids}
    for first in range(0, len(ids), AT_ONCE):
        newest = await series.newest(conn, ids[first : first + AT_ONCE], NAMES)
        for (device, name), known in newest.items():
            found[device][name] = known
    return dict(found)


async def now(conn: Connection) -> datetime:
    row = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert row is not None
    at: datetime = row[0]
    return at


# --- one device -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class One:
    """`through`: who may carry it; `board`, `chip`: as at its use; `by`: who brought it to life; `wanted`:
    what is to be set on it, `wanted_ver`: the version of that."""

    device: str
    kind: str
    site: str
    site_name: str
    village_name: str
    last_seen: datetime | None
    online: bool | None
    revoked_at: datetime | None
    through: list[str]
    of_one: bool
    board: str
    chip: str
    by: str
    made_at: datetime | None
    replaces: str
    called_at: datetime | None
    wanted: dict[str, Any]
    wanted_ver: int


async def one(conn: Connection, id: str) -> One | None:
    """Also one that was revoked."""
    cursor = await conn.execute(
        f"""SELECT d.id, d.kind, s.id, s.name, v.name, greatest(d.last_seen, o.last_seen), d.online, d.revoked_at,
            d.through, o.id IS NOT NULL AND o.revoked_at IS NULL, coalesce(c.board, ''), coalesce(c.chip, ''),
            coalesce(c.made_by, ''), c.used_at, coalesce(c.replaces, ''),
            (SELECT max(i.opened_at) FROM incident i WHERE i.site = s.id AND i.source = 'device'),
            d.wanted, d.wanted_ver
        FROM device d JOIN site s ON s.id = d.site JOIN area a ON a.id = s.area JOIN area v ON v.id = {VILLAGE}
        LEFT JOIN gateway o ON o.device = d.id
        LEFT JOIN LATERAL (SELECT * FROM claim c WHERE c.device = d.id ORDER BY c.made_at DESC LIMIT 1) c ON true
        WHERE d.id = %s""",
        (id,),
    )
    row = await cursor.fetchone()
    return One(*row) if row else None


async def keys(conn: Connection, id: str) -> list[tuple[int, datetime, datetime | None, bool]]:
    """(version, made, revoked, waits for its first use), oldest first."""
    cursor = await conn.execute(
        "SELECT version, made_at, revoked_at, pending FROM device_key WHERE device = %s ORDER BY version", (id,)
    )
    return await cursor.fetchall()


async def history(conn: Connection, id: str) -> list[tuple[datetime, str, str, str]]:
    """(when, what, detail, by whom), newest first: claims, visits, keys, offers of programs, its house's faults."""
    cursor = await conn.execute(
        """SELECT at, what, detail, by FROM (
            SELECT made_at AS at, 'claimed' AS what, kind AS detail, made_by AS by FROM claim WHERE device = %(id)s
            UNION ALL SELECT used_at, 'used', version, made_by FROM claim WHERE device = %(id)s AND used_at IS NOT NULL
            UNION ALL SELECT ended_at, 'claim_ended', ended_why, made_by FROM claim
                WHERE device = %(id)s AND ended_at IS NOT NULL
            UNION ALL SELECT at, 'visit', outcome, by FROM visit WHERE device = %(id)s
            UNION ALL SELECT made_at, 'key', version::text, '' FROM device_key WHERE device = %(id)s AND version > 1
            UNION ALL SELECT revoked_at, 'key_ended', version::text, '' FROM device_key
                WHERE device = %(id)s AND revoked_at IS NOT NULL
            UNION ALL SELECT revoked_at, 'revoked', '', '' FROM device WHERE id = %(id)s AND revoked_at IS NOT NULL
            UNION ALL SELECT o.made_at, 'offered', f.version::text, '' FROM firmware_offer o
                JOIN firmware f ON f.id = o.bundle WHERE o.device = %(id)s
            UNION ALL SELECT f.first_at, 'fault', f.what, '' FROM site_fault f JOIN device d ON d.site = f.site
                WHERE d.id = %(id)s
        ) h ORDER BY at DESC, what LIMIT 100""",
        {"id": id},
    )
    return await cursor.fetchall()
