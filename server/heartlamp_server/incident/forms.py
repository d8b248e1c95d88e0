"""What the incidents' routes take and answer with."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field


class Site(BaseModel):
    id: str
    name: str
    address: str
    landmark: str


class Responder(BaseModel):
    """`by`: the operator who typed it, "" for a lamp's key."""

    name: str
    answer: Literal["asked", "taken", "accepted", "coming", "arrived", "cannot", "withdrawn", "late"]
    at: datetime
    by: str


Stage = Literal[
    "reported", "accepted", "dispatched", "coming", "arrived", "handled", "feedback", "evaluated", "closed", "false",
    "merged",
]  # fmt: skip


class HandoverView(BaseModel):
    """`by`: who offered it; `officer`: who took it, or at which desk; `there`: they were at the site."""

    service: Literal["110", "119", "120"]
    state: Literal["offered", "taken", "declined", "ended"]
    offered_at: datetime
    by: str
    case: str
    officer: str
    how: str
    taken_at: datetime | None
    outcome: str
    there: bool
    ended_at: datetime | None


class Card(BaseModel):
    """`verdict`: "false" where it was a false alarm; `merged_into`: the incident that it follows; `after`: what was
    done after the call, stage -> {"at", "by", …}; `handed_over`: police see it;
    `drill`: it is one that had been announced."""

    id: str
    what: Literal["panic", "fire", "gas", "flood", "slope", "silent"]
    site: Site
    path: list[str]
    opened_at: datetime
    observed_at: datetime | None
    time_unknown: bool
    presses: int
    last_press_at: datetime
    heard_age_ms: int | None
    answer: Literal["none", "accepted", "coming", "arrived", "unanswered", "closed"]
    aver: int
    who: str
    unverified: bool
    cancelled: bool
    lit: int
    lit_of: int
    responders: list[Responder]
    closed_at: datetime | None
    closed_by: str
    closed_how: str
    stage: Stage
    verdict: Literal["", "false"]
    merged_into: str
    after: dict[str, Any]
    drill: bool
    handed_over: bool
    handovers: list[HandoverView]


class PassedOn(BaseModel):
    """Nobody accepted the incident `id` in time: `from` whose post it went on and `to` whose; `area`: of that, null the
    county's."""

    id: str
    area: int | None
    at: datetime
    before: str = Field(alias="from")
    to: str


class Incidents(BaseModel):
    """`cursor`: follow the feed from here; `more`: ask with it as `before` for the older ones, "" where there are
    none; `passed`: those of these, where they are open, that were told to another post, the last time of each, as
    the feed said it."""

    now: datetime
    cursor: str
    incidents: list[Card]
    more: str
    passed: list[PassedOn]


class Line(BaseModel):
    at: datetime
    kind: str
    text_zh: str
    text_en: str
    detail: dict[str, Any]


class IncidentTold(BaseModel):
    """`events`: the ids of every event in it, the opening one first."""

    now: datetime
    incident: Card
    events: list[str]
    timeline: list[Line]


class Said(BaseModel):
    """`who`: whose answer it is, or at a close who saw or spoke to them, "" the operator; `how`: only to close."""

    answer: Literal["accepted", "coming", "arrived", "withdrawn", "closed"]
    who: str = Field("", max_length=48)
    how: Literal["", "arrived", "spoke_to"] = ""
    note: str = Field("", max_length=500)


class Doing(BaseModel):
    """`whom`: who is sent, by name; `words`: what was done, what the household said, why; `how`, `who`: who saw or
    spoke to them, as at a close; `into`: which one it follows from now on; `reached`: whether the household was."""

    act: Literal["note", "dispatch", "handle", "feedback", "evaluate", "false", "merge", "part", "earnest", "reopen"]
    whom: str = Field("", max_length=48)
    words: str = Field("", max_length=500)
    how: Literal["", "arrived", "spoke_to"] = ""
    who: str = Field("", max_length=48)
    marks: int = Field(0, ge=0, le=5)
    reached: bool = True
    into: str = Field("", max_length=60)
