"""When a time limit ends. Working time is what lies in the windows of working days: public holidays and the weekends
that are worked instead (调休) are data. Pure; all times aware, days are Beijing's."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from heartlamp_server.matter.catalogue import Terms
from heartlamp_server.responder.roster.model import WORK, ZONE, kind_of

_DAYS_MOST = 3660  # a calendar of holidays only must not hang who asks


@dataclass(frozen=True, slots=True)
class Calendar:
    """`days`: day -> what kind of day it is, as for rosters; those that are not in it go by their weekday."""

    terms: Terms = field(default_factory=Terms)
    days: Mapping[date, str] = field(default_factory=dict)


def after(since: datetime, hours: int, time: str, calendar: Calendar) -> datetime:
    """The moment when `hours` of `time` ("work" or "clock") have gone by."""
    left = timedelta(hours=hours)
    if time == "clock":
        return since + left
    end = since
    for begins, ends in _windows(since, calendar):
        begins = max(begins, since)
        if ends - begins >= left:
            return begins + left
        left -= max(ends - begins, timedelta())
        end = ends
    return end + left


def between(since: datetime, until: datetime, time: str, calendar: Calendar) -> timedelta:
    """How much of `time` lies between; none where `until` is not later."""
    if time == "clock":
        return max(until - since, timedelta())
    found = timedelta()
    for begins, ends in _windows(since, calendar):
        if begins >= until:
            break
        found += max(min(ends, until) - max(begins, since), timedelta())
    return found


def _windows(since: datetime, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    """Of the working days from `since` on, those of its own day among them."""
    day = since.astimezone(ZONE).date()
    for _ in range(_DAYS_MOST):
        if kind_of(day, calendar.days) == WORK:
            midnight = datetime(day.year, day.month, day.day, tzinfo=ZONE)
            for begins, ends in calendar.terms.windows:
                yield midnight + timedelta(minutes=begins), midnight + timedelta(minutes=ends)
        day += timedelta(days=1)
