"""Who has a duty now, from rosters and roles: asked for beforehand, because compiling and deciding are pure."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import psycopg
from heartlamp_protocol.device.limits import NAME_MAX
from heartlamp_protocol.escalation.plan import Reach

from heartlamp_server.escalation.compile import Duty, OnDuty
from heartlamp_server.escalation.memo import Memo
from heartlamp_server.escalation.policy import MACHINES, EscalationPolicy, Whom
from heartlamp_server.responder import store as people
from heartlamp_server.responder.roster import model as rosters
from heartlamp_server.responder.roster import store as roster_store
from heartlamp_server.responder.roster.model import Roster
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
WITH RECURSIVE up (start, id, depth) AS (
    SELECT s, s, 0 FROM unnest(%(areas)s::bigint[]) AS s
    UNION ALL SELECT up.start, b.above, up.depth + 1
    FROM up CROSS JOIN LATERAL (SELECT above FROM area_above b WHERE b.id = up.id OFFSET 0) AS b
)
SELECT up.start, a.id, a.level, min(up.depth)
FROM up CROSS JOIN LATERAL (SELECT id, level, police FROM area WHERE id = up.id OFFSET 0) a WHERE NOT a.police
GROUP BY 1, 2, 3 ORDER BY 1, 4, a.level <> 'grid', 2
"""
_OF_TARGET = """
SELECT name, display, languages, password IS NOT NULL FROM person
WHERE disabled_at IS NULL AND person_target(name) = ANY(%s)
"""

_CALLED = """
SELECT name, display, languages, password IS NOT NULL FROM person WHERE disabled_at IS NULL AND name = ANY(%s)
"""


def target_id(name: str) -> str:
    """Of a person, as plans name them; `person_target` of the store says the same."""
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


async def place(conn: Connection, area: int, site: str = "", memo: Memo | None = None) -> Place:
    found = await (memo or Memo()).once(("places", area), lambda: places(conn, [area]))
    return replace(found[area], site=site)


async def places(conn: Connection, areas: Sequence[int]) -> dict[int, Place]:
    """By area."""
    rows = await (await conn.execute(_CHAIN, {"areas": list(areas)})).fetchall()
    found: dict[int, Place] = {area: Place(str(area), {}, ()) for area in areas}
    for start, own in groupby(rows, key=lambda row: row[0]):
        levels: dict[str, tuple[int, ...]] = {}
        chain = [(id, level) for _, id, level, _ in own]
        for id, level in chain:
            levels[level] = (*levels.get(level, ()), id)
        found[start] = Place(str(start), levels, tuple(id for id, _ in chain))
    return found


async def duties(
    conn: Connection,
    seal: Seal,
    policies: Iterable[EscalationPolicy],
    places: Sequence[Place],
    now: datetime,
    memo: Memo | None = None,
) -> Duty:
    """Of all that these policies call from these places."""
    memo = memo or Memo()
    wanted = {whom for policy in policies for step in policy.steps for whom in step.whom if whom.role not in MACHINES}
    groups = frozenset(p.group for p in places)
    held = await memo.once(("held", frozenset(wanted), groups), lambda: _held(conn, wanted, places))
    names = {(whom, p.group): await _names(conn, held, whom, p, now) for whom in wanted for p in places}
    called = frozenset(name for found in names.values() for name in found)
    known = await memo.once(("on duty", called), lambda: _on_duty(conn, seal, called))
    return lambda whom, group: [known[n] for n in names.get((whom, group), ()) if n in known]


@dataclass(frozen=True, slots=True)
class _Held:
    """Who is on call by which roster, and who has which role, (area, role); an area of None: everywhere here.
    `called`: what was reckoned once."""

    rosters: Mapping[tuple[int | None, str], Sequence[Roster]]
    holders: Mapping[tuple[int | None, str], Sequence[str]]
    called: dict[tuple[int | None, str], tuple[str, ...]] = field(default_factory=dict)

    def on_call(self, area: int | None, role: str, now: datetime) -> Sequence[str]:
        """In that order; where no roster says so, who has the role."""
        key = area, role
        if key not in self.called:
            found = rosters.on_call(self.rosters.get(key, ()), area, role, now)
            self.called[key] = found or tuple(self.holders.get(key, ()))
        return self.called[key]


async def _held(conn: Connection, wanted: Iterable[Whom], places: Iterable[Place]) -> _Held:
    """All at once: asked for one by one, the plans of 200 villages are 100,000 questions."""
    roles = sorted({whom.role for whom in wanted})
    levels = {whom.level for whom in wanted}
    areas = sorted({area for p in places for level in levels for area in p.levels.get(level, ())})
    values = {"areas": areas, "roles": roles}
    those: dict[tuple[int | None, str], list[Roster]] = {}
    where = "(ro.area = ANY(%(areas)s) OR ro.area IS NULL) AND ro.role = ANY(%(roles)s)"
    for roster in (await roster_store.rosters(conn, where, values)).values():
        those.setdefault((roster.area, roster.role), []).append(roster)
    holders: dict[tuple[int | None, str], list[str]] = {}
    for area, role, name in await (await conn.execute(_HOLDERS, values)).fetchall():
        holders.setdefault((area, role), []).append(name)
    return _Held(those, holders)


# By OR, every family of the county would be read, whose roles have no area either.
_HOLDERS = f"""
SELECT DISTINCT r.area, r.role, p.name
FROM (
    SELECT r.* FROM person_role r WHERE r.area = ANY(%(areas)s) AND r.role = ANY(%(roles)s) AND {people.IN_FORCE}
    UNION ALL
    SELECT r.* FROM person_role r WHERE r.area IS NULL AND r.site IS NULL AND r.role = ANY(%(roles)s)
        AND {people.IN_FORCE}
) r CROSS JOIN LATERAL (SELECT name FROM person WHERE name = r.person AND disabled_at IS NULL OFFSET 0) p
ORDER BY p.name
"""


async def _names(conn: Connection, held: _Held, whom: Whom, at: Place, now: datetime) -> list[str]:
    """Who is on call, in that order."""
    if whom.level == "site":
        return [p.name for _, p, _ in await people.family(conn, at.site)] if whom.role == "family" and at.site else []
    found = [name for area in at.levels.get(whom.level, ()) for name in held.on_call(area, whom.role, now)]
    if not found and whom.level in TOP:
        found += held.on_call(None, whom.role, now)
    return list(dict.fromkeys(found))


async def _everywhere(conn: Connection, role: str) -> list[str]:
    cursor = await conn.execute(
        "SELECT DISTINCT p.name FROM person_role r JOIN person p ON p.name = r.person WHERE r.area IS NULL "
        f"AND r.site IS NULL AND r.role = %s AND p.disabled_at IS NULL AND {people.IN_FORCE} ORDER BY p.name",
        (role,),
    )
    return [row[0] for row in await cursor.fetchall()]


async def _on_duty(conn: Connection, seal: Seal, names: Set[str]) -> dict[str, OnDuty]:
    """Numbers first; a notice in the console where there is none, which wakes nobody."""
    rows = await (await conn.execute(_CALLED, (sorted(names),))).fetchall()
    found = {target_id(row[0]): Called(*row) for row in rows}
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
