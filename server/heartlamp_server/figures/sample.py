"""Once an hour: which devices should be heard of and which are. What a device's silence was last month no row tells
later, so it is counted while it is so, and summed up by days; these sums alone cannot be computed again."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from heartlamp_protocol.device.kinds import KINDS
from heartlamp_protocol.supervision import supervision_ms

Connection = psycopg.AsyncConnection[Any]

_NEW = "INSERT INTO figure_sampled (hour) VALUES (date_trunc('hour', %s, 'UTC')) ON CONFLICT DO NOTHING RETURNING hour"
_SAMPLE = """
WITH RECURSIVE heard AS (
    SELECT s.area, d.site, count(*) AS heard_of,
        count(*) FILTER (
            WHERE d.last_seen > %(now)s - (%(limits)s::jsonb ->> d.kind)::bigint * interval '1 ms') AS heard
    FROM device d JOIN site s ON s.id = d.site WHERE d.revoked_at IS NULL GROUP BY s.area, d.site
), silent AS (
    SELECT s.area, s.id AS site, coalesce(h.heard_of, 0) AS heard_of, coalesce(h.heard, 0) AS heard
    FROM site s LEFT JOIN heard h ON h.site = s.id WHERE s.kind <> 'elsewhere'
), up (area, id) AS (
    SELECT DISTINCT area, area FROM silent
    UNION SELECT up.area, a.above FROM up JOIN area_above a ON a.id = up.id
)
INSERT INTO figure_presence AS p (day, area, areas, hours, heard_of, heard, sites, unproven)
SELECT %(day)s, s.area, (SELECT array_agg(id ORDER BY id) FROM up WHERE up.area = s.area), 1,
    sum(s.heard_of), sum(s.heard), count(*), count(*) FILTER (WHERE s.heard = 0)
FROM silent s GROUP BY s.area
ON CONFLICT (day, area) DO UPDATE SET areas = EXCLUDED.areas, hours = p.hours + 1,
    heard_of = p.heard_of + EXCLUDED.heard_of, heard = p.heard + EXCLUDED.heard,
    sites = EXCLUDED.sites, unproven = EXCLUDED.unproven
"""


def limits(kinds: Iterable[str] = KINDS) -> dict[str, int]:
    """kind -> milliseconds after which it is missed."""
    return {kind: supervision_ms(kind) for kind in kinds}


async def sample(conn: Connection, now: datetime, zone: ZoneInfo) -> bool:
    """False: this hour was sampled before, by whomever."""
    async with conn.transaction():
        if await (await conn.execute(_NEW, (now,))).fetchone() is None:
            return False
        day = now.astimezone(zone).date()
        await conn.execute(_SAMPLE, {"now": now, "day": day, "limits": json.dumps(limits())})
        await conn.execute("DELETE FROM figure_sampled WHERE hour < %s", (now - timedelta(days=3),))
    return True
