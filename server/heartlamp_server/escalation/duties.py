"""Who has a duty now, from rosters and roles: asked for beforehand, because compiling and deciding are pure."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from heartlamp_protocol.device.limits import NAME_MAX
from heartlamp_protocol.escalation.plan import Reach

from heartlamp_server.escalation.compile import Duty, OnDuty
from heartlamp_server.escalation.policy import MACHINES, EscalationPolicy, Whom
from heartlamp_server.responder import store as people
from heartlamp_server.responder.roster import model as rosters
from heartlamp_server.responder.roster import store as roster_store
from heartlamp_server.seal import Seal

Connection = psycopg.AsyncConnection[Any]

TOP = ("county", "city")
"""Levels of whose duties who has a role without an area has a part."""
ALWAYS = timedelta(days=28)
"""So far ahead a roster is looked through before its post counts as staffed day and night."""


@dataclass(frozen=True, slots=True)
class Place:
    """Of a household group, or of a village itself. `levels`: level -> ids of areas; `chain`: the same, nearest first;
    `site`: one that is there, "" none in particular."""

    group: str
    levels: Mapping[str, tuple[int, ...]]
    chain: tuple[int, ...]
    site: str = ""


_CHAIN = """
WITH RECURSIVE up (id, depth) AS (
    SELECT %(area)s::bigint, 0 UNION ALL SELECT b.above, up.depth + 1 FROM up JOIN area_above b ON b.id = up.id
)
SELECT a.id, a.level, min(up.depth) FROM up JOIN area a USING (id) WHERE NOT a.police GROUP BY 1, 2
ORDER BY 3, a.level <> 'grid', 1
"""
_OF_TARGET = """
SELECT name, display, languages, password IS NOT NULL FROM person
WHERE disabled_at IS NULL AND 'p-' || left(encode(sha256(convert_to(name, 'UTF8')), 'hex'), 16) = ANY(%s)
"""


def target_id(name: str) -> str:
    """Of a person, as plans name them."""
    return "p-" + hashlib.sha256(name.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Called:
    """A person behind a target. `account`: whether notices in the console reach them."""

    name: str
    display: str
    languages: Sequence[str]
    account: bool


async def behind(conn: Connection, targets: Iterable[str]) -> dict[str, Called]:
    """target -> the person; those who are still somebody here."""
    rows = await (await conn.execute(_OF_TARGET, (sorted(targets),))).fetchall()
    return {target_id(row[0]): Called(*row) for row in rows}


async def place(conn: Connection, area: int, site: str = "") -> Place:
    rows = await (await conn.execute(_CHAIN, {"area": area})).fetchall()
    levels: dict[str, tuple[int, ...]] = {}
    for id, level, _ in rows:
        levels[level] = (*levels.get(level, ()), id)
    return Place(str(area), levels, tuple(row[0] for row in rows), site)


async def duties(
    conn: Connection, seal: Seal, policies: Iterable[EscalationPolicy], places: Sequence[Place], now: datetime
) -> Duty:
    """Of all that these policies call from these places."""
    wanted = {whom for policy in policies for step in policy.steps for whom in step.whom if whom.role not in MACHINES}
    names = {(whom, p.group): await _names(conn, whom, p, now) for whom in wanted for p in places}
    known = await _on_duty(conn, seal, {name for found in names.values() for name in found})
    return lambda whom, group: [known[n] for n in names.get((whom, group), ()) if n in known]


async def _names(conn: Connection, whom: Whom, at: Place, now: datetime) -> list[str]:
    """Who is on call, in that order; where no roster says so, who has the role."""
    if whom.level == "site":
        return [p.name for _, p, _ in await people.family(conn, at.site)] if whom.role == "family" and at.site else []
    found: list[str] = []
    for area in at.levels.get(whom.level, ()):
        those = await roster_store.rosters(
            conn, "ro.area = %(area)s AND ro.role = %(role)s", {"area": area, "role": whom.role}
        )
        called = rosters.on_call(those.values(), area, whom.role, now)
        found += called or [p.name for p in await people.holders(conn, area, whom.role)]
    if not found and whom.level in TOP:
        those = await roster_store.rosters(conn, "ro.area IS NULL AND ro.role = %(role)s", {"role": whom.role})
        found += rosters.on_call(those.values(), None, whom.role, now) or await _everywhere(conn, whom.role)
    return list(dict.fromkeys(found))


async def _everywhere(conn: Connection, role: str) -> list[str]:
    cursor = await conn.execute(
        "SELECT DISTINCT p.name FROM person_role r JOIN person p ON p.name = r.person WHERE r.area IS NULL "
        f"AND r.site IS NULL AND r.role = %s AND p.disabled_at IS NULL AND {people.IN_FORCE} ORDER BY p.name",
        (role,),
    )
    return [row[0] for row in await cursor.fetchall()]


async def _on_duty(conn: Connection, seal: Seal, names: set[str]) -> dict[str, OnDuty]:
    """Numbers first; a notice in the console where there is none, which wakes nobody."""
    found = await behind(conn, map(target_id, names))
    numbers = await people.numbers(conn, seal, sorted(names))
    made = {}
    for id, person in found.items():
        own = numbers[person.name]
        reaches = [Reach("voice", n.number) for n in own] + [Reach("push", id)]
        display = (person.display or person.name)[:NAME_MAX]
        language = person.languages[0] if person.languages else "zh"
        made[person.name] = OnDuty(id, display, language[:16], tuple(reaches[:8]), any(n.proven for n in own))
    return made


async def staffed_always(conn: Connection, whoms: Iterable[Whom], area: int | None, now: datetime) -> frozenset[Whom]:
    """Duties that somebody has at every hour: in every area of that level within `area` (None: here), by rosters that
    have no gap in the days to come, or because it has no roster and somebody has the role."""
    found = set()
    for whom in whoms:
        cursor = await conn.execute(
            "WITH RECURSIVE down (id) AS (SELECT id FROM area WHERE id = %(area)s OR %(area)s::bigint IS NULL "
            "UNION SELECT a.id FROM area_above a JOIN down ON a.above = down.id), "
            "up (id) AS (SELECT %(area)s::bigint UNION SELECT a.above FROM area_above a JOIN up ON a.id = up.id) "
            "SELECT id FROM area WHERE level = %(level)s AND valid_to IS NULL AND NOT police "
            "AND (id IN (SELECT id FROM down) OR id IN (SELECT id FROM up))",
            {"area": area, "level": whom.level},
        )
        areas = [row[0] for row in await cursor.fetchall()]
        if areas and all([await _always(conn, whom, each, now) for each in areas]):
            found.add(whom)
    return frozenset(found)


async def _always(conn: Connection, whom: Whom, area: int, now: datetime) -> bool:
    those = await roster_store.rosters(
        conn, "ro.area = %(area)s AND ro.role = %(role)s", {"area": area, "role": whom.role}
    )
    if those:
        return any(not rosters.gaps(rosters.spans(one, now, now + ALWAYS)) for one in those.values())
    if await people.holders(conn, area, whom.role):
        return True
    return whom.level in TOP and bool(await _everywhere(conn, whom.role))
