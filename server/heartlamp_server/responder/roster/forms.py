"""What is typed and shown of rosters: the API's forms."""

from datetime import date, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field

from heartlamp_server import plain
from heartlamp_server.problems import problem
from heartlamp_server.responder.forms import Moment
from heartlamp_server.responder.roster import model
from heartlamp_server.responder.roster.model import Roster, Shift, Span

Role = Literal["operator", "commander", "grid_worker", "group_head", "volunteer", "police", "department", "technician"]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]
Minute = Annotated[int, Field(ge=0, le=1439)]
Id = Annotated[int, Field(ge=1, le=2**62)]
Name = Annotated[str, Field(min_length=1, max_length=64)]


class ShiftForm(BaseModel):
    """`starts`, `ends`: minutes of the local day, the same or an earlier end is of the next day; `weekdays`: 1 Monday
    to 7 Sunday; `turns`: people's names in the order of calling, one turn after the other, each for `turn_days`."""

    model_config = {"extra": "forbid"}

    name: Annotated[str, Field(min_length=1, max_length=40)]
    starts: Minute
    ends: Minute
    turns: Annotated[
        list[Annotated[list[Name], Field(min_length=1, max_length=20)]], Field(min_length=1, max_length=60)
    ]
    first_day: Day
    weekdays: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1)] = Field(list(range(1, 8)))
    days: Annotated[list[Literal["work", "rest", "holiday"]], Field(min_length=1)] = Field(["work", "rest", "holiday"])
    turn_days: Annotated[int, Field(ge=1, le=366)] = 1
    last_day: Day | None = None


class RosterForm(BaseModel):
    """`area` null: of the whole county."""

    model_config = {"extra": "forbid"}

    area: int | None
    role: Role
    name: Annotated[str, Field(min_length=1, max_length=60)]
    zone: Annotated[str, Field(max_length=40)] = model.ZONE.key
    shifts: Annotated[list[ShiftForm], Field(min_length=1, max_length=20)]


class SwapForm(BaseModel):
    model_config = {"extra": "forbid"}

    shift: Annotated[str, Field(max_length=40)]
    day: Day
    off: Name
    instead: Name


class AbsenceForm(BaseModel):
    model_config = {"extra": "forbid"}

    person: Name
    since: Moment
    until: Moment


class RosterMade(BaseModel):
    id: int


class AbsenceView(BaseModel):
    person: str
    since: datetime
    until: datetime


class RosterView(RosterForm):
    id: int
    role: str  # type: ignore[assignment]
    swaps: list[SwapForm]
    absences: list[AbsenceView]


class Rosters(BaseModel):
    rosters: list[RosterView]


class SpanView(BaseModel):
    since: datetime
    until: datetime
    shifts: list[str]
    people: list[str]


class Unfit(BaseModel):
    """`why`: no such person; signed off; without the role here; or without a number that answered a test call within 30
    days."""

    person: str
    why: Literal["unknown", "disabled", "role", "number"]


class Check(BaseModel):
    """`whole`: nobody is missing at any time and everybody can be called, so a policy may end with this roster;
    `unknown_years`: no public holidays are entered for them; `spans`: who is on call when, all of the time asked for;
    `shown`: account -> the name that people see."""

    whole: bool
    spans: list[SpanView]
    shown: dict[str, str]
    gaps: list[SpanView]
    overlaps: list[SpanView]
    unknown_years: list[int]
    unfit: list[Unfit]


class OnCallPerson(BaseModel):
    name: str
    display: str


class OnCall(BaseModel):
    at: datetime
    people: list[OnCallPerson]


class HolidayView(BaseModel):
    day: date
    kind: Literal["holiday", "work"]
    name: str


class Holidays(BaseModel):
    holidays: list[HolidayView]


class HolidayList(BaseModel):
    """CSV: 日期,类型,名称; 类型 is 放假 or 上班 (a weekend that is worked). Its years are replaced whole."""

    model_config = {"extra": "forbid"}

    text: Annotated[str, Field(max_length=60_000)]


class Imported(BaseModel):
    """`problems`: rows that were not taken, with the reason; where there is one, nothing was changed."""

    taken: int
    problems: list[str]


def to_roster(given: RosterForm) -> Roster:
    """Raises 422."""
    if not all(plain.name(name) for name in (given.name, *(s.name for s in given.shifts))):
        raise problem(422, "名称不能为空 · a name is blank", "请填写 · give one")
    try:
        zone = ZoneInfo(given.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise problem(
            422, "没有这个时区 · no such time zone", "例如 Asia/Shanghai · for example Asia/Shanghai"
        ) from None
    shifts = tuple(
        Shift(
            plain.name(s.name),
            s.starts,
            s.ends,
            tuple(map(tuple, s.turns)),
            s.first_day,
            frozenset(s.weekdays),
            frozenset(s.days),
            s.turn_days,
            s.last_day,
        )
        for s in given.shifts
    )
    return Roster(given.area, given.role, plain.name(given.name), shifts, zone)


def view(id: int, roster: Roster) -> RosterView:
    shifts = [
        ShiftForm(
            name=s.name,
            starts=s.starts,
            ends=s.ends,
            turns=[list(turn) for turn in s.turns],
            first_day=s.first_day,
            weekdays=sorted(s.weekdays),
            days=[d for d in model.DAYS if d in s.days],  # type: ignore[misc]
            turn_days=s.turn_days,
            last_day=s.last_day,
        )
        for s in roster.shifts
    ]
    return RosterView(
        id=id,
        area=roster.area,
        role=roster.role,
        name=roster.name,
        zone=roster.zone.key,
        shifts=shifts,
        swaps=[SwapForm(shift=s.shift, day=s.day, off=s.off, instead=s.instead) for s in roster.swaps],
        absences=[AbsenceView(person=a.person, since=a.since, until=a.until) for a in roster.absences],
    )


def span_views(found: list[Span]) -> list[SpanView]:
    return [SpanView(since=s.since, until=s.until, shifts=list(s.shifts), people=list(s.people)) for s in found[:200]]
