"""Bundles and offers as rows."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import psycopg
from heartlamp_protocol.bundles import Bundle

from heartlamp_server.area.store import HEARD_BY
from heartlamp_server.device.store import bump_registry
from heartlamp_server.firmware.model import Heard
from heartlamp_server.telemetry.model import TimeSeries

Connection: TypeAlias = psycopg.AsyncConnection[Any]


async def add(conn: Connection, bundle: Bundle, data: bytes) -> bool:
    """False: it was there."""
    cursor = await conn.execute(
        "INSERT INTO firmware (id, version, boards, kinds, min_version, micropython, rollback, size, data) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING RETURNING id",
        (
            bundle.id, bundle.version, list(bundle.boards), list(bundle.kinds), bundle.min_version, bundle.micropython,
            bundle.rollback, bundle.size, data,
        ),
    )  # fmt: skip
    return await cursor.fetchone() is not None


async def size(conn: Connection, bundle: str) -> int | None:
    row = await (await conn.execute("SELECT size FROM firmware WHERE id = %s", (bundle,))).fetchone()
    return int(row[0]) if row else None


async def part(conn: Connection, bundle: str, first: int, many: int) -> bytes:
    row = await (
        await conn.execute(
            "SELECT substring(data FROM %s FOR %s) FROM firmware WHERE id = %s", (first + 1, many, bundle)
        )
    ).fetchone()
    return bytes(row[0]) if row else b""


@dataclass(frozen=True, slots=True)
class Row:
    """`offers`: how many are open."""

    id: str
    version: int
    boards: list[str]
    kinds: list[str]
    size: int
    offers: int


async def bundles(conn: Connection) -> list[Row]:
    cursor = await conn.execute(
        "SELECT id, version, boards, kinds, size, "
        "(SELECT count(*) FROM firmware_offer o WHERE o.bundle = f.id AND o.ended_at IS NULL) "
        "FROM firmware f ORDER BY version, added_at"
    )
    return [Row(*row) for row in await cursor.fetchall()]


async def areas(conn: Connection, level: str, name: str) -> list[tuple[int, str]]:
    """(id, path) of the areas of this level and name; a village by its gateway or its code too."""
    cursor = await conn.execute(
        "WITH RECURSIVE tree (id, path) AS (SELECT id, name FROM area WHERE parent IS NULL UNION ALL "
        "SELECT a.id, tree.path || ' ' || a.name FROM area a JOIN tree ON a.parent = tree.id) "
        "SELECT a.id, tree.path FROM area a JOIN tree USING (id) WHERE a.level = %(level)s AND a.valid_to IS NULL "
        "AND (a.name = %(name)s OR (a.code = %(name)s AND a.code <> '') OR tree.path = %(name)s "
        "OR EXISTS (SELECT FROM gateway g WHERE g.id = %(name)s AND g.village = a.id)) ORDER BY 2",
        {"level": level, "name": name},
    )
    return await cursor.fetchall()


async def offer(conn: Connection, bundle: str, area: int | None, device: str | None, again: bool) -> None:
    """To all devices of an area (a village or a household group), or to one; the gateways concerned are told."""
    async with conn.transaction():
        await conn.execute(
            "INSERT INTO firmware_offer (bundle, area, device, again) VALUES (%s, %s, %s, %s)",
            (bundle, area, device, again),
        )
        await tell(conn, [(area, device)])


async def withdraw(conn: Connection, bundle: str) -> int:
    """Every open offer of it; how many. Who has it already keeps it."""
    async with conn.transaction():
        cursor = await conn.execute(
            "UPDATE firmware_offer SET ended_at = now() WHERE bundle = %s AND ended_at IS NULL RETURNING area, device",
            (bundle,),
        )
        ended = await cursor.fetchall()
        await tell(conn, ended)
    return len(ended)


async def tell(conn: Connection, to: list[tuple[int | None, str | None]]) -> None:
    """The gateways that hear these (area, device) fetch their list anew."""
    cursor = await conn.execute(
        f"SELECT DISTINCT g.id FROM gateway g JOIN area a ON {HEARD_BY} "
        "LEFT JOIN site s ON s.area = a.id LEFT JOIN device d ON d.site = s.id "
        "WHERE g.revoked_at IS NULL AND (a.id = ANY(%s) OR d.id = ANY(%s)) ORDER BY g.id",
        ([area for area, _ in to if area is not None], [device for _, device in to if device is not None]),
    )
    for (gateway,) in await cursor.fetchall():
        await bump_registry(conn, gateway)


_OFFERED = """
SELECT DISTINCT ON (d.id) d.id, s.name, f.id, f.version
FROM firmware_offer o JOIN firmware f ON f.id = o.bundle
JOIN device d ON d.revoked_at IS NULL AND d.kind = ANY(f.kinds) JOIN site s ON s.id = d.site
JOIN area a ON a.id = s.area
WHERE o.ended_at IS NULL AND (o.device = d.id OR o.area IN (a.id, a.parent)) ORDER BY d.id, o.id DESC
"""
# What is 0 is left out of a heartbeat, but for `version`: so the newest heartbeat with one says all.
_SAID = ("version", "update_refused", "update_version", "on_trial")


async def heard(conn: Connection, series: TimeSeries) -> list[Heard]:
    """Of every device that is offered something. Raises SeriesAway."""
    offered = await (await conn.execute(_OFFERED)).fetchall()
    newest = await series.newest(conn, [row[0] for row in offered], _SAID)

    def said(device: str, name: str) -> int:
        at, value = newest.get((device, name), (None, 0))
        return value if at is not None and at == newest.get((device, "version"), (None, 0))[0] else 0

    found = [
        Heard(
            device,
            site,
            bundle,
            version,
            said(device, "version"),
            said(device, "update_refused"),
            said(device, "update_version"),
            said(device, "on_trial") == 1,
        )
        for device, site, bundle, version in offered
    ]
    return sorted(found, key=lambda h: (h.bundle, h.site, h.device))
