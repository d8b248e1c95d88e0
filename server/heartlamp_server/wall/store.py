"""A wall's counts from rows. Nothing of a silent alarm is read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import psycopg

from heartlamp_server.responder.scope import Reach
from heartlamp_server.responder.within import Where
from heartlamp_server.wall.model import Calls, Place

Connection: TypeAlias = psycopg.AsyncConnection[Any]

PLACES_MAX = 20_000

# Who stands by it as in the console's queue: an operator wrote it down, and it was not taken back.
_BY_THE_CENTRE = """jsonb_path_exists(i.responders,
    '$[*] ? (@.by != "" && @.answer != "withdrawn" && @.answer != "cannot" && @.answer != "late")')"""
_SHOWN = "i.what <> 'silent' AND i.merged_into = '' AND NOT i.drill"
_MONTH = "date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai'"
_TODAY = "date_trunc('day', now() AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai'"


@dataclass(frozen=True, slots=True)
class Today:
    """Since midnight. `raised`: by kind; `accept_s`, `arrive_s`: the median of those that came so far, None of none."""

    raised: dict[str, int]
    closed: int
    accept_s: int | None
    arrive_s: int | None


async def places(conn: Connection, reach: Reach) -> list[Place]:
    """Every area of today that lies there, and the townships above them."""
    where = Where()
    cursor = await conn.execute(
        f"""WITH here AS (SELECT * FROM area a WHERE a.valid_to IS NULL AND a.level <> 'grid'
                AND {where.inside(reach, "a.id")} ORDER BY a.id LIMIT {PLACES_MAX})
        SELECT id, parent, level, name, code FROM here UNION
        SELECT t.id, t.parent, t.level, t.name, t.code FROM area t JOIN here ON here.parent = t.id
            WHERE t.level = 'township'""",
        where.values,
    )
    return [Place(*row) for row in await cursor.fetchall()]


async def title(conn: Connection, reach: Reach) -> str:
    """Of what it is a wall."""
    where = Where()
    top = "a.parent IS NULL" if reach.everywhere else "a.id = ANY(%(top)s)"
    cursor = await conn.execute(
        f"SELECT string_agg(name, '、' ORDER BY code, id) FROM (SELECT name, code, id FROM area a WHERE {top} "
        "AND a.valid_to IS NULL ORDER BY code, id LIMIT 3) t",
        {**where.values, "top": list(reach.areas)},
    )
    row = await cursor.fetchone()
    return row[0] if row and row[0] else ""


async def calls(conn: Connection, reach: Reach) -> tuple[datetime, list[Calls]]:
    """(the database's time, the open ones)."""
    where = Where()
    clock = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert clock is not None
    cursor = await conn.execute(
        f"""SELECT area, what, stage, count(*), min(began) FROM (
            SELECT s.area, i.what, coalesce(i.observed_at, i.opened_at) AS began,
                CASE WHEN NOT {_BY_THE_CENTRE} THEN 'waiting' WHEN i.answer IN ('coming', 'arrived') THEN i.answer
                    ELSE 'accepted' END AS stage
            FROM incident i JOIN site s ON s.id = i.site
            WHERE i.closed_at IS NULL AND {_SHOWN} AND {where.inside(reach, "s.area", "s.id")}) t
        GROUP BY area, what, stage""",
        where.values,
    )
    return clock[0], [Calls(*row) for row in await cursor.fetchall()]


async def today(conn: Connection, reach: Reach) -> Today:
    where = Where()
    inside = where.inside(reach, "s.area", "s.id")
    cursor = await conn.execute(
        f"""SELECT i.what, count(*), count(i.closed_at) FROM incident i JOIN site s ON s.id = i.site
        WHERE i.opened_at >= {_TODAY} AND {_SHOWN} AND {inside} GROUP BY i.what""",
        where.values,
    )
    rows = await cursor.fetchall()
    cursor = await conn.execute(
        f"""SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY accepted), percentile_cont(0.5) WITHIN GROUP
            (ORDER BY arrived)
        FROM (SELECT extract(epoch FROM min(t.at) FILTER (WHERE t.detail->>'answer' = 'accepted') - i.opened_at)
                AS accepted,
                extract(epoch FROM min(t.at) FILTER (WHERE t.detail->>'answer' = 'arrived') - i.opened_at) AS arrived
            FROM incident i JOIN site s ON s.id = i.site JOIN timeline t ON t.incident = i.id AND t.kind = 'answer'
            WHERE i.opened_at >= {_TODAY} AND {_SHOWN} AND {inside} GROUP BY i.id, i.opened_at) one""",
        where.values,
    )
    medians = await cursor.fetchone()
    accept, arrive = (None if m is None else max(0, round(m)) for m in medians or (None, None))
    return Today({row[0]: row[1] for row in rows}, sum(row[2] for row in rows), accept, arrive)


async def drills(conn: Connection, reach: Reach) -> tuple[int, int, int]:
    """(houses that had their drill this month, houses that have a device, drills that go on): no house and no village
    is named."""
    where = Where()
    inside = where.inside(reach, "s.area", "s.id")
    cursor = await conn.execute(
        f"""SELECT (SELECT count(DISTINCT d.site) FROM drill d JOIN incident i ON i.id = d.incident
                JOIN site s ON s.id = d.site WHERE i.opened_at >= {_MONTH} AND {inside}),
            (SELECT count(*) FROM site s WHERE {inside}
                AND EXISTS (SELECT 1 FROM device e WHERE e.site = s.id AND e.revoked_at IS NULL)),
            (SELECT count(*) FROM incident i JOIN site s ON s.id = i.site
                WHERE i.closed_at IS NULL AND i.drill AND {inside})""",
        where.values,
    )
    row = await cursor.fetchone()
    return (row[0], row[1], row[2]) if row else (0, 0, 0)


async def gateways(conn: Connection, reach: Reach) -> list[tuple[str, int, datetime | None]]:
    """(id, village, last heard of) of those that are in use."""
    where = Where()
    cursor = await conn.execute(
        "SELECT id, village, last_seen FROM gateway WHERE revoked_at IS NULL AND device IS NULL "
        f"AND village IS NOT NULL AND {where.inside(reach, 'village')}",
        where.values,
    )
    return await cursor.fetchall()


async def without_power(conn: Connection) -> set[str]:
    """Gateways whose last word is that power is out for many in the village."""
    cursor = await conn.execute(
        r"""SELECT DISTINCT n.gateway FROM note n WHERE n.what = 'trouble' AND strpos(n.subject, 'outage ') > 0
            AND n.subject LIKE 'outage %:power village' AND NOT EXISTS (
                SELECT FROM note r WHERE r.gateway = n.gateway AND r.what = 'restored'
                AND strpos(r.subject, 'outage ') > 0 AND starts_with(r.subject, n.id || ' '))"""
    )
    return {row[0] for row in await cursor.fetchall()}
