"""Matters counted, by department or by area: from their limits' rows. SQL."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg

COUNTED = """
    count(*) AS raised,
    count(*) FILTER (WHERE m.ended = '') AS open,
    count(*) FILTER (WHERE m.ended = '' AND m.due_at <= %(now)s) AS late_now,
    count(*) FILTER (WHERE m.ended = 'closed') AS closed,
    count(*) FILTER (WHERE m.ended = 'closed' AND m.verified_by NOT IN ('', m.handled_by)) AS closed_by_another,
    coalesce(sum(m.reopened), 0)::bigint AS reopened,
    coalesce(sum(l.report_in_met), 0)::bigint AS report_in_met,
    coalesce(sum(l.report_in_on_time), 0)::bigint AS report_in_on_time,
    coalesce(sum(l.done_met), 0)::bigint AS done_met,
    coalesce(sum(l.done_on_time), 0)::bigint AS done_on_time,
    coalesce(sum(l.climbs), 0)::bigint AS climbs,
    count(*) FILTER (WHERE m.said = 'satisfied') AS said_satisfied,
    count(*) FILTER (WHERE m.said = 'not_satisfied') AS said_not_satisfied,
    count(*) FILTER (WHERE m.said = 'not_reached') AS said_not_reached
FROM matter m CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE x.name = 'report_in' AND x.met) AS report_in_met,
        count(*) FILTER (WHERE x.name = 'report_in' AND x.met AND x.ended_at <= x.due_at) AS report_in_on_time,
        count(*) FILTER (WHERE x.name = 'done' AND x.met) AS done_met,
        count(*) FILTER (WHERE x.name = 'done' AND x.met AND x.ended_at <= x.due_at) AS done_on_time,
        sum(x.climbed) AS climbs
    FROM (SELECT *, ended = 'met' AS met FROM matter_limit WHERE matter = m.id) x
) l"""
_BY_UNIT = f"""
SELECT m.unit AS key, NULL::bigint AS area, {COUNTED}
WHERE m.whistled_by <> '' AND {{inside}} GROUP BY m.unit ORDER BY m.unit
"""
# Grids overlap household groups: whoever counts both counts twice.
_BY_AREA = f"""
WITH RECURSIVE tree (top, id) AS (
    SELECT id, id FROM area WHERE parent IS NOT DISTINCT FROM %(area)s AND level <> 'grid'
    UNION ALL SELECT tree.top, a.id FROM tree JOIN area a ON a.parent = tree.id
), tops (top, id) AS (SELECT top, id FROM tree UNION ALL SELECT %(area)s, %(area)s)
SELECT a.name AS key, a.id AS area, {COUNTED}
JOIN tops ON tops.id = m.area JOIN area a ON a.id = tops.top WHERE {{inside}}
GROUP BY a.id, a.name ORDER BY a.code, a.id
"""


async def counts(
    conn: psycopg.AsyncConnection[Any],
    by: str,
    area: int | None,
    inside: str,
    values: Mapping[str, Any],
    now: datetime,
) -> list[dict[str, Any]]:
    """`by`: "unit", or "area": of what lies directly below `area` (None: the topmost). `inside`: SQL over the matter
    `m`."""
    query = (_BY_UNIT if by == "unit" else _BY_AREA).replace("{inside}", inside)
    cursor = await conn.execute(query, {**values, "area": area, "now": now})
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]
