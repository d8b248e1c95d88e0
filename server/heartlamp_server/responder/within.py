"""Areas within areas, as SQL: which rows a person may see, and where one thing lies. All of it goes by the view
`area_above`, in which grids are above their household groups too."""

from collections.abc import Sequence
from typing import Any

import psycopg

from heartlamp_server.responder.scope import Reach, Scope, Spot, View, views

Connection = psycopg.AsyncConnection[Any]


class Where:
    """Conditions of one query, and their parameters."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def inside(self, reach: Reach, area: str, site: str = "NULL") -> str:
        """Whether a row lies in `reach`. `area`, `site`: SQL for its area's and its site's id, NULL for none."""
        if reach.everywhere:
            return "true"
        parts = []
        if reach.above is not None:
            parts.append(f"({area} <> ALL({self._value(list(reach.above))}::bigint[]) AND {area} IS NOT NULL)")
        elif reach.areas:
            # An array, so that the areas are collected once and `area` is reckoned once for each row: of IN the planner
            # makes a join, and reckons it for each pair.
            parts.append(f"""{area} = ANY(ARRAY(WITH RECURSIVE within (id) AS (
                SELECT unnest({self._value(list(reach.areas))}::bigint[])
                UNION SELECT a.id FROM area_above a JOIN within ON a.above = within.id) SELECT id FROM within))""")
        if reach.sites:
            parts.append(f"{site} = ANY({self._value(list(reach.sites))}::text[])")
        return f"({' OR '.join(parts)})" if parts else "false"

    def seen(self, scope: Scope, area: str, site: str, what: str, over: str, handed_over: str) -> str:
        """Whether an incident is for this person: `scope.sees` as SQL. All but `scope`: SQL for the row's values,
        `over` and `handed_over` booleans."""
        return f"({' OR '.join(self._view(v, area, site, what, over, handed_over) for v in views(scope)) or 'false'})"

    def _view(self, view: View, area: str, site: str, what: str, over: str, handed_over: str) -> str:
        parts = [self.inside(view.reach, area, site)]
        parts += [] if view.silent else [f"{what} <> 'silent'"]
        parts += [] if view.past else [f"NOT {over}"]
        parts += [] if view.unhanded else [handed_over]
        return f"({' AND '.join(parts)})"

    def _value(self, value: Any) -> str:
        name = f"within{len(self.values)}"
        self.values[name] = value
        return f"%({name})s"


_AREA_SPOTS = """
WITH RECURSIVE up (start, id) AS (
    SELECT id, id FROM area WHERE id = ANY(%s)
    UNION SELECT up.start, a.above FROM up JOIN area_above a ON a.id = up.id
)
SELECT start, array_agg(id) FROM up GROUP BY start
"""


async def area_spots(conn: Connection, areas: Sequence[int]) -> dict[int, Spot]:
    """Of the areas that exist."""
    rows = await (await conn.execute(_AREA_SPOTS, (list(areas),))).fetchall()
    return {row[0]: Spot(frozenset(row[1])) for row in rows}


async def areas_within(conn: psycopg.AsyncConnection[Any], reach: Reach) -> list[int] | None:
    """Its areas and all that lie in them; None: no site lies in any other."""
    if reach.above is not None:
        cursor = await conn.execute("SELECT 1 FROM site WHERE area = ANY(%s) LIMIT 1", (list(reach.above),))
        if await cursor.fetchone() is None:
            return None
    cursor = await conn.execute(_WITHIN, (list(reach.areas),))
    row = await cursor.fetchone()
    assert row is not None
    return row[0] if row[1] else None


_WITHIN = """
WITH RECURSIVE within (id) AS (
    SELECT unnest(%s::bigint[]) UNION SELECT a.id FROM area_above a JOIN within ON a.above = within.id
) SELECT (SELECT coalesce(array_agg(id), '{}') FROM within),
    EXISTS (SELECT FROM site WHERE area NOT IN (SELECT id FROM within))
"""


async def site_spots(conn: Connection, sites: Sequence[str]) -> dict[str, Spot]:
    """Of the sites that exist."""
    rows = await (await conn.execute("SELECT id, area FROM site WHERE id = ANY(%s)", (list(sites),))).fetchall()
    spots = await area_spots(conn, sorted({row[1] for row in rows}))
    return {site: Spot(spots[area].areas, site) for site, area in rows}


async def gateway_spots(conn: Connection, gateways: Sequence[str]) -> dict[str, Spot]:
    """Of the gateways that exist: a village's is in its village, a device's own at its site."""
    cursor = await conn.execute(
        "SELECT g.id, coalesce(g.village, s.area), coalesce(d.site, '') FROM gateway g "
        "LEFT JOIN device d ON d.id = g.device LEFT JOIN site s ON s.id = d.site WHERE g.id = ANY(%s)",
        (list(gateways),),
    )
    rows = await cursor.fetchall()
    spots = await area_spots(conn, sorted({row[1] for row in rows}))
    return {gateway: Spot(spots[area].areas, site) for gateway, area, site in rows}


async def device_spot(conn: Connection, device: str) -> Spot:
    """An unknown one is nowhere."""
    row = await (await conn.execute("SELECT site FROM device WHERE id = %s", (device,))).fetchone()
    return (await site_spots(conn, [row[0]]))[row[0]] if row else Spot()


async def area_spot(conn: Connection, area: int | None) -> Spot:
    """None, or an unknown one, is nowhere."""
    return (await area_spots(conn, [area])).get(area, Spot()) if area is not None else Spot()
