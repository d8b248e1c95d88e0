"""Sites as rows, for screens: pages of them, and one."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from heartlamp_server.area.tree_store import Connection

_ROW = (
    "s.id, s.kind, s.name, s.address, s.landmark, s.latitude, s.longitude, s.area, "
    "(SELECT count(*) FROM device d WHERE d.site = s.id AND d.revoked_at IS NULL)"
)

BELOW = """
WITH RECURSIVE down (id) AS (
    SELECT %(area)s::bigint
    UNION ALL SELECT a.id FROM down JOIN area a ON a.parent = down.id AND a.level <> 'grid'
)
"""
"""For SQL with `area`: it and every area below it, those too that are no more (their sites are elsewhere)."""


@dataclass(frozen=True, slots=True)
class SiteRow:
    """`devices`: how many are not revoked."""

    id: str
    kind: str
    name: str
    address: str
    landmark: str
    latitude: float | None
    longitude: float | None
    area: int
    devices: int


async def page(
    conn: Connection, area: int, after: str, limit: int, kind: str | None, day: date | None
) -> list[SiteRow]:
    """Sites of an area and below it, or of a grid's groups, by id; `day`: that were there then."""
    values = {"area": area, "after": after, "limit": limit, "kind": kind, "day": day}
    level = await (await conn.execute("SELECT level FROM area WHERE id = %s", (area,))).fetchone()
    # Where nearly all sites are, they are walked in order until the page is full; else they are looked up and sorted.
    wide = level is not None and level[0] in ("city", "county", "township")
    here = "s.area IN (SELECT id FROM there)" if wide else "s.area = ANY(ARRAY(SELECT id FROM there))"
    where = "s.id > %(after)s AND s.kind <> 'elsewhere' AND (%(kind)s::text IS NULL OR s.kind = %(kind)s)"
    if day is None:
        query = f"""{BELOW}, there AS (
                SELECT id FROM down UNION SELECT household_group FROM grid_member
                WHERE grid = %(area)s AND valid_from <= (now() AT TIME ZONE 'Asia/Shanghai')::date
                    AND (valid_to IS NULL OR valid_to > (now() AT TIME ZONE 'Asia/Shanghai')::date))
            SELECT {_ROW} FROM site s WHERE {here} AND {where}
            ORDER BY s.id LIMIT %(limit)s"""
    else:
        query = f"""WITH RECURSIVE down (id) AS (
                SELECT %(area)s::bigint
                UNION ALL SELECT w.area FROM down JOIN area_was w ON w.parent = down.id
                WHERE w.valid_from <= %(day)s AND (w.valid_to IS NULL OR w.valid_to > %(day)s)),
            there AS (
                SELECT id FROM down UNION SELECT household_group FROM grid_member
                WHERE grid = %(area)s AND valid_from <= %(day)s AND (valid_to IS NULL OR valid_to > %(day)s))
            SELECT {_ROW} FROM site s JOIN site_was x ON x.site = s.id
            WHERE {here.replace("s.area", "x.area")} AND {where}
                AND x.valid_from <= %(day)s AND (x.valid_to IS NULL OR x.valid_to > %(day)s)
            ORDER BY s.id LIMIT %(limit)s"""
    cursor = await conn.execute(query, values)
    return [SiteRow(*row) for row in await cursor.fetchall()]


async def one(conn: Connection, id: str) -> tuple[SiteRow, date, bool, list[str]] | None:
    """(the site, since when it is where it is, whether its household gave anything, the consents that stand)."""
    cursor = await conn.execute(
        f"SELECT s.valid_from, EXISTS (SELECT FROM household h WHERE h.site = s.id AND (h.needs IS NOT NULL "
        "OR EXISTS (SELECT FROM contact c WHERE c.site = s.id))), "
        "ARRAY(SELECT c.kind FROM consent c WHERE c.site = s.id AND c.withdrawn_on IS NULL ORDER BY c.kind), "
        f"{_ROW} FROM site s WHERE s.id = %s",
        (id,),
    )
    row = await cursor.fetchone()
    return (SiteRow(*row[3:]), row[0], row[1], row[2]) if row else None


async def edit(conn: Connection, id: str, fields: dict[str, Any]) -> None:
    """`fields`: of SiteRow, those that change."""
    names = [name for name in ("kind", "name", "address", "landmark", "latitude", "longitude") if name in fields]
    if names:
        await conn.execute(
            f"UPDATE site SET {', '.join(f'{name} = %({name})s' for name in names)} WHERE id = %(id)s",
            fields | {"id": id},
        )
