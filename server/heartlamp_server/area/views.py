"""What the console is told of areas, sites and households: shapes of answers and questions."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

Level = Literal["city", "county", "township", "village", "grid", "group"]
SiteKind = Literal["household", "post", "nursing", "school", "elsewhere"]
ConsentKind = Literal["camera", "data", "voice"]
Id = Annotated[int, Field(ge=1, le=2**62)]


class AreaName(BaseModel):
    id: int
    level: Level
    police: bool
    name: str
    code: str


class AreaBranch(AreaName):
    """`children`: areas directly below, of a grid its groups; `sites`, `devices`: all that are below; `devices` is 0
    where a day is asked for; both None of an area that is only on the way to the reader's own."""

    valid_from: date
    children: int
    sites: int | None
    devices: int | None


class AreaList(BaseModel):
    """`path`: from the topmost area down to the one whose `areas` these are; [] the top."""

    day: date
    path: list[AreaName]
    areas: list[AreaBranch]


class AreaVersion(BaseModel):
    valid_from: date
    valid_to: date | None
    parent: int | None
    name: str
    code: str


class AreaView(BaseModel):
    """`also`: villages whose gateways hear the group besides its own village's; `groups`: of a grid."""

    path: list[AreaName]
    valid_from: date
    ended: date | None
    merged_into: int | None
    also: list[int]
    groups: list[AreaName]
    history: list[AreaVersion]


class NewArea(BaseModel):
    level: Level
    police: bool = False
    parent: Id | None = None
    name: str = Field(max_length=200)
    code: str = Field("", max_length=40)


class AreaMade(BaseModel):
    id: int


class Rezoning(BaseModel):
    """From `day` on: another name, code or parent; or it becomes part of `into`; or it `ends`."""

    day: date
    name: str | None = Field(None, max_length=200)
    code: str | None = Field(None, max_length=40)
    parent: Id | None = None
    into: Id | None = None
    ends: bool = False


class Rezoned(BaseModel):
    """`notes`: what followed besides, 中文 · English."""

    id: int
    notes: list[str]


class WaitingRezoning(BaseModel):
    id: int
    area: int
    said_by: str
    said_at: datetime
    problem: str
    what: Rezoning


class Groups(BaseModel):
    day: date
    groups: list[Id] = Field(max_length=1000)


class SiteRow(BaseModel):
    id: str
    kind: SiteKind
    name: str
    address: str
    landmark: str
    latitude: float | None
    longitude: float | None
    area: int
    devices: int


class SitePage(BaseModel):
    """`next`: ask for what comes after it; "" there is no more."""

    sites: list[SiteRow]
    next: str


class SiteDetail(SiteRow):
    """`recorded`: whether the household gave anything of itself; `consents`: which stand."""

    path: list[AreaName]
    valid_from: date
    recorded: bool
    consents: list[ConsentKind]


class SiteEdit(BaseModel):
    """What is None stays as it is; a point goes with `no_point`."""

    kind: SiteKind | None = None
    name: str | None = Field(None, max_length=200)
    address: str | None = Field(None, max_length=200)
    landmark: str | None = Field(None, max_length=200)
    latitude: float | None = Field(None, ge=-90, le=90)
    longitude: float | None = Field(None, ge=-180, le=180)
    no_point: bool = False


class SiteMove(BaseModel):
    area: Id
    day: date


class ContactView(BaseModel):
    role: str = Field("", max_length=20)
    number: str = Field(max_length=40)
    language: str = Field("", max_length=20)


class NeedsView(BaseModel):
    key_holder: str = Field("", max_length=200)
    dog: str = Field("", max_length=200)
    stairs: str = Field("", max_length=200)
    hazards: str = Field("", max_length=200)


class ConsentView(BaseModel):
    kind: ConsentKind
    given_on: date
    how: Literal["witness", "recording"]
    evidence: str = Field(max_length=100)
    withdrawn_on: date | None = None


class HouseholdView(BaseModel):
    contacts: list[ContactView]
    needs: NeedsView
    consents: list[ConsentView]


class HouseholdEdit(BaseModel):
    """Contacts in the order of calling."""

    contacts: list[ContactView] = Field(max_length=5)
    needs: NeedsView


class NewConsent(BaseModel):
    kind: ConsentKind
    given_on: date
    how: Literal["witness", "recording"]
    evidence: str = Field(max_length=100)


class ConsentEnd(BaseModel):
    kind: ConsentKind


class Erased(BaseModel):
    """`stays`: what remains, and why."""

    stays: list[str]


class ListAsked(BaseModel):
    area: Id
    why: str = Field(min_length=1, max_length=200)


class ListView(BaseModel):
    id: int
    area: int
    area_name: str
    why: str
    asked_by: str
    asked_at: datetime
    released_by: str | None
    released_at: datetime | None
    taken_at: datetime | None


class Lists(BaseModel):
    lists: list[ListView]
