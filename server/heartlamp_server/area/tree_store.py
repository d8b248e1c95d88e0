"""The tree of areas as rows: now, and as it was on a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

import psycopg

from heartlamp_server.area.tree import Node, Tree

Connection: TypeAlias = psycopg.AsyncConnection[Any]

TODAY = "(now() AT TIME ZONE 'Asia/Shanghai')::date"
"""For SQL: the county's day."""

_LOCK = 0x61726561  # "area"

# Versions as of a day are what the tree of that day is made of.
_ON = """
on_day AS (
    SELECT w.area AS id, w.parent, a.level, a.police, w.name, w.code, w.valid_from
    FROM area_was w JOIN area a ON a.id = w.area
    WHERE w.valid_from <= %(day)s AND (w.valid_to IS NULL OR w.valid_to > %(day)s)
)
"""
_UP = _ON.replace("AS (", "AS NOT MATERIALIZED (", 1)  # a path is a few rows of it
_UP_NOW = "on_day AS NOT MATERIALIZED (SELECT * FROM area WHERE valid_to IS NULL)"


@dataclass(frozen=True, slots=True)
class Branch:
    """An area with what is below it, itself counted in `sites` and `devices`. `children`: areas directly below."""

    node: Node
    children: int
    sites: int
    devices: int


async def today(conn: Connection) -> date:
    row = await (await conn.execute(f"SELECT {TODAY}")).fetchone()
    assert row is not None
    found: date = row[0]
    return found


async def one_at_a_time(conn: Connection) -> None:
    """Who changes the tree waits here for whoever does, until the transaction ends."""
    await conn.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))


async def read(conn: Connection) -> Tree:
    """All of it, as it is now."""
    cursor = await conn.execute(
        "SELECT id, parent, level, police, name, code, valid_from, valid_to FROM area ORDER BY id"
    )
    return Tree(Node(*row) for row in await cursor.fetchall())


async def path(conn: Connection, id: int, day: date | None = None) -> list[Node]:
    """From the topmost area down to this one; [] where it is not there (that day)."""
    cursor = await conn.execute(
        f"WITH RECURSIVE {_UP if day else _UP_NOW}, up AS ("
        "SELECT o.*, 0 AS depth FROM on_day o WHERE o.id = %(id)s UNION ALL "
        "SELECT o.*, up.depth + 1 FROM up JOIN on_day o ON o.id = up.parent) "
        "SELECT id, parent, level, police, name, code, valid_from FROM up ORDER BY depth DESC",
        {"id": id, "day": day},
    )
    return [Node(*row) for row in await cursor.fetchall()]


async def below(conn: Connection, id: int | None) -> list[Branch]:
    """The areas directly below, None: those on top; by level, code and name. Grids count what their groups have."""
    wide = id is None or (await _level(conn, id)) in ("city", "county")
    cursor = await conn.execute(_BELOW_WIDE if wide else _BELOW, {"id": id})
    return [Branch(Node(*row[:7]), *row[7:]) for row in await cursor.fetchall()]


async def _level(conn: Connection, id: int) -> str:
    row = await (await conn.execute("SELECT level FROM area WHERE id = %s", (id,))).fetchone()
    return row[0] if row else ""


# Sites and devices are counted for each household group, then added up the tree. Where most of the county lies below,
# every site and device is walked once; else they are looked up.
_ORDER = (
    "array_position(ARRAY['city', 'county', 'township', 'village', 'grid', 'group'], o.level), o.police, o.code, "
    'o.name COLLATE "C", o.id'
)
_HERE = "s.area = ANY(ARRAY(SELECT id FROM down))"
_TREE = f"""
WITH RECURSIVE own AS (
    SELECT * FROM area WHERE parent IS NOT DISTINCT FROM %(id)s AND valid_to IS NULL
), down (root, id) AS (
    SELECT id, id FROM own WHERE level <> 'grid'
    UNION ALL SELECT m.grid, m.household_group FROM own JOIN grid_member m ON m.grid = own.id
        WHERE own.level = 'grid' AND m.valid_from <= {TODAY} AND (m.valid_to IS NULL OR m.valid_to > {TODAY})
    UNION ALL SELECT down.root, a.id FROM down JOIN area a ON a.parent = down.id AND a.valid_to IS NULL
        WHERE a.level <> 'grid'
), sites AS (
    SELECT s.area, count(*) AS many FROM site s WHERE {{here}} AND s.kind <> 'elsewhere' GROUP BY s.area
), devices AS (
    SELECT s.area, count(*) AS many FROM site s JOIN device d ON d.site = s.id AND d.revoked_at IS NULL WHERE {{here}}
    GROUP BY s.area
), counted AS (
    SELECT down.root, sum(sites.many)::bigint AS sites, coalesce(sum(devices.many), 0)::bigint AS devices
    FROM down JOIN sites ON sites.area = down.id LEFT JOIN devices ON devices.area = down.id GROUP BY down.root
)
SELECT o.id, o.parent, o.level, o.police, o.name, o.code, o.valid_from,
    CASE o.level WHEN 'grid' THEN (SELECT count(*) FROM down WHERE down.root = o.id)
        ELSE (SELECT count(*) FROM area a WHERE a.parent = o.id AND a.valid_to IS NULL) END,
    coalesce(c.sites, 0), coalesce(c.devices, 0)
FROM own o LEFT JOIN counted c ON c.root = o.id
ORDER BY {_ORDER}
"""
_BELOW, _BELOW_WIDE = _TREE.format(here=_HERE), _TREE.format(here="true")


async def below_on(conn: Connection, id: int | None, day: date) -> list[Branch]:
    """As it was at the end of a day. Devices had no history of where they were: 0."""
    cursor = await conn.execute(
        f"WITH RECURSIVE {_ON}, own AS (SELECT * FROM on_day WHERE parent IS NOT DISTINCT FROM %(id)s), "
        "down (root, id) AS (SELECT id, id FROM own WHERE level <> 'grid' "
        "UNION ALL SELECT m.grid, m.household_group FROM own JOIN grid_member m ON m.grid = own.id "
        "WHERE m.valid_from <= %(day)s AND (m.valid_to IS NULL OR m.valid_to > %(day)s) "
        "UNION ALL SELECT down.root, o.id FROM down JOIN on_day o ON o.parent = down.id WHERE o.level <> 'grid'), "
        "counted AS (SELECT down.root, count(*) AS sites FROM down JOIN site_was w ON w.area = down.id "
        "JOIN site s ON s.id = w.site AND s.kind <> 'elsewhere' "
        "WHERE w.valid_from <= %(day)s AND (w.valid_to IS NULL OR w.valid_to > %(day)s) GROUP BY down.root) "
        "SELECT o.id, o.parent, o.level, o.police, o.name, o.code, o.valid_from, "
        "CASE o.level WHEN 'grid' THEN (SELECT count(*) FROM down WHERE down.root = o.id) "
        "ELSE (SELECT count(*) FROM on_day b WHERE b.parent = o.id) END, coalesce(c.sites, 0), 0 "
        f"FROM own o LEFT JOIN counted c ON c.root = o.id ORDER BY {_ORDER}",
        {"id": id, "day": day},
    )
    return [Branch(Node(*row[:7]), *row[7:]) for row in await cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Version:
    valid_from: date
    valid_to: date | None
    parent: int | None
    name: str
    code: str


async def history(conn: Connection, id: int) -> list[Version]:
    """Oldest first."""
    cursor = await conn.execute(
        "SELECT valid_from, valid_to, parent, name, code FROM area_was WHERE area = %s ORDER BY valid_from", (id,)
    )
    return [Version(*row) for row in await cursor.fetchall()]


async def write(conn: Connection, nodes: Sequence[Node], merged: dict[int, int] | None = None) -> dict[int, int]:
    """Writes nodes, parents before children; an id below 0 is a new area's. `merged`: area -> the one that it became
    part of. Returns new id for each id below 0. Call in a transaction."""
    fresh: dict[int, int] = {}
    for node in nodes:
        parent = fresh.get(node.parent, node.parent) if node.parent is not None else None
        if node.id < 0:
            cursor = await conn.execute(
                "INSERT INTO area (parent, level, police, name, code, valid_from) VALUES (%s, %s, %s, %s, %s, %s) "
                "RETURNING id",
                (parent, node.level, node.police, node.name, node.code, node.valid_from),
            )
            row = await cursor.fetchone()
            assert row is not None
            fresh[node.id] = row[0]
        else:
            into = (merged or {}).get(node.id)
            await conn.execute(
                "UPDATE area SET parent = %s, name = %s, code = %s, valid_from = %s, valid_to = %s, merged_into = %s "
                "WHERE id = %s",
                (parent, node.name, node.code, node.valid_from, node.ended, into, node.id),
            )
    return fresh


async def members(conn: Connection) -> list[tuple[int, int, bool]]:
    """(household group, grid, whether it is a police grid) as the last word on each is."""
    cursor = await conn.execute("SELECT household_group, grid, police FROM grid_member WHERE valid_to IS NULL")
    return await cursor.fetchall()


async def join_grid(conn: Connection, group: int, grid: int | None, police: bool, day: date) -> None:
    """The group is this grid's from that day on, None: no grid's. Call in a transaction."""
    await conn.execute(
        "DELETE FROM grid_member WHERE household_group = %s AND police = %s AND valid_from >= %s", (group, police, day)
    )
    await conn.execute(
        "UPDATE grid_member SET valid_to = %(day)s WHERE household_group = %(group)s AND police = %(police)s "
        "AND (valid_to IS NULL OR valid_to > %(day)s)",
        {"group": group, "police": police, "day": day},
    )
    if grid is not None:
        await conn.execute(
            "INSERT INTO grid_member (grid, household_group, police, valid_from) VALUES (%s, %s, %s, %s)",
            (grid, group, police, day),
        )


async def one(conn: Connection, id: int) -> tuple[Node, int | None, list[int], list[Node]] | None:
    """(the area, what it became part of, villages that hear it besides its own, a grid's groups); one too that is no
    more."""
    cursor = await conn.execute(
        "SELECT id, parent, level, police, name, code, valid_from, valid_to, merged_into, also FROM area WHERE id = %s",
        (id,),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    cursor = await conn.execute(
        "SELECT a.id, a.parent, a.level, a.police, a.name, a.code, a.valid_from FROM grid_member m "
        "JOIN area a ON a.id = m.household_group "
        f"WHERE m.grid = %s AND m.valid_from <= {TODAY} AND (m.valid_to IS NULL OR m.valid_to > {TODAY}) ORDER BY a.id",
        (id,),
    )
    return Node(*row[:8]), row[8], row[9], [Node(*group) for group in await cursor.fetchall()]
