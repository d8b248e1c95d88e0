"""Who may see a matter, as whom somebody acts on it, and whom a late one climbs to: roles × areas. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from heartlamp_server.matter.life import LADDER
from heartlamp_server.matter.model import Matter
from heartlamp_server.responder.scope import Grant, Reach, Scope, Spot
from heartlamp_server.responder.within import Where

CENTRE = ("operator", "commander")


def hats(scope: Scope, spot: Spot, matter: Matter) -> frozenset[str]:
    """As whom this person acts on it: of life.BY."""
    found = set()
    for grant in scope.grants:
        if grant.covers(spot):
            found |= {"centre"} if grant.role in CENTRE else set()
            found |= {"supervisor"} if grant.role == "commander" else set()
            found |= {"field"} if grant.role == "grid_worker" else set()
            found |= {"unit"} if grant.role == "department" and grant.unit == matter.unit else set()
    return frozenset(found)


def sees(scope: Scope, spot: Spot, matter: Matter) -> bool:
    """The centre sees all; a grid worker all but what others asked for privately; a department what was whistled for
    it. `seen` is the same as SQL."""
    worn = hats(scope, spot, matter)
    private = matter.report.kind.on_request and matter.raised_by != scope.person.name
    return "centre" in worn or ("field" in worn and not private) or ("unit" in worn and bool(matter.whistled_by))


def seen(where: Where, scope: Scope) -> str:
    """SQL over the matter `m`."""
    where.values["viewer"] = scope.person.name
    parts = [f"({where.inside(reach(scope, CENTRE), 'm.area')})"]
    field = where.inside(reach(scope, ("grid_worker",)), "m.area")
    parts.append(f"({field} AND (NOT m.on_request OR m.raised_by = %(viewer)s))")
    for n, grant in enumerate(g for g in scope.grants if g.role == "department"):
        where.values[f"unit{n}"] = grant.unit
        inside = where.inside(_reach([grant]), "m.area")
        parts.append(f"(m.unit = %(unit{n})s AND m.whistled_by <> '' AND {inside})")
    return f"({' OR '.join(parts)})"


def reach(scope: Scope, roles: Sequence[str]) -> Reach:
    """Where this person has one of the roles."""
    return _reach(g for g in scope.grants if g.role in roles)


def _reach(grants: Iterable[Grant]) -> Reach:
    found = [g for g in grants if not g.site]
    return Reach(any(g.area is None for g in found), tuple(sorted({g.area for g in found if g.area is not None})))


@dataclass(frozen=True, slots=True)
class Supervisor:
    """A person who may be climbed to. `role`: operator, commander, or department; `level`: of the area, "" the whole
    county; `unit`: of a department."""

    name: str
    role: str
    level: str
    unit: str = ""


def told(people: Iterable[Supervisor], level: int, unit: str) -> tuple[str, ...]:
    """Whom a climb tells: the supervisor of its level, or of the next one where nobody is, operators where there is no
    commander; at the first also the department that it waits for. Names, each once."""
    found, known = [], list(people)
    if level == 1 and unit:
        found += [p.name for p in known if p.role == "department" and p.unit == unit]
    for rung in LADDER[level - 1 :]:
        there = [p for p in known if p.level in rung and p.role in ("commander", "operator")]
        above = [p.name for p in there if p.role == "commander"] or [p.name for p in there]
        if above:
            return tuple(sorted(set(found + above)))
    return tuple(sorted(set(found)))
