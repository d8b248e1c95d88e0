"""A matter: a thing or a service that somebody must see to, from the report to the close, with the time limits that run
meanwhile. Pure; `now` is an argument, and every rule returns the new matter and the lines for its timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from heartlamp_server.matter import life
from heartlamp_server.matter.catalogue import Kind
from heartlamp_server.matter.hours import Calendar, after, between
from heartlamp_server.matter.life import AWAITED, GRACE_HOURS


@dataclass(frozen=True, slots=True)
class Limit:
    """`n`: 1, 2 … of its matter; `name`: of life.LIMITS; `unit`: which department it waits for, "" the centre; `hours`
    and `time`: as the catalogue counts, 0 where a supervisor named the moment; `climbs`: when it climbs, level by
    level, and `climbed`: how many of them were told; `ended`: "" while it runs, "met", or "void" where it no longer
    matters; `late_minutes`: how late it was met, in its own time."""

    n: int
    name: str
    unit: str
    hours: int
    time: str
    since: datetime
    due_at: datetime
    climbs: tuple[datetime, ...]
    climbed: int = 0
    ended: str = ""
    ended_at: datetime | None = None
    late_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Longer:
    """An extension that the department asks for. `by`: the person."""

    until: datetime
    why: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """Of the timeline. `act`: of life.ACTS; `by`: the person's name, "" the clock; `hat`: of life.BY."""

    at: datetime
    act: str
    by: str
    hat: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is raised. `area`: where; `path`: its areas' names as they are now; `site`: a household's, "" none; `place`:
    in words; `latitude`, `longitude`: WGS-84 degrees or None; `photos`: references; `source`: of life.SOURCES; `ref`:
    the source's own id, by which the same report is known again; `asked`: a party asks for it."""

    kind: Kind
    area: int
    path: tuple[str, ...]
    words: str
    source: str
    site: str = ""
    place: str = ""
    latitude: float | None = None
    longitude: float | None = None
    photos: tuple[str, ...] = ()
    ref: str = ""
    asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """`unit`: the responsible department; `*_by`: person's names, "" not yet; `handled_as`: the hat of who did it;
    `reopened`: how often. Its stage follows."""

    id: int
    report: Report
    unit: str
    raised_by: str
    raised_at: datetime
    whistled_by: str = ""
    reported_by: str = ""
    returned_by: str = ""
    handled_by: str = ""
    handled_as: str = ""
    verified_by: str = ""
    ended: str = ""
    ended_at: datetime | None = None
    ended_by: str = ""
    said: str = ""
    longer: Longer | None = None
    reopened: int = 0
    limits: tuple[Limit, ...] = ()

    @property
    def stage(self) -> str:
        if self.ended:
            return self.ended
        done = {
            life.VERIFIED: self.verified_by,
            life.HANDLED: self.handled_by,
            life.RETURNED: self.returned_by,
            life.REPORTED: self.reported_by,
            life.WHISTLED: self.whistled_by,
        }
        return next((stage for stage, by in done.items() if by), life.RAISED)

    @property
    def running(self) -> Limit | None:
        """The limit of what is waited for now; None where it is over."""
        awaited = AWAITED.get(self.stage)
        return next((one for one in reversed(self.limits) if one.name == awaited and not one.ended), None)

    @property
    def next_climb_at(self) -> datetime | None:
        now = self.running
        return now.climbs[now.climbed] if now and now.climbed < len(now.climbs) else None


@dataclass(frozen=True, slots=True)
class Said:
    """What a person does. `hats`: of life.BY, all that the person wears here; the others: as life.NEEDS asks."""

    act: str
    by: str
    hats: frozenset[str]
    words: str = ""
    why: str = ""
    unit: str = ""
    until: datetime | None = None
    what: str = ""
    photos: tuple[str, ...] = ()
    document: str = ""
    how: str = ""
    said: str = ""


Change = tuple[Matter, Line]


@dataclass(frozen=True, slots=True)
class Climb:
    """A limit that was passed. `n`: the limit's; `level`: 1 … life.LEVELS; `at`: since when."""

    n: int
    level: int
    at: datetime


def due(matter: Matter, now: datetime) -> list[Climb]:
    """What climbs at `now`, lowest level first; each level of a limit once, however late anybody asks."""
    one = matter.running
    if one is None:
        return []
    levels = enumerate(one.climbs[one.climbed :], one.climbed + 1)
    return [Climb(one.n, level, at) for level, at in levels if at <= now]


def climbed(matter: Matter, climb: Climb, to: Sequence[str], now: datetime) -> Change:
    """It was told to these people."""
    one = next(limit for limit in matter.limits if limit.n == climb.n)
    detail = {
        "limit": one.name,
        "level": climb.level,
        "due_at": one.due_at.isoformat(),
        "unit": one.unit,
        "to": list(to),
    }
    return put(matter, replace(one, climbed=climb.level)), Line(now, "climb", "", "clock", detail)


# --- limits -------------------------------------------------------------------------------------------------------


def begin(matter: Matter, name: str, unit: str, hours: int, time: str, now: datetime, calendar: Calendar) -> Matter:
    due_at = after(now, hours, time, calendar)
    climbs = (due_at, after(due_at, _grace(hours), time, calendar))
    one = Limit(len(matter.limits) + 1, name, unit, hours, time, now, due_at, climbs)
    return replace(matter, limits=(*matter.limits, one))


def extend(matter: Matter, until: datetime, now: datetime, calendar: Calendar) -> Matter:
    """To have it done `until` then, in place of what was."""
    kind = matter.report.kind
    climbs = (until, after(until, _grace(kind.done), kind.time, calendar))
    freed = void(matter, ("done",), now)
    one = Limit(len(freed.limits) + 1, "done", matter.unit, 0, kind.time, now, until, climbs)
    return replace(freed, limits=(*freed.limits, one))


def _grace(hours: int) -> int:
    return min(hours, GRACE_HOURS)


def meet(matter: Matter, name: str, now: datetime, calendar: Calendar) -> Matter:
    one = next((x for x in reversed(matter.limits) if x.name == name and not x.ended), None)
    if one is None:
        return matter
    late = between(one.due_at, now, one.time, calendar) // timedelta(minutes=1)
    return put(matter, replace(one, ended="met", ended_at=now, late_minutes=late))


def void(matter: Matter, names: Sequence[str], now: datetime) -> Matter:
    for one in matter.limits:
        if one.name in names and not one.ended:
            matter = put(matter, replace(one, ended="void", ended_at=now))
    return matter


def put(matter: Matter, one: Limit) -> Matter:
    return replace(matter, limits=tuple(one if x.n == one.n else x for x in matter.limits))
