"""Days, weeks, months and years of the county's own calendar. Pure."""

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

Kind: TypeAlias = Literal["day", "week", "month", "year", "range"]
_DAY = timedelta(days=1)
FIRST_YEAR, LAST_YEAR = 2000, 2199


class NoPeriod(ValueError):
    """What is wrong with the asked period: Chinese · English."""


@dataclass(frozen=True, slots=True)
class Period:
    """From the beginning of `first` until the end of `last`, both in it."""

    kind: Kind
    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def moments(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """[since, until)."""
        ends = self.last + _DAY
        return datetime.combine(self.first, time(), zone), datetime.combine(ends, time(), zone)


def period(kind: Kind, day: date, until: date | None = None) -> Period:
    """The one that `day` lies in. `until`: the last day of a range. Weeks begin on Monday. Raises NoPeriod."""
    last = until if kind == "range" and until is not None else day
    if not (FIRST_YEAR <= day.year <= last.year <= LAST_YEAR) or last < day:
        zh, en = "时段不对：起止日期颠倒，或不在 2000–2199 年", "it ends before it begins, or is not of our time"
        raise NoPeriod(f"{zh} · no such period: {en}")
    match kind:
        case "day":
            return Period(kind, day, day)
        case "week":
            monday = day - day.weekday() * _DAY
            return Period(kind, monday, monday + 6 * _DAY)
        case "month":
            return Period(kind, day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1]))
        case "year":
            return Period(kind, date(day.year, 1, 1), date(day.year, 12, 31))
        case "range":
            return Period(kind, day, last)


def year_before(of: Period) -> Period:
    """The same one last year: the same month or days (28 February for the 29th), the week of the same number."""
    if of.kind == "week":
        year, week, _ = of.first.isocalendar()
        last = date(year - 1, 12, 28).isocalendar().week
        return period("week", date.fromisocalendar(year - 1, min(week, last), 1))
    if of.kind in ("month", "year"):
        return period(of.kind, of.first.replace(year=of.first.year - 1))
    return Period(of.kind, _back(of.first), _back(of.last))


def _back(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def months_until(day: date, many: int) -> list[Period]:
    """So many months, the oldest first; the last is the one that `day` lies in."""
    number = day.year * 12 + day.month - 1
    each = (divmod(n, 12) for n in range(number - many + 1, number + 1))
    return [period("month", date(year, month + 1, 1)) for year, month in each]


def local_day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()
