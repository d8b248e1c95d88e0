"""Facts of areas and periods, summed up by the database. What is summed stands in definition.py; here is only how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from heartlamp_server.figures.definition import TIMES, Around, Facts, Spread
from heartlamp_server.figures.fact import Flags
from heartlamp_server.figures.period import Period
from heartlamp_server.matter.counts import COUNTED

Connection = psycopg.AsyncConnection[Any]

_FLAGS = [f.name for f in fields(Flags)]
NARROW = 16
"""So few areas are found by themselves; of more, nearly all that happened in the period is theirs."""
_HERE = """
figure_fact f CROSS JOIN LATERAL unnest(f.areas) AS a (id) JOIN unnest(%(areas)s::bigint[]) AS w (id) ON w.id = a.id
WHERE f.began_at >= %(since)s AND f.began_at < %(until)s AND (%(silent)s OR f.what <> 'silent') /* narrow */
"""
_CELLS = f"SELECT a.id, count(*), {', '.join('f.' + name for name in _FLAGS)} FROM {_HERE} GROUP BY a.id, " + ", ".join(
    f"f.{name}" for name in _FLAGS
)
_TIMES = (
    "SELECT a.id, "
    + ", ".join(f"count(f.{name}), percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY f.{name})" for name in TIMES)
    + f" FROM {_HERE} AND NOT f.drill AND NOT f.merged GROUP BY a.id"
)
_DRILLED = f"SELECT a.id, count(DISTINCT f.site) FROM {_HERE} AND f.drill GROUP BY a.id"
_PRESENCE = """
SELECT a.id, sum(p.heard_of)::bigint, sum(p.heard)::bigint,
    coalesce(sum(p.sites) FILTER (WHERE p.day = l.day), 0)::bigint,
    coalesce(sum(p.unproven) FILTER (WHERE p.day = l.day), 0)::bigint
FROM figure_presence p CROSS JOIN LATERAL unnest(p.areas) AS a (id),
    (SELECT max(day) AS day FROM figure_presence WHERE day >= %(first)s AND day <= %(last)s) AS l
WHERE p.day >= %(first)s AND p.day <= %(last)s AND a.id = ANY(%(areas)s::bigint[]) GROUP BY a.id
"""
_TREE = """
WITH RECURSIVE tree (top, id) AS (
    SELECT id, id FROM area WHERE id = ANY(%(areas)s::bigint[])
    UNION SELECT tree.top, a.id FROM tree JOIN area_above a ON a.above = tree.id
)
"""
_MATTERS = f"""
{_TREE} SELECT tree.top, {COUNTED} JOIN tree ON tree.id = m.area
WHERE m.raised_at >= %(since)s AND m.raised_at < %(until)s GROUP BY tree.top
"""
_CARDS = f"""
{_TREE} SELECT tree.top, count(DISTINCT c.id), coalesce(sum(m.cost_fen), 0)::bigint,
    coalesce(sum(m.megabytes), 0)::bigint
FROM sim_card c JOIN tree ON tree.id = c.village LEFT JOIN sim_month m ON m.card = c.id
    AND m.month >= %(first)s AND (m.month + interval '1 month')::date <= %(last)s::date + 1
WHERE (c.ended_on IS NULL OR c.ended_on >= %(first)s) GROUP BY tree.top
"""


@dataclass(frozen=True, slots=True)
class Area:
    """`name`, `code`: as they are now, or were when it ended."""

    id: int
    parent: int | None
    level: str
    code: str
    name: str


async def facts(
    conn: Connection, areas: Sequence[int], period: Period, zone: ZoneInfo, silent: bool, around: bool = True
) -> dict[int, Facts]:
    """Of each of them, in one snapshot where the caller's transaction is one. `silent`: whether who asks may know of
    silent alarms; `around`: what there is besides incidents too."""
    since, until = period.moments(zone)
    asked: dict[str, Any] = {"areas": list(areas), "since": since, "until": until, "silent": silent}
    asked |= {"first": period.first, "last": period.last}
    cells: dict[int, list[tuple[Flags, int]]] = {}
    for row in await _rows(conn, _found(_CELLS, areas), asked):
        cells.setdefault(row[0], []).append((Flags(*row[2:]), row[1]))
    times = {
        row[0]: {name: _spread(*row[n : n + 2]) for n, name in zip(range(1, 9, 2), TIMES, strict=True)}
        for row in await _rows(conn, _found(_TIMES, areas), asked)
    }
    besides = await _around(conn, asked) if around else {}
    return {area: Facts(cells.get(area, ()), times.get(area, {}), Around(**besides.get(area, {}))) for area in areas}


def _found(query: str, areas: Sequence[int]) -> str:
    return query.replace("/* narrow */", "AND f.areas && %(areas)s::bigint[]" if len(areas) <= NARROW else "")


def _spread(of: int, found: Sequence[int] | None) -> Spread:
    return Spread(of, *found) if of and found else Spread()


async def _around(conn: Connection, asked: Mapping[str, Any]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}

    def take(area: int, **parts: int) -> None:
        found.setdefault(area, {}).update(parts)

    for area, heard_of, heard, sites, unproven in await _rows(conn, _PRESENCE, asked):
        take(area, heard_of=heard_of, heard=heard, sites=sites, unproven=unproven)
    for area, drilled in await _rows(conn, _found(_DRILLED, asked["areas"]), asked):
        take(area, drilled=drilled)
    for area, cards, fen, megabytes in await _rows(conn, _CARDS, asked):
        take(area, cards=cards, cards_fen=fen, cards_megabytes=megabytes)
    cursor = await conn.execute(_MATTERS, {**asked, "now": await now(conn)})
    names = [column.name for column in cursor.description or ()]
    for row in await cursor.fetchall():
        m = dict(zip(names, row, strict=True))
        take(
            m["top"],
            matters=m["raised"],
            report_in=m["report_in_met"],
            report_in_in_time=m["report_in_on_time"],
            done=m["done_met"],
            done_in_time=m["done_on_time"],
            matters_closed=m["closed"],
            verified_by_another=m["closed_by_another"],
        )
    return found


async def area(conn: Connection, id: int) -> Area | None:
    rows = await _rows(conn, "SELECT id, parent, level, code, name FROM area WHERE id = %(id)s", {"id": id})
    return Area(*rows[0]) if rows else None


# Which area was in which in the period; where its history begins later, as now: its alarms of before were somewhere.
_LINKS = """
links (id, parent) AS (
    SELECT area, parent FROM area_was
    WHERE parent IS NOT NULL AND valid_from <= %(last)s AND coalesce(valid_to, 'infinity') > %(first)s
    UNION SELECT id, parent FROM area a
    WHERE parent IS NOT NULL AND (valid_to IS NULL OR valid_to > %(first)s) AND NOT EXISTS (
        SELECT FROM area_was w WHERE w.area = a.id AND w.valid_from <= %(last)s)
)
"""
_BELOW = f"""
WITH {_LINKS} SELECT a.id, l.parent, a.level, a.code, a.name FROM links l JOIN area a ON a.id = l.id
WHERE l.parent = %(area)s ORDER BY a.level, a.code, a.id
"""
_SUBTREE = f"""
WITH RECURSIVE {_LINKS}, tree (id, parent) AS (
    SELECT %(area)s::bigint, NULL::bigint UNION SELECT l.id, l.parent FROM tree JOIN links l ON l.parent = tree.id
)
SELECT DISTINCT ON (a.id) a.id, tree.parent, a.level, a.code, a.name FROM tree JOIN area a ON a.id = tree.id
ORDER BY a.id, tree.parent
"""


async def below(conn: Connection, area: int, period: Period) -> list[Area]:
    """What was directly below it in the period; grids too, which overlap household groups."""
    values = {"area": area, "first": period.first, "last": period.last}
    return [Area(*row) for row in await _rows(conn, _BELOW, values)]


async def subtree(conn: Connection, area: int, period: Period) -> list[Area]:
    """The area and all that was below it in the period."""
    values = {"area": area, "first": period.first, "last": period.last}
    return [Area(*row) for row in await _rows(conn, _SUBTREE, values)]


async def top(conn: Connection) -> int | None:
    """The one area that all others are in, None where there are several."""
    rows = await _rows(conn, "SELECT id FROM area WHERE parent IS NULL AND valid_to IS NULL LIMIT 2", {})
    return rows[0][0] if len(rows) == 1 else None


async def now(conn: Connection) -> datetime:
    rows = await _rows(conn, "SELECT clock_timestamp()", {})
    found: datetime = rows[0][0]
    return found


async def today(conn: Connection, zone: ZoneInfo) -> date:
    return (await now(conn)).astimezone(zone).date()


async def _rows(conn: Connection, query: str, values: Mapping[str, Any]) -> list[Any]:
    return await (await conn.execute(query, values)).fetchall()
