"""What is shown and typed of figures: the API's forms."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from heartlamp_server.figures.compute import Counted, Told
from heartlamp_server.figures.definition import FIGURES, Value
from heartlamp_server.figures.lock import Difference
from heartlamp_server.figures.lock_store import Lock
from heartlamp_server.figures.trend import Month

Id = Annotated[int, Field(ge=1, le=2**62)]
Day = Annotated[date, Field(ge=date(2001, 1, 1), le=date(2199, 12, 31))]


class DefinitionView(BaseModel):
    """`unit`: count, share (value / of), ms, fen or MB; `how_*`: how it is computed, its denominator with it."""

    name: str
    zh: str
    en: str
    unit: Literal["count", "share", "ms", "fen", "MB"]
    how_zh: str
    how_en: str


class ValueView(BaseModel):
    """`value`: of a share its part; null: there is none; `of`: the denominator; `few`: not said, for it would be of a
    few houses."""

    value: int | None
    of: int | None
    few: bool


class AreaFigures(BaseModel):
    """`values`, `last`: by name, `last` of the same period a year before. Grids overlap household groups: whoever adds
    both up counts twice."""

    area: int
    level: str
    code: str
    name: str
    values: dict[str, ValueView]
    last: dict[str, ValueView]


class LockView(BaseModel):
    """`area`: with which it was locked; `head`: of the audit log then, as `audit verify --head` takes it."""

    id: int
    area: int
    month: date
    version: int
    locked_at: datetime
    locked_by: str
    reason: str
    head: str


class FiguresView(BaseModel):
    """`first`, `last`: days of the county's zone, both in the period. `lock`: the version that these are of, null where
    they were computed now; `last_lock`: the same of last year's."""

    now: datetime
    kind: str
    first: date
    last: date
    zone: str
    own: AreaFigures
    below: list[AreaFigures]
    lock: LockView | None
    last_lock: LockView | None


class TrendMonth(BaseModel):
    """`version`: that was locked, null where it was computed now; `over`: the month has ended."""

    first: date
    version: int | None
    over: bool
    values: dict[str, ValueView]


class TrendView(BaseModel):
    """Twelve months of an area, the oldest first."""

    area: int
    name: str
    months: list[TrendMonth]


class DifferenceView(BaseModel):
    name: str
    before: ValueView | None
    after: ValueView | None


class VersionView(BaseModel):
    """`changes`: against the version before it, for this area."""

    lock: LockView
    changes: list[DifferenceView]


class LockForm(BaseModel):
    """`month`: any day of it; `reason`: of a correction."""

    model_config = {"extra": "forbid"}

    area: Id
    month: Day
    reason: Annotated[str, Field(max_length=500)] = ""


class CardForm(BaseModel):
    """A village's SIM card: `label` names it there (never its number); money in fen."""

    model_config = {"extra": "forbid"}

    village: Id
    label: Annotated[str, Field(min_length=1, max_length=60)]
    payer: Annotated[str, Field(max_length=60)] = ""
    balance_fen: Annotated[int | None, Field(ge=-(10**9), le=10**9)] = None
    balance_on: Day | None = None
    expires_on: Day | None = None
    megabytes: Annotated[int | None, Field(ge=0, le=10**9)] = None
    ended_on: Day | None = None


class CardMonthForm(BaseModel):
    """What it cost and moved in a month: `month` any day of it."""

    model_config = {"extra": "forbid"}

    month: Day
    cost_fen: Annotated[int, Field(ge=0, le=10**9)]
    megabytes: Annotated[int, Field(ge=0, le=10**9)]


class CardMonthView(BaseModel):
    month: date
    cost_fen: int
    megabytes: int


class CardView(CardForm):
    """`months`: newest first, two years of them."""

    id: int
    village_name: str
    months: list[CardMonthView]


def definitions() -> list[DefinitionView]:
    return [
        DefinitionView(name=name, zh=f.zh, en=f.en, unit=f.unit, how_zh=f.how_zh, how_en=f.how_en)  # type: ignore[arg-type]
        for name, f in FIGURES.items()
    ]


def value_view(value: Value) -> ValueView:
    return ValueView(value=value.value, of=value.of, few=value.few)


def values_view(values: Mapping[str, Value]) -> dict[str, ValueView]:
    return {name: value_view(value) for name, value in values.items()}


def area_view(of: Counted) -> AreaFigures:
    a = of.area
    return AreaFigures(
        area=a.id,
        level=a.level,
        code=a.code,
        name=a.name,
        values=values_view(of.values),
        last=values_view(of.last),
    )


def lock_view(lock: Lock, shown: Mapping[str, str]) -> LockView:
    """`shown`: account -> the name that people see."""
    return LockView(
        id=lock.id,
        area=lock.area,
        month=lock.month,
        version=lock.version,
        locked_at=lock.locked_at,
        locked_by=shown.get(lock.locked_by, lock.locked_by),
        reason=lock.reason,
        head=str(lock.head),
    )


def view(told: Told, zone: str, shown: Mapping[str, str]) -> FiguresView:
    return FiguresView(
        now=told.now,
        kind=told.period.kind,
        first=told.period.first,
        last=told.period.last,
        zone=zone,
        own=area_view(told.own),
        below=[area_view(one) for one in told.below],
        lock=lock_view(told.lock, shown) if told.lock else None,
        last_lock=lock_view(told.last_lock, shown) if told.last_lock else None,
    )


def trend_view(area: int, name: str, months: list[Month]) -> TrendView:
    views = [
        TrendMonth(first=m.period.first, version=m.version, over=m.over, values=values_view(m.values)) for m in months
    ]
    return TrendView(area=area, name=name, months=views)


def difference_view(of: Difference) -> DifferenceView:
    before, after = of.before, of.after
    return DifferenceView(
        name=of.name,
        before=value_view(before) if before else None,
        after=value_view(after) if after else None,
    )
