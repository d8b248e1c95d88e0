"""Who has a duty now, from rosters and roles: asked for beforehand, because compiling and deciding are pure."""

import hashlib
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
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


# Each area above them once, however many of them it is above.
_ABOVE = """
WITH RECURSIVE up (id) AS (
    SELECT unnest(%(areas)s::bigint[])
    UNION SELECT b.above FROM up CROSS JOIN LATERAL (SELECT above FROM area_above WHERE id = up.id OFFSET 0) AS b
)
SELECT a.id, a.level, a.police, ARRAY(SELECT above FROM area_above WHERE id = up.id)
FROM up CROSS JOIN LATERAL (SELECT id, level, police FROM area WHERE id = up.id OFFSET 0) AS a
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


async def place(conn: Connection, area: int, site: str = "") -> Place:
    return replace((await places(conn, [area]))[area], site=site)


async def places(conn: Connection, areas: Sequence[int]) -> dict[int, Place]:
    """By area."""
    rows = await (await conn.execute(_ABOVE, {"areas": list(areas)})).fetchall()
    level = {id: level for id, level, police, _ in rows if not police}
    above = {id: those for id, _, _, those in rows}
    found: dict[int, Place] = {}
    for area in areas:
        depth = {area: 0}
        waiting = deque([area])
        while waiting:
            one = waiting.popleft()
            nearer = [other for other in above.get(one, ()) if other not in depth]
            depth |= dict.fromkeys(nearer, depth[one] + 1)
            waiting += nearer
        chain = sorted((i for i in depth if i in level), key=lambda i: (depth[i], level[i] != "grid", i))
        levels: dict[str, tuple[int, ...]] = {}
        for id in chain:
            levels[level[id]] = (*levels.get(level[id], ()), id)
        found[area] = Place(str(area), levels, tuple(chain))
    return found


class Duties:
    """`names`: (duty, household group, site or "") -> who has it, in the order of calling; `known`: what is known of
    them."""

    def __init__(self, names: Mapping[tuple[Whom, str, str], Sequence[str]], known: Mapping[str, OnDuty]) -> None:
        self._names, self._known = names, known

    def at(self, site: str = "") -> Duty:
        """As seen from a site, whose family is called; "": from none in particular."""
        return lambda whom, group: [
            self._known[n] for n in self._names.get((whom, group, site), ()) if n in self._known
        ]


async def duties(
    conn: Connection, seal: Seal, policies: Iterable[EscalationPolicy], places: Sequence[Place], now: datetime
) -> Duties:
    """Of all that these policies call from these places."""
    wanted = {whom for policy in policies for step in policy.steps for whom in step.whom if whom.role not in MACHINES}
    held = await _held(conn, wanted, places)
    names = {(whom, p.group, p.site): _names(held, whom, p, now) for whom in wanted for p in places}
    called = frozenset(name for found in names.values() for name in found)
    return Duties(names, await _on_duty(conn, seal, called))


@dataclass(frozen=True, slots=True)
class _Held:
    """Who is on call by which roster, and who has which role, (area, role); an area of None: everywhere here.
    `families`: by site; `called`: what was reckoned once."""

    rosters: Mapping[tuple[int | None, str], Sequence[Roster]]
    holders: Mapping[tuple[int | None, str], Sequence[str]]
    families: Mapping[str, Sequence[str]]
    called: dict[tuple[int | None, str], tuple[str, ...]] = field(default_factory=dict)

    def on_call(self, area: int | None, role: str, now: datetime) -> Sequence[str]:
        """In that order; where no roster says so, who has the role."""
        key = area, role
        if key not in self.called:
            found = rosters.on_call(self.rosters.get(key, ()), area, role, now)
            self.called[key] = found or tuple(self.holders.get(key, ()))
        return self.called[key]


async def _held(conn: Connection, wanted: Collection[Whom], places: Collection[Place]) -> _Held:
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
    sites = sorted({p.site for p in places if p.site}) if any(w.level == "site" for w in wanted) else []
    return _Held(those, holders, await people.families(conn, sites) if sites else {})


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


def _names(held: _Held, whom: Whom, at: Place, now: datetime) -> Sequence[str]:
    """Who is on call, in that order."""
    if whom.level == "site":
        return held.families.get(at.site, ()) if whom.role == "family" else ()
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
