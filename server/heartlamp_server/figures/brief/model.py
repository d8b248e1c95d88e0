"""每日一报, the daily brief: what the last 24 hours were, for who takes over. By number and place, never by name
or house: it is read aloud, sent, and pinned to a wall. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from heartlamp_server.figures.report.fields import LEVELS
from heartlamp_server.incident.texts import WHAT
from heartlamp_server.responder.roster.model import Roster, gaps, spans
from heartlamp_server.responder.scope import ROLES

LISTED = 200


class AlarmLine(BaseModel):
    """`n`: its number in this brief; `place`: township and village; the times: seconds from the press, null where that
    was not said; `ended`: "" (open), closed or false."""

    n: int
    what: str
    place: list[str]
    began_at: datetime
    ended: str
    arrived: str
    accept_s: int | None
    dispatch_s: int | None
    arrive_s: int | None
    close_s: int | None


class OpenLine(BaseModel):
    what: str
    place: list[str]
    began_at: datetime


class SickLine(BaseModel):
    """A village. `missed`: devices that were not heard of in time, of `devices`; `gateway`: its gateway is silent."""

    village: str
    devices: int
    missed: int
    gateway: bool


class DutyLine(BaseModel):
    """Of the rosters of one role at one level. `people`: how many had duty; `uncovered_minutes`: with nobody, all
    rosters together."""

    role: str
    level: str
    rosters: int
    people: int
    uncovered_minutes: int


class LateLine(BaseModel):
    """A matter by its number; `late_minutes`: since its limit passed."""

    matter: int
    zh: str
    en: str
    unit: str
    place: str
    late_minutes: int


class BriefView(BaseModel):
    """`day`: on which it ends; lists hold LISTED at most, the counts all. `kinds`: of the alarms; `private`: late
    matters that their parties asked for privately, which are only counted."""

    area: int
    name: str
    day: date
    since: datetime
    until: datetime
    made_at: datetime
    alarms: int
    kinds: dict[str, int]
    ended: int
    false: int
    listed: list[AlarmLine]
    open: int
    opened: list[OpenLine]
    sick: list[SickLine]
    duty: list[DutyLine]
    late: int
    private: int
    matters: list[LateLine]


def window(day: date, at_minute: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The twenty-four hours that end on `day`, by the county's clock."""
    ends = time(at_minute // 60, at_minute % 60)
    return datetime.combine(day - timedelta(days=1), ends, zone), datetime.combine(day, ends, zone)


def newest_day(now: datetime, at_minute: int, zone: ZoneInfo) -> date:
    """On which the last brief ended."""
    local = now.astimezone(zone)
    return local.date() if local.hour * 60 + local.minute >= at_minute else local.date() - timedelta(days=1)


def duty(rosters: Iterable[tuple[str, Roster]], since: datetime, until: datetime) -> list[DutyLine]:
    """`rosters`: (level of its area, roster). Who was on duty, counted by role."""
    many: Counter[tuple[str, str]] = Counter()
    people: dict[tuple[str, str], set[str]] = {}
    without: Counter[tuple[str, str]] = Counter()
    for level, roster in rosters:
        of = (level, roster.role)
        held = spans(roster, since, until)
        many[of] += 1
        people.setdefault(of, set()).update(p for span in held for p in span.people)
        without[of] += sum(round((gap.until - gap.since).total_seconds() / 60) for gap in gaps(held))
    order = list(LEVELS)
    return [
        DutyLine(role=of[1], level=of[0], rosters=many[of], people=len(people[of]), uncovered_minutes=without[of])
        for of in sorted(many, key=lambda o: (order.index(o[0]), list(ROLES).index(o[1])))
    ]


def text(brief: BriefView, zone: ZoneInfo, english: bool = False) -> str:
    """To be sent: a few lines."""
    kinds = [(WHAT[what][english], many) for what, many in sorted(brief.kinds.items(), key=lambda k: -k[1])]
    ends = [at.astimezone(zone).strftime("%m-%d %H:%M") for at in (brief.since, brief.until)]
    of_kinds = [_listed(kinds, "（", "、", "）"), _listed(kinds, " (", ", ", ")")][english]
    missed, silent = sum(s.missed for s in brief.sick), sum(s.gateway for s in brief.sick)
    unheld = sum(d.uncovered_minutes for d in brief.duty)
    if english:
        lines = [
            f"{brief.name}: daily brief, {ends[0]} to {ends[1]}",
            f"Alarms {brief.alarms}{of_kinds}; ended {brief.ended}, of them false {brief.false}",
            f"Open now {brief.open}; devices missed {missed} in {len(brief.sick)} villages, gateways silent {silent}",
            f"On duty {sum(d.people for d in brief.duty)}; uncovered {unheld} min; matters late {brief.late}",
        ]
    else:
        lines = [
            f"{brief.name}心灯每日一报 {ends[0]} 至 {ends[1]}",
            f"警情 {brief.alarms} 起{of_kinds}，了结 {brief.ended} 起，其中误报 {brief.false} 起",
            f"未了结 {brief.open} 起；失联设备 {missed} 台，涉及 {len(brief.sick)} 个村；失联网关 {silent} 台",
            f"值班 {sum(d.people for d in brief.duty)} 人次，无人值守 {unheld} 分钟；逾期事项 {brief.late} 件",
        ]
    return "\n".join(lines) + "\n"


def _listed(kinds: Sequence[tuple[str, int]], begin: str, between: str, end: str) -> str:
    return f"{begin}{between.join(f'{name} {many}' for name, many in kinds)}{end}" if kinds else ""
