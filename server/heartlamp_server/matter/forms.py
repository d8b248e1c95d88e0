"""What is typed and shown of matters: the API's forms."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from heartlamp_server import plain
from heartlamp_server.matter import life
from heartlamp_server.matter.life import ACTS, HOW, LIMITS, SAID, TABLE
from heartlamp_server.matter.model import Limit, Line, Matter, Said

Id = Annotated[int, Field(ge=1, le=2**62)]
Text = Annotated[str, Field(max_length=500)]
Photo = Annotated[str, Field(min_length=1, max_length=200)]
Photos = Annotated[list[Photo], Field(max_length=20)]
Act = Literal[
    "note", "whistle", "decline", "withdraw", "report_in", "return", "reassign", "uphold", "ask_longer", "grant",
    "refuse", "settle", "handle", "redo", "verify", "close", "reopen",
]  # fmt: skip


class ReportForm(BaseModel):
    """`code`: of the catalogue; where: a `site`, or an `area`, or the one of the `incident` it comes from; `photos`:
    references; `ref`: the other system's own id, by which the same report is known again; `asked`: a party asks for
    it."""

    model_config = {"extra": "forbid"}

    code: Annotated[str, Field(max_length=10)]
    words: Annotated[str, Field(min_length=1, max_length=1000)]
    source: Literal["resident", "grid_worker", "operator", "incident", "api"]
    area: Id | None = None
    site: Annotated[str, Field(max_length=64)] = ""
    incident: Annotated[str, Field(max_length=64)] = ""
    place: Annotated[str, Field(max_length=200)] = ""
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    photos: Photos = Field([])
    ref: Annotated[str, Field(max_length=100)] = ""
    asked: bool = False


class ActForm(BaseModel):
    """`act`, and what docs/matters.md says that it needs."""

    model_config = {"extra": "forbid"}

    act: Act
    words: Text = ""
    why: Text = ""
    unit: Annotated[str, Field(max_length=120)] = ""
    until: AwareDatetime | None = None
    what: Text = ""
    photos: Photos = Field([])
    document: Annotated[str, Field(max_length=100)] = ""
    how: Literal["", "on_site", "photos", "telephone", "household"] = ""
    said: Literal["", "satisfied", "not_satisfied", "not_reached", "nobody"] = ""


class LimitView(BaseModel):
    """`unit`: whom it waits for, "" the centre; `climbed`: to how many levels it went; `late_minutes`: how late it was
    met, in its own time."""

    name: Literal["whistle", "report_in", "done", "decide", "verify", "close"]
    unit: str
    hours: int
    time: Literal["work", "clock"]
    since: datetime
    due_at: datetime
    climbed: int
    ended: Literal["", "met", "void"]
    ended_at: datetime | None
    late_minutes: int


class LongerView(BaseModel):
    until: datetime
    why: str
    by: str


class MatterView(BaseModel):
    """People by their display names; `waits_for`: the limit that runs now; `late`: it has passed."""

    id: int
    code: str
    group: str
    name_zh: str
    name_en: str
    urgent: bool
    on_request: bool
    proof: list[str]
    stage: Literal[
        "raised", "whistled", "reported_in", "returned", "handled", "verified", "closed", "declined", "withdrawn"
    ]
    area: int
    path: list[str]
    site: str
    place: str
    latitude: float | None
    longitude: float | None
    words: str
    photos: list[str]
    source: str
    unit: str
    raised_by: str
    raised_at: datetime
    reported_by: str
    handled_by: str
    verified_by: str
    ended_at: datetime | None
    said: str
    longer: LongerView | None
    reopened: int
    waits_for: str
    due_at: datetime | None
    late: bool


class Matters(BaseModel):
    """`before`: for the next page, 0 none."""

    now: datetime
    matters: list[MatterView]
    before: int


class LineView(BaseModel):
    """`by`: a display name, "" the clock; `hat`: as whom."""

    at: datetime
    act: str
    text_zh: str
    text_en: str
    by: str
    hat: str
    detail: dict[str, Any]


class MatterTold(BaseModel):
    """`acts`: what the one who asks may do with it now."""

    now: datetime
    matter: MatterView
    limits: list[LimitView]
    timeline: list[LineView]
    acts: list[str]


class Counted(BaseModel):
    """Of the matters that were raised in the period. `*_met`: how often such a limit was met, `*_on_time` of those;
    `late_now`: of the open ones; `said_*`: of the closed ones; `closed_by_another`: verified by
    another person than who did it."""

    key: str
    area: int | None
    raised: int
    open: int
    late_now: int
    closed: int
    closed_by_another: int
    reopened: int
    report_in_met: int
    report_in_on_time: int
    done_met: int
    done_on_time: int
    climbs: int
    said_satisfied: int
    said_not_satisfied: int
    said_not_reached: int


class Counts(BaseModel):
    now: datetime
    rows: list[Counted]


def to_said(given: ActForm, by: str, hats: frozenset[str]) -> Said:
    return Said(
        given.act,
        by,
        hats,
        words=plain.lines(given.words),
        why=plain.lines(given.why),
        unit=plain.name(given.unit),
        until=given.until,
        what=plain.lines(given.what),
        photos=tuple(filter(None, map(plain.name, given.photos))),
        document=plain.name(given.document),
        how=given.how,
        said=given.said,
    )


def view(matter: Matter, now: datetime, displays: Mapping[str, str]) -> MatterView:
    report, kind, running = matter.report, matter.report.kind, matter.running

    def shown(name: str) -> str:
        return displays.get(name, name)

    longer = matter.longer
    return MatterView(
        id=matter.id,
        code=kind.code,
        group=kind.group,
        name_zh=kind.zh,
        name_en=kind.en,
        urgent=kind.urgent,
        on_request=kind.on_request,
        proof=list(kind.proof),
        stage=matter.stage,  # type: ignore[arg-type]
        area=report.area,
        path=list(report.path),
        site=report.site,
        place=report.place,
        latitude=report.latitude,
        longitude=report.longitude,
        words=report.words,
        photos=list(report.photos),
        source=report.source,
        unit=matter.unit,
        raised_by=shown(matter.raised_by),
        raised_at=matter.raised_at,
        reported_by=shown(matter.reported_by),
        handled_by=shown(matter.handled_by),
        verified_by=shown(matter.verified_by),
        ended_at=matter.ended_at,
        said=matter.said,
        longer=LongerView(until=longer.until, why=longer.why, by=shown(longer.by)) if longer else None,
        reopened=matter.reopened,
        waits_for=running.name if running else "",
        due_at=running.due_at if running else None,
        late=running is not None and now >= running.due_at,
    )


def names(matter: Matter, lines: Sequence[Line] = ()) -> list[str]:
    """Everybody whose display name is shown."""
    own = [matter.raised_by, matter.reported_by, matter.handled_by, matter.verified_by]
    own += [matter.longer.by] if matter.longer else []
    return sorted({*own, *(line.by for line in lines), *(to for line in lines for to in line.detail.get("to", ()))})


def limit_view(one: Limit) -> LimitView:
    return LimitView(
        name=one.name,  # type: ignore[arg-type]
        unit=one.unit,
        hours=one.hours,
        time=one.time,  # type: ignore[arg-type]
        since=one.since,
        due_at=one.due_at,
        climbed=one.climbed,
        ended=one.ended,  # type: ignore[arg-type]
        ended_at=one.ended_at,
        late_minutes=one.late_minutes,
    )


def line_view(line: Line, displays: Mapping[str, str]) -> LineView:
    detail = dict(line.detail)
    if "to" in detail:
        detail["to"] = [displays.get(name, name) for name in detail["to"]]
    zh, en = text(line, detail)
    by = displays.get(line.by, line.by)
    return LineView(at=line.at, act=line.act, text_zh=zh, text_en=en, by=by, hat=line.hat, detail=detail)


def text(line: Line, detail: Mapping[str, Any]) -> tuple[str, str]:
    """The line in the two languages of the screens, without who and when."""
    zh, en = ACTS[line.act]
    if line.act == "climb":
        limit, to = LIMITS[detail["limit"]], "、".join(detail["to"]) or "—"
        return (
            f"{limit[0]}超时，第 {detail['level']} 次督办：{to}",
            f"late to {limit[1]}, told (level {detail['level']}): {to}",
        )
    if line.act == "raise":
        source = life.SOURCES[detail["source"]]
        zh, en = f"{zh}（{source[0]}）", f"{en} ({source[1]})"
    for key, words in (("how", HOW), ("said", SAID)):
        if key in detail and detail[key] in words:
            zh, en = f"{zh}：{words[detail[key]][0]}", f"{en}: {words[detail[key]][1]}"
    for key in ("unit", "why", "what", "words", "until", "document"):
        if detail.get(key):
            zh, en = f"{zh}：{detail[key]}", f"{en}: {detail[key]}"
    return zh, en


def possible(matter: Matter, hats: frozenset[str]) -> list[str]:
    """Acts that this stage knows and that are for who wears these hats."""
    return [act for act, rule in TABLE.items() if matter.stage in rule.stages and hats & set(rule.by)]
