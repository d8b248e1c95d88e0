"""What a wall is told."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

Shown = Literal["panic", "fire", "gas", "flood", "slope"]


class WallKind(BaseModel):
    what: Shown
    waiting: int
    in_hand: int


class WallVillage(BaseModel):
    """`what`: the worst of its open calls; `others`: how many of them are of another kind; `sick`: its gateway is
    silent, or never came, or its power is out."""

    id: int
    name: str
    waiting: int
    in_hand: int
    what: Literal["", "panic", "fire", "gas", "flood", "slope"]
    others: int
    sick: Literal["", "silent", "power", "never"]


class WallTownship(BaseModel):
    name: str
    villages: list[WallVillage]


class WallToday(BaseModel):
    """Since midnight. `accept_s`, `arrive_s`: medians in seconds of those that were accepted or arrived at so far."""

    raised: dict[str, int]
    closed: int
    accept_s: int | None
    arrive_s: int | None


class WallDrills(BaseModel):
    """Of this month: `drilled` of `houses` that have a device had theirs; `now`: those that go on."""

    drilled: int
    houses: int
    now: int


class WallView(BaseModel):
    """Open calls by stage: `waiting` for the centre, then how far people's answer is. Silent alarms are in no count."""

    now: datetime
    area: str
    waiting: int
    accepted: int
    coming: int
    arrived: int
    waiting_since: datetime | None
    kinds: list[WallKind]
    townships: list[WallTownship]
    today: WallToday
    drills: WallDrills
