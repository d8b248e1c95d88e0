"""People in roles, their numbers and rosters, and the policies that name their duties: numbered, none of them
anybody."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import psycopg
from heartlamp_server.escalation import policies
from heartlamp_server.escalation.policy import EscalationPolicy, one_three_five
from heartlamp_server.responder.password import hash as hashed
from heartlamp_server.seal import Seal

from tests.county.bulk import Connection, bar, copy
from tests.county.places import Areas, number
from tests.county.size import GROUPS, Size, group_name, township_name, village_name

VOLUNTEERS, FAMILIES = 5, 7
"""Of a village; one house in so many has chosen somebody."""


@dataclass(frozen=True)
class One:
    """`area` None with a `site`: of the family; both None: everywhere. `account`: can sign in."""

    name: str
    display: str
    role: str
    area: int | None = None
    site: str = ""
    account: bool = False
    unit: str = ""


def every(size: Size) -> Iterator[One]:
    areas = Areas(size)
    for role, zh in (("operator", "值班员"), ("commander", "指挥员"), ("auditor", "审计员")):
        for n in range(1, 4 if role == "operator" else 2):
            yield One(f"county.{role}.{n}", f"县{zh}{n}号", role, areas.COUNTY, account=True)
    yield One("county.administrator", "管理员", "administrator", None, account=True)
    yield One("county.technician", "技术员", "technician", areas.COUNTY, account=True)
    for n, unit in enumerate(("民政", "消防", "水利", "卫健"), 1):
        yield One(f"county.department.{n}", f"{unit}值班", "department", areas.COUNTY, account=True, unit=unit)
    for t in range(1, size.townships + 1):
        for shift in (1, 2, 3):
            display = f"{township_name(t)}值班员{shift}号"
            yield One(f"town{t:03}.{shift}", display, "operator", areas.township(t), account=True)
        yield One(f"police{t:03}", f"{township_name(t)}民警", "police", areas.township(t), account=True)
    for v in range(1, size.villages + 1):
        yield One(f"village{v:04}", f"{village_name(v)}值班员", "operator", areas.village(v), account=True)
        for half in (1, 2):
            yield One(f"grid{v:04}.{half}", f"{v}村网格员{half}号", "grid_worker", areas.grid(v, half), account=True)
        for g in range(1, GROUPS + 1):
            yield One(f"head{v:04}.{g}", f"{v}村{group_name(g)}户长", "group_head", areas.group(v, g))
        for n in range(1, VOLUNTEERS + 1):
            yield One(f"volunteer{v:04}.{n}", f"{v}村志愿者{n}号", "volunteer", areas.village(v))
    for n, site in enumerate(size.sites):
        if site.kind == "household" and n % FAMILIES == 0:
            yield One(f"family.{site.id}", f"{site.name}亲属", "family", None, site.id)


def fill(conn: Connection, size: Size, key: bytes, password: str) -> None:
    """All accounts have one password: the county is a made one."""
    found, since, seal = list(every(size)), size.now - timedelta(days=size.days), Seal(key)
    secret = hashed(password)
    copy(
        conn,
        "person",
        ("name", "display", "password", "languages", "made_at"),
        ((p.name, p.display, secret if p.account else None, ["zh"], since) for p in found),
    )
    copy(
        conn,
        "person_role",
        ("person", "role", "area", "site", "unit", "valid_from", "given_by"),
        ((p.name, p.role, p.area, p.site or None, p.unit, since, "seed") for p in found),
    )
    # Nine in ten answered their monthly test call.
    numbers = (
        (p.name, 1, seal.seal(f"number of {p.name}", number(5_000_000 + n)), _answered(size, n))
        for n, p in enumerate(found)
    )
    copy(conn, "person_number", ("person", "rank", "sealed", "answered_at"), numbers)
    bar("people", len(found), len(found))
    _rosters(conn, size)
    asyncio.run(_policies(conn.info.dsn, size))


def _answered(size: Size, n: int) -> object:
    return size.now - timedelta(days=n % 28) if n % 10 else size.now - timedelta(days=40)


def _rosters(conn: Connection, size: Size) -> None:
    """Three shifts a day of every township's operators and of the county's."""
    areas = Areas(size)
    posts = [(areas.township(t), [f"town{t:03}.{n}" for n in (1, 2, 3)]) for t in range(1, size.townships + 1)]
    posts.append((areas.COUNTY, [f"county.operator.{n}" for n in (1, 2, 3)]))
    copy(conn, "roster", ("area", "role", "name"), ((area, "operator", "值班") for area, _ in posts))
    conn.execute(
        "INSERT INTO roster_shift SELECT r.id, s.name, s.starts, s.ends, '{1,2,3,4,5,6,7}', '{work,rest,holiday}', "
        "(SELECT jsonb_agg(jsonb_build_array(p.person) ORDER BY (substr(p.person, length(p.person))::int + s.n) %% 3) "
        "FROM person_role p WHERE p.area = r.area AND p.role = 'operator'), 1, %s FROM roster r, "
        "(VALUES (0, '夜班', 0, 480), (1, '早班', 480, 960), (2, '晚班', 960, 0)) AS s (n, name, starts, ends)",
        (size.begins(0).date(),),
    )


async def _policies(dsn: str, size: Size) -> None:
    """The county's; and another one by night for every township."""
    areas = Areas(size)
    whats = ("panic", "fire", "gas", "flood", "slope")
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        day = EscalationPolicy("county", whats, 0, 1440, 600, one_three_five())
        await policies.save(conn, day, areas.COUNTY, 1, "seed")
        for t in range(1, size.townships + 1):
            night = EscalationPolicy(f"night{t:03}", whats, 1320, 360, 900, one_three_five())
            await policies.save(conn, night, areas.township(t), 0, "seed")
