"""What a person may do, and where: roles × areas, by one table. Pure. docs/permissions.md is held to this file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from heartlamp_server.responder.model import Person

ROLES: Mapping[str, tuple[str, str]] = {
    "operator": ("值班员", "operator"),
    "commander": ("指挥员", "commander"),
    "grid_worker": ("网格员", "grid worker"),
    "group_head": ("户长", "household-group head"),
    "volunteer": ("志愿者", "volunteer"),
    "family": ("亲属", "family"),
    "police": ("警察", "police"),
    "department": ("部门", "department"),
    "technician": ("技术员", "technician"),
    "auditor": ("审计员", "auditor"),
    "administrator": ("管理员", "administrator"),
    "wall": ("大屏", "wall screen"),
}
"""role -> (Chinese, English)."""

_CENTRE = ("operator", "commander")
_IN_THE_FIELD = ("grid_worker", "group_head", "volunteer", "family")

TABLE: Mapping[str, frozenset[str]] = {
    action: frozenset(roles)
    for action, roles in {
        # An incident: to see one at all, and what more it takes where it is silent, is over, or was not handed over.
        "incident.see": (*_CENTRE, *_IN_THE_FIELD, "police"),
        "incident.silent": (*_CENTRE, "police"),
        "incident.past": (*_CENTRE, "police"),
        "incident.unhanded": (*_CENTRE, *_IN_THE_FIELD),
        "incident.answer": (*_CENTRE, *_IN_THE_FIELD, "police"),  # for oneself
        "incident.answer_for": _CENTRE,  # for somebody who said it on the telephone
        "incident.close": _CENTRE,
        "incident.report": (*_CENTRE, *_IN_THE_FIELD),
        "hotline": _CENTRE,
        "drill.announce": (*_CENTRE, "grid_worker", "group_head"),  # who stands at the lamp
        "incident.handover": (*_CENTRE, "police"),  # police: of what they were handed
        "shift": _CENTRE,
        "picture.see": _CENTRE,
        "broadcast": _CENTRE,
        "device.see": (*_CENTRE, "grid_worker", "technician", "administrator"),
        "device.change": ("technician", "administrator"),
        "quarantine.see": _CENTRE,
        "area.see": tuple(role for role in ROLES if role not in ("family", "department", "wall")),
        "area.change": ("administrator",),
        "household.see": (*_CENTRE, "grid_worker"),
        "household.change": ("grid_worker", "administrator"),
        "household.export": ("administrator",),
        "person.see": (*_CENTRE, "administrator"),
        "number.see": (*_CENTRE, "administrator"),
        "person.change": ("administrator",),
        "system.change": ("administrator",),
        "family.see": (*_CENTRE, "grid_worker", "administrator"),
        "family.change": ("grid_worker", "administrator"),
        "roster.see": (*_CENTRE, "grid_worker", "group_head", "administrator"),
        "roster.change": ("commander", "administrator"),
        "channel.see": (*_CENTRE, "administrator"),
        "policy.see": (*_CENTRE, "administrator"),
        "policy.change": ("commander", "administrator"),
        "matter.see": (*_CENTRE, "grid_worker", "department"),
        "matter.answer": (*_CENTRE, "grid_worker", "department"),
        "order.see": (*_CENTRE, "grid_worker", "volunteer"),
        "order.answer": (*_CENTRE, "grid_worker", "volunteer"),
        "patrol.see": (*_CENTRE, "grid_worker", "administrator"),
        "patrol.do": ("grid_worker", "group_head", "volunteer", "technician"),
        "house.see": ("family",),
        "house.code": ("technician", "administrator"),
        "house.phones": (*_CENTRE, "grid_worker", "administrator"),
        "figures.see": (*_CENTRE, "auditor", "administrator"),
        "figures.lock": ("commander", "administrator"),  # stand for a month
        "figures.keep": ("administrator",),  # the report's form, and what SIM cards cost
        "wall.see": (*_CENTRE, "administrator", "wall"),
        "retention.change": ("administrator",),  # of the whole county
        "audit.read": ("auditor",),
        # Whoever is signed in: the own account, and a feed that holds only what one may see.
        "self": tuple(ROLES),
    }.items()
}
"""action -> the roles that may do it, each in its own areas."""

NEEDS_SECOND = frozenset(("commander", "administrator"))
"""Roles that hold only in a session that was opened with the second factor."""

LASTING = frozenset(("wall",))
"""Roles that hold for as long as their session: a screen on a wall has nobody who signs in each morning, and nothing
on it that a passer-by may not see."""

IN_THE_VILLAGE = frozenset(("village", "grid", "group"))
"""The village and what is in it: nothing there may learn of a silent alarm, but for police."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that is in force. `area` None: everywhere here; `level`: the area's; `site`: of `family`, which has no
    area; `unit`: of a department; `above`: where every other area lies in this one, those that do not; None: nobody
    looked, or many do not."""

    role: str
    area: int | None = None
    level: str = ""
    site: str = ""
    unit: str = ""
    above: tuple[int, ...] | None = field(default=None, compare=False)

    def covers(self, spot: "Spot") -> bool:
        if self.site:
            return self.site == spot.site
        return self.area is None or self.area in spot.areas

    def can(self, action: str) -> bool:
        if action == "incident.silent" and self.role != "police" and self.level in IN_THE_VILLAGE:
            return False
        return self.role in TABLE[action]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a thing is. `areas`: the ids of every area that it lies in, grids among them; none: nobody knows where, so
    only who may everywhere may here."""

    areas: frozenset[int] = frozenset()
    site: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """All the places where something is allowed, for SQL. `narrow`: a few villages at most, so that a list is found
    sooner by its sites than by its time; `above`: every area but these, None where `areas` have to be gone through."""

    everywhere: bool = False
    areas: tuple[int, ...] = ()
    sites: tuple[str, ...] = ()
    narrow: bool = False
    above: tuple[int, ...] | None = None

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.areas or self.sites)


@dataclass(frozen=True, slots=True)
class View:
    """Incidents that are seen in `reach`: the open ones that were handed over, and those that the flags add."""

    reach: Reach
    silent: bool
    past: bool
    unhanded: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """Who asks, and what that person may do now. `session`: its number; `second`: it was opened with the second factor;
    `waiting`: roles that hold only once it is."""

    person: Person
    grants: tuple[Grant, ...] = ()
    session: int = 0
    second: bool = False
    waiting: tuple[str, ...] = field(default=())


def scope(person: Person, grants: tuple[Grant, ...], session: int, second: bool) -> Scope:
    """`grants`: all that are in force by their dates."""
    waiting = () if second else tuple(sorted({g.role for g in grants} & NEEDS_SECOND))
    return Scope(person, tuple(g for g in grants if g.role not in waiting), session, second, waiting)


def anywhere(scope: Scope, action: str) -> bool:
    return action == "self" or any(g.can(action) for g in scope.grants)


def may(scope: Scope, action: str, spot: Spot) -> bool:
    return any(g.can(action) and g.covers(spot) for g in scope.grants)


def reach(scope: Scope, action: str) -> Reach:
    return _reach(g for g in scope.grants if g.can(action))


def sees(scope: Scope, spot: Spot, silent: bool, past: bool, handed_over: bool) -> bool:
    """Whether an incident at `spot` is for this person. `past`: it is over."""
    needed = ["incident.see"]
    needed += ["incident.silent"] if silent else []
    needed += ["incident.past"] if past else []
    needed += [] if handed_over else ["incident.unhanded"]
    return any(g.covers(spot) and all(map(g.can, needed)) for g in scope.grants)


def views(scope: Scope) -> tuple[View, ...]:
    """The same as `sees`, for lists."""
    alike: dict[tuple[bool, bool, bool], list[Grant]] = {}
    for grant in scope.grants:
        if grant.can("incident.see"):
            key = (grant.can("incident.silent"), grant.can("incident.past"), grant.can("incident.unhanded"))
            alike.setdefault(key, []).append(grant)
    return tuple(View(_reach(grants), *key) for key, grants in sorted(alike.items(), reverse=True))


def contains(
    scope: Scope, action: str, other: tuple[Grant, ...], spots: Mapping[int, Spot], sites: Mapping[str, Spot]
) -> bool:
    """Whether everything that `other` reaches lies where this person may do `action`: nobody changes an account that
    reaches further than one's own, and nobody gives what one does not have. An account that reaches nothing is for who
    may everywhere: it could be given a role later by another. `spots`: by area; `sites`: by site."""

    def inside(grant: Grant) -> bool:
        if grant.site:
            return may(scope, action, sites.get(grant.site, Spot()))
        if grant.area is None:
            return reach(scope, action).everywhere
        return may(scope, action, spots.get(grant.area, Spot()))

    return all(map(inside, other)) if other else reach(scope, action).everywhere


def _reach(grants: Iterable[Grant]) -> Reach:
    found = list(grants)
    return Reach(
        any(g.area is None and not g.site for g in found),
        tuple(sorted({g.area for g in found if g.area is not None})),
        tuple(sorted({g.site for g in found if g.site})),
        all(g.site or g.level in IN_THE_VILLAGE for g in found),
        min((g.above for g in found if g.above is not None), key=len, default=None),
    )
