"""What a household's page is told, and what it says."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

FaultKind = Literal["dark", "button", "sound", "moved", "wet", "other"]
Standing = Literal["stranger", "waiting", "paired", "family"]


class Door(BaseModel):
    """What anybody with the code is told. `until`: where this phone waits for a press of the green key."""

    now: datetime
    standing: Standing
    until: datetime | None


class FaultReport(BaseModel):
    """`words`: of a paired phone only; of a stranger nothing is kept that was typed."""

    what: FaultKind
    words: str = Field("", max_length=200)


class FaultKept(BaseModel):
    number: int


class HouseDevice(BaseModel):
    """`well` null: nobody can say now."""

    kind: str
    well: bool | None
    last_seen: datetime | None


class HouseStep(BaseModel):
    """So many seconds after a press, if nobody has answered."""

    after_s: int
    names: list[str]


class HouseConsent(BaseModel):
    kind: Literal["camera", "data", "voice"]
    given_on: date
    withdrawn_on: date | None


class HouseRelative(BaseModel):
    display: str


class HouseLook(BaseModel):
    at: datetime
    who: str


class HouseCall(BaseModel):
    """`asked`: the household may say now how it was; `drill`: it is one."""

    id: str
    what: str
    drill: bool
    opened_at: datetime
    stage: str
    who: str
    asked: bool


class HousePhone(BaseModel):
    id: int
    agent: str
    paired_at: datetime
    seen_at: datetime | None
    mine: bool


class HouseFault(BaseModel):
    what: FaultKind
    first_at: datetime


class Home(BaseModel):
    """`changes`: this phone may change something here; a relative far away only looks, and reports. `consents` null:
    they cannot be read now."""

    now: datetime
    name: str
    changes: bool
    devices: list[HouseDevice]
    drill_at: datetime | None
    steps: list[HouseStep]
    consents: list[HouseConsent] | None
    family: list[HouseRelative]
    looks: list[HouseLook]
    calls: list[HouseCall]
    faults: list[HouseFault]
    phones: list[HousePhone]


class ConsentGone(BaseModel):
    kind: Literal["camera", "data", "voice"]


class Satisfied(BaseModel):
    incident: str = Field(max_length=60)
    marks: int = Field(ge=1, le=5)
    words: str = Field("", max_length=200)


class Label(BaseModel):
    """For the label on the lamp. `picture`: the QR code as SVG; `path`: of the page, after the county's address."""

    code: str
    path: str
    picture: str


class House(BaseModel):
    site: str
    name: str
    code: str


class Houses(BaseModel):
    houses: list[House]


class Phones(BaseModel):
    phones: list[HousePhone]


class SiteFault(BaseModel):
    """`source`: code (anybody who read the label), phone (a paired one), family, patrol; `where`: village and group."""

    id: int
    site: str
    site_name: str
    where: str
    what: FaultKind
    words: str
    source: str
    times: int
    first_at: datetime
    last_at: datetime


class SiteFaults(BaseModel):
    now: datetime
    faults: list[SiteFault]
