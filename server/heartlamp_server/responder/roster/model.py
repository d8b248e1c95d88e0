"""Who is on call at a moment, and when nobody is. Pure; times are local to the roster's zone, `now` is aware.

A shift of a day begins on that day; where it ends no later than it begins, it ends on the next one. Whether it is held
on a day goes by the weekday and by what kind of day it is: public holidays and the weekends that are worked instead
(调休) are data, for which nobody can reckon ahead. Clocks are compared as people read them from the wall."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TypeAlias
from zoneinfo import ZoneInfo

WORK, REST, HOLIDAY = "work", "rest", "holiday"
DAYS = (WORK, REST, HOLIDAY)
ZONE = ZoneInfo("Asia/Shanghai")
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Shift:
    """`starts`, `ends`: minutes of the local day; `weekdays`: 1 Monday to 7 Sunday; `days`: of DAYS; `turns`: who, in
    the order of calling, one after the other, each for `turn_days` from `first_day` on; `last_day`: None, no end."""

    name: str
    starts: int
    ends: int
    turns: tuple[tuple[str, ...], ...]
    first_day: date
    weekdays: frozenset[int] = frozenset(range(1, 8))
    days: frozenset[str] = frozenset(DAYS)
    turn_days: int = 1
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class Swap:
    """On the shift that begins on `day`, `instead` stands in for `off`."""

    shift: str
    day: date
    off: str
    instead: str


@dataclass(frozen=True, slots=True)
class Absence:
    person: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Roster:
    """Of one role in one area (None: of the whole county). `calendar`: day -> HOLIDAY, or WORK for a weekend that is
    worked; `absences`: of whoever is on it."""

    area: int | None
    role: str
    name: str
    shifts: tuple[Shift, ...]
    zone: ZoneInfo = ZONE
    swaps: tuple[Swap, ...] = ()
    absences: tuple[Absence, ...] = ()
    calendar: Mapping[date, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Held:
    """A shift as it is held once. `since`, `until`: local, naive; `people`: after swaps, before absences."""

    shift: str
    since: datetime
    until: datetime
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """`shifts`: that are held from `since` to `until`; `people`: on call then."""

    since: datetime
    until: datetime
    shifts: tuple[str, ...]
    people: tuple[str, ...]


def kind_of(day: date, calendar: Mapping[date, str]) -> str:
    """WORK, REST or HOLIDAY."""
    return calendar.get(day) or (WORK if day.isoweekday() <= 5 else REST)


def on_call(rosters: Iterable[Roster], area: int | None, role: str, now: datetime) -> tuple[str, ...]:
    """People in the order of calling, each once."""
    found: list[str] = []
    for roster in rosters:
        if (roster.area, roster.role) == (area, role):
            found += _on_call(roster, _local(roster, now))
    return tuple(dict.fromkeys(found))


def spans(roster: Roster, since: datetime, until: datetime) -> list[Span]:
    """All of the time between, cut where anything changes; those who say the same are one."""
    first, last = _local(roster, since), _local(roster, until)
    ahead = list(_held(roster, first - _DAY, last))[::-1]  # the next to begin is the last of it
    away = _away(roster)
    edges = {first, last} | {t for h in ahead for t in (h.since, h.until)} | {t for _, *ends in away for t in ends}
    cuts = sorted(e for e in edges if first <= e <= last)
    held: list[Held] = []
    found: list[Span] = []
    for begin, end in pairwise(cuts):
        while ahead and ahead[-1].since.date() <= begin.date():
            held.append(ahead.pop())
        held = [h for h in held if begin < h.until]
        there = [h for h in held if h.since <= begin]
        span = Span(
            _aware(roster, begin), _aware(roster, end), tuple(h.shift for h in there), _present(there, away, begin)
        )
        if found and (found[-1].shifts, found[-1].people) == (span.shifts, span.people):
            found[-1] = Span(found[-1].since, span.until, span.shifts, span.people)
        else:
            found.append(span)
    return found


def gaps(spans: Iterable[Span]) -> list[Span]:
    """When nobody is on call: a level with a gap cannot be the last step of a policy."""
    return [span for span in spans if not span.people]


def overlaps(spans: Iterable[Span]) -> list[Span]:
    """When two shifts are held at once; often that is meant, so it is only told."""
    return [span for span in spans if len(span.shifts) > 1]


def unknown_years(roster: Roster, since: datetime, until: datetime) -> list[int]:
    """Years of which no holiday is known: what was reckoned there goes by plain weekdays."""
    known = {day.year for day in roster.calendar}
    return [y for y in range(_local(roster, since).year, _local(roster, until).year + 1) if y not in known]


def faults(roster: Roster) -> list[str]:
    """What makes no sense in it, for who enters it: (Chinese · English)."""
    found = []
    names = [shift.name for shift in roster.shifts]
    for shift in roster.shifts:
        where = f"{shift.name}: "
        if names.count(shift.name) > 1:
            found.append(f"{where}班次名称重复 · two shifts have this name")
        if not shift.turns or not all(shift.turns):
            found.append(f"{where}没有安排人员 · nobody is on it, or one of its turns is empty")
        if not shift.weekdays or not shift.days:
            found.append(f"{where}没有任何一天 · it is held on no day")
        if shift.last_day is not None and shift.last_day < shift.first_day:
            found.append(f"{where}结束日期早于开始日期 · it ends before it begins")
    for swap in roster.swaps:
        held = [
            h for h in _held(roster, _midnight(swap.day), _midnight(swap.day), swaps=False) if h.shift == swap.shift
        ]
        if not any(swap.off in h.people for h in held if h.since.date() == swap.day):
            found.append(f"{swap.day} {swap.shift}: {swap.off}当天不在此班 · {swap.off} is not on this shift that day")
    return found


def _on_call(roster: Roster, local: datetime) -> tuple[str, ...]:
    held = [h for h in _held(roster, local - _DAY, local) if h.since <= local < h.until]
    return _present(held, _away(roster), local)


_Away: TypeAlias = tuple[str, datetime, datetime]
"""(person, since, until), local."""


def _away(roster: Roster) -> list[_Away]:
    return [(a.person, _local(roster, a.since), _local(roster, a.until)) for a in roster.absences]


def _present(held: Iterable[Held], away: Iterable[_Away], local: datetime) -> tuple[str, ...]:
    gone = {person for person, since, until in away if since <= local < until}
    return tuple(dict.fromkeys(p for h in held for p in h.people if p not in gone))


def _held(roster: Roster, first: datetime, last: datetime, swaps: bool = True) -> Iterator[Held]:
    """Every shift that begins on a day between, in the order of the roster."""
    day = first.date()
    while day <= last.date():
        for shift in roster.shifts:
            if _is_held(shift, day, roster.calendar):
                since = _midnight(day) + shift.starts * _MINUTE
                until = _midnight(day) + shift.ends * _MINUTE + (_DAY if shift.ends <= shift.starts else 0 * _DAY)
                turn = (day - shift.first_day).days // shift.turn_days % len(shift.turns)
                people = shift.turns[turn]
                if swaps:
                    people = tuple(_instead(roster, shift.name, day, person) for person in people)
                yield Held(shift.name, since, until, people)
        day += _DAY


def _is_held(shift: Shift, day: date, calendar: Mapping[date, str]) -> bool:
    return (
        bool(shift.turns)
        and shift.first_day <= day
        and (shift.last_day is None or day <= shift.last_day)
        and day.isoweekday() in shift.weekdays
        and kind_of(day, calendar) in shift.days
    )


def _instead(roster: Roster, shift: str, day: date, person: str) -> str:
    return next(
        (s.instead for s in roster.swaps if (s.shift, s.day, s.off) == (shift, day, person)),
        person,
    )


def _local(roster: Roster, at: datetime) -> datetime:
    return at.astimezone(roster.zone).replace(tzinfo=None)


def _aware(roster: Roster, local: datetime) -> datetime:
    return local.replace(tzinfo=roster.zone)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
