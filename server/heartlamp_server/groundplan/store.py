"""Ground plans as rows, and the sites that stand on them."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeAlias

import psycopg

from heartlamp_server.area.site_store import BELOW
from heartlamp_server.groundplan.model import Feature, middle
from heartlamp_server.responder.scope import Scope, reach
from heartlamp_server.responder.within import Where

Connection: TypeAlias = psycopg.AsyncConnection[Any]
SITES_MAX = 3000
VERSIONS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Version:
    """`houses`: how many are drawn."""

    version: int
    made_by: str
    made_at: datetime
    houses: int


@dataclass(frozen=True, slots=True)
class OnPlan:
    """A site of the village. `group`: its household group's name, "" of what is in none; `lamps`: ids."""

    id: str
    kind: str
    name: str
    landmark: str
    latitude: float | None
    longitude: float | None
    group: str
    lamps: list[str]


async def village(conn: Connection, id: int) -> str | None:
    """Its name; None where it is no village of today."""
    cursor = await conn.execute("SELECT name FROM area WHERE id = %s AND level = 'village' AND valid_to IS NULL", (id,))
    row = await cursor.fetchone()
    return row[0] if row else None


async def sites(conn: Connection, village: int, scope: Scope) -> list[OnPlan]:
    """Those that this person may see, group by group."""
    where = Where()
    seen = where.inside(reach(scope, "area.see"), "s.area", "s.id")
    cursor = await conn.execute(
        f"""{BELOW} SELECT s.id, s.kind, s.name, s.landmark, s.latitude, s.longitude,
            CASE a.level WHEN 'group' THEN a.name ELSE '' END,
            ARRAY(SELECT d.id FROM device d WHERE d.site = s.id AND d.revoked_at IS NULL
                AND d.kind IN ('lamp', 'camera') ORDER BY d.id)
        FROM site s JOIN area a ON a.id = s.area
        WHERE s.area = ANY(ARRAY(SELECT id FROM down)) AND {seen}
        ORDER BY a.code, a.name, s.id LIMIT %(most)s""",
        {**where.values, "area": village, "most": SITES_MAX},
    )
    return [OnPlan(*row) for row in await cursor.fetchall()]


async def every_site(conn: Connection, village: int) -> set[str]:
    cursor = await conn.execute(
        f"{BELOW} SELECT id FROM site WHERE area = ANY(ARRAY(SELECT id FROM down))", {"area": village}
    )
    return {row[0] for row in await cursor.fetchall()}


async def read(conn: Connection, village: int, version: int | None = None) -> tuple[int, tuple[Feature, ...]]:
    """(version, features), the newest where none is asked for; (0, ()) where there is none."""
    cursor = await conn.execute(
        "SELECT version, features FROM ground_plan WHERE village = %s AND (version = %s OR %s::integer IS NULL) "
        "ORDER BY version DESC LIMIT 1",
        (village, version, version),
    )
    row = await cursor.fetchone()
    return (row[0], tuple(_feature(f) for f in row[1])) if row else (0, ())


async def versions(conn: Connection, village: int) -> list[Version]:
    """Newest first."""
    cursor = await conn.execute(
        "SELECT version, made_by, made_at, "
        """jsonb_array_length(jsonb_path_query_array(features, '$[*] ? (@.kind == "house")')) """
        "FROM ground_plan WHERE village = %s ORDER BY version DESC LIMIT %s",
        (village, VERSIONS_SHOWN),
    )
    return [Version(*row) for row in await cursor.fetchall()]


async def keep(conn: Connection, village: int, features: Iterable[Feature], who: str, after: int | None) -> int:
    """The new version's number, 0 where another one than `after` is the newest (None: whichever is). Whose house is
    drawn stands there from now on. Call in a transaction."""
    await conn.execute("SELECT FROM area WHERE id = %s FOR NO KEY UPDATE", (village,))  # one after the other
    newest, _ = await read(conn, village)
    if after is not None and after != newest:
        return 0
    drawn = list(features)
    await conn.execute(
        "INSERT INTO ground_plan (village, version, features, made_by) VALUES (%s, %s, %s, %s)",
        (village, newest + 1, json.dumps([asdict(f) for f in drawn]), who),
    )
    stands = [{"id": f.site, "at": middle(f)} for f in drawn if f.site]
    await conn.execute(
        "UPDATE site s SET longitude = (x.at->>0)::float8, latitude = (x.at->>1)::float8 "
        "FROM jsonb_to_recordset(%s::jsonb) AS x (id text, at jsonb) WHERE s.id = x.id",
        (json.dumps(stands),),
    )
    return newest + 1


def _feature(row: dict[str, Any]) -> Feature:
    points = tuple((p[0], p[1]) for p in row["points"])
    return Feature(row["kind"], row["name"], row["site"], row["shape"], points)
