"""What a screen lists of devices: sites with theirs, page by page or all, how many there are, gateways."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from heartlamp_protocol.device.kinds import KINDS
from heartlamp_protocol.supervision import supervision_ms

from heartlamp_server.area.store import HEARD_BY
from heartlamp_server.device.model import FRESH_SECONDS
from heartlamp_server.responder.scope import Reach
from heartlamp_server.responder.within import Where, areas_within


@dataclass(slots=True)
class SiteRow:
    """`path`: area names from the county down; `devices`: as they come from `sites_with_devices`."""

    id: str
    name: str
    address: str
    landmark: str
    path: list[str]
    devices: list["DeviceRow"]


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """`last_seen`: by any path; `village`: whether its village's gateway says that it is online, None where it never
    said or is silent itself; `wan`: when it was heard of as its own gateway, None where it never was; `of_one`: it may
    be."""

    id: str
    kind: str
    last_seen: datetime | None
    village: bool | None
    wan: datetime | None
    of_one: bool
    revoked: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Of the sites with a device, in the order of their ids: `limit` of them, those after the id `after`; `missed`:
    only those with a device that is missed, and of these only such devices."""

    limit: int
    after: str = ""
    missed: bool = False


# A device in use that said nothing for so long as its kind makes one ask (supervision.py), or that its gateway lost and
# that does not come to the county by itself either (model.online).
_BATTERY = sorted(kind for kind in KINDS if supervision_ms(kind) != supervision_ms("lamp"))
_MISSED = (
    "(d.revoked_at IS NULL AND (coalesce(greatest(d.last_seen, o.last_seen) < clock_timestamp() "
    f"- CASE WHEN d.kind IN ({', '.join(repr(kind) for kind in _BATTERY)}) "
    f"THEN interval '{supervision_ms(_BATTERY[0])} ms' ELSE interval '{supervision_ms('lamp')} ms' END, true)"
    f" OR d.online IS FALSE AND coalesce(o.last_seen <= clock_timestamp() - interval '{FRESH_SECONDS} s', true)))"
)
_OF_PAGE = """
SELECT s.id FROM site s WHERE s.id > %(after)s AND s.kind <> 'elsewhere' AND {inside}
    AND EXISTS (SELECT 1 FROM device d WHERE d.site = s.id) ORDER BY s.id LIMIT %(limit)s
"""
_MISSED_PAGE = f"""
SELECT DISTINCT d.site FROM device d LEFT JOIN gateway o ON o.device = d.id JOIN site s ON s.id = d.site
WHERE d.site > %(after)s AND {_MISSED} AND {{inside}} ORDER BY d.site LIMIT %(limit)s
"""
_SITES = f"""
WITH RECURSIVE mine AS MATERIALIZED (
    SELECT s.* FROM site s WHERE s.id = ANY(%(sites)s)
), up (start, id, name, parent, depth) AS (
    SELECT a.id, a.id, a.name, a.parent, 0 FROM area a WHERE a.id IN (SELECT area FROM mine)
    UNION ALL SELECT up.start, a.id, a.name, a.parent, depth + 1 FROM up JOIN area a ON a.id = up.parent
), tree AS (SELECT start AS id, array_agg(name ORDER BY depth DESC) AS path FROM up GROUP BY start)
SELECT s.id, s.name, s.address, s.landmark, tree.path,
    d.id, d.kind, greatest(d.last_seen, o.last_seen), CASE WHEN d.online AND NOT EXISTS (
        SELECT FROM area a JOIN gateway g ON {HEARD_BY} WHERE a.id = s.area
        AND g.revoked_at IS NULL AND g.last_seen > clock_timestamp() - interval '{FRESH_SECONDS} s'
    ) THEN NULL ELSE d.online END, o.last_seen, o.id IS NOT NULL AND o.revoked_at IS NULL,
    d.revoked_at IS NOT NULL, clock_timestamp()
FROM mine s JOIN tree ON tree.id = s.area LEFT JOIN device d ON d.site = s.id
    LEFT JOIN gateway o ON o.device = d.id
WHERE NOT %(missed)s OR {_MISSED} ORDER BY s.id, d.id
"""


async def page_of_sites(
    conn: psycopg.AsyncConnection[Any], reach: Reach, page: Page
) -> tuple[datetime, list[SiteRow], str]:
    """As `sites_with_devices`, a page of it; the third: what to go on after, "" where this was the last."""
    where = Where()
    inside = where.inside(reach, "s.area", "s.id")
    which = (_MISSED_PAGE if page.missed else _OF_PAGE).replace("{inside}", inside)
    values = {**where.values, "after": page.after, "limit": page.limit}
    ids = [row[0] for row in await (await conn.execute(which, values)).fetchall()]
    cursor = await conn.execute(_SITES, {"sites": ids, "missed": page.missed})
    now, sites = _sites(await cursor.fetchall())
    return now, sites, ids[-1] if len(ids) == page.limit else ""


@dataclass(frozen=True, slots=True)
class Counts:
    """Of devices that are not revoked."""

    devices: int
    online: int
    missed: int
    sites: int


async def counts(conn: psycopg.AsyncConnection[Any], reach: Reach) -> Counts:
    """Of who reaches every area nothing is asked of any site; of others a plan is made that knows how many areas they
    are: a county's devices are read through once, a village's are found by their sites."""
    areas = None if reach.everywhere else await areas_within(conn, reach)
    within = ""
    if areas is not None:
        within = "AND d.site IN (SELECT s.id FROM site s WHERE s.area = ANY(%(areas)s) OR s.id = ANY(%(sites)s))"
    cursor = await conn.execute(
        "SELECT count(*), count(*) FILTER (WHERE d.online), "
        f"count(*) FILTER (WHERE {_MISSED}), "
        f"(SELECT count(DISTINCT d.site) FROM device d WHERE d.revoked_at IS NULL {within}) FROM device d "
        f"LEFT JOIN gateway o ON o.device = d.id WHERE d.revoked_at IS NULL {within}",
        {"areas": areas, "sites": list(reach.sites)},
        prepare=False,
    )
    row = await cursor.fetchone()
    assert row is not None
    return Counts(*row)


async def sites_with_devices(conn: psycopg.AsyncConnection[Any], reach: Reach) -> tuple[datetime, list[SiteRow]]:
    """(the database's time, every site in `reach` with its devices). What a gateway said was online is unknown once it
    fell silent itself."""
    where = Where()
    query = f"""
        WITH RECURSIVE tree (id, path) AS (
            SELECT id, ARRAY[name] FROM area WHERE parent IS NULL
            UNION ALL SELECT a.id, tree.path || a.name FROM area a JOIN tree ON a.parent = tree.id
        )
        SELECT s.id, s.name, s.address, s.landmark, tree.path,
            d.id, d.kind, greatest(d.last_seen, o.last_seen), CASE WHEN d.online AND NOT EXISTS (
                SELECT FROM area a JOIN gateway g ON {HEARD_BY} WHERE a.id = s.area
                AND g.revoked_at IS NULL AND g.last_seen > clock_timestamp() - interval '{FRESH_SECONDS} s'
            ) THEN NULL ELSE d.online END, o.last_seen, o.id IS NOT NULL AND o.revoked_at IS NULL,
            d.revoked_at IS NOT NULL, clock_timestamp()
        FROM site s JOIN tree ON tree.id = s.area LEFT JOIN device d ON d.site = s.id
            LEFT JOIN gateway o ON o.device = d.id
        WHERE {where.inside(reach, "s.area", "s.id")} AND s.kind <> 'elsewhere'
        ORDER BY tree.path, s.name, s.id, d.id"""
    cursor = await conn.execute(query, where.values)
    return _sites(await cursor.fetchall())


def _sites(rows: Sequence[tuple[Any, ...]]) -> tuple[datetime, list[SiteRow]]:
    sites: dict[str, SiteRow] = {}
    now = datetime.now(UTC)
    for id, name, address, landmark, path, device, *row, at in rows:
        now = at
        site = sites.setdefault(id, SiteRow(id, name, address, landmark, path, []))
        if device is not None:
            site.devices.append(DeviceRow(device, *row))
    return now, list(sites.values())


async def gateways(
    conn: psycopg.AsyncConnection[Any], reach: Reach
) -> tuple[datetime, list[tuple[str, str, datetime | None, bool]]]:
    """(the database's time, (id, village, last seen, revoked) of each village's in `reach`)."""
    where = Where()
    now = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert now is not None
    cursor = await conn.execute(
        "SELECT g.id, v.name, g.last_seen, g.revoked_at IS NOT NULL FROM gateway g JOIN area v ON v.id = g.village "
        f"WHERE {where.inside(reach, 'g.village')} ORDER BY v.name, g.id",
        where.values,
    )
    return now[0], await cursor.fetchall()
