"""What is typed and shown of people: the API's forms."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from heartlamp_server.area.phone import e164
from heartlamp_server.problems import problem
from heartlamp_server.responder import store
from heartlamp_server.responder.store import Known

Role = Literal[
    "operator", "commander", "grid_worker", "group_head", "volunteer", "family", "police", "department", "technician",
    "auditor", "administrator",
]  # fmt: skip
Language = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,20}$")]
Languages = Annotated[list[Language], Field(max_length=8)]
NUMBERS_MAX = 5
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, tzinfo=UTC)
Moment = Annotated[AwareDatetime, Field(ge=_FIRST, le=_LAST)]
"""Of our time: before and after it reckoning in another zone fails."""
Id = Annotated[int, Field(ge=1, le=2**62)]


class RoleForm(BaseModel):
    """`area` null: everywhere here; `family` has a `site` in place of it; `unit`: a department's name."""

    model_config = {"extra": "forbid"}

    role: Role
    area: Id | None = None
    site: Annotated[str, Field(max_length=40)] = ""
    unit: Annotated[str, Field(max_length=60)] = ""
    valid_from: Moment | None = None
    valid_to: Moment | None = None


class PersonForm(BaseModel):
    """`account` false: somebody who is called and never signs in. `name`: for signing in, and in all lists."""

    model_config = {"extra": "forbid"}

    name: Annotated[str, Field(min_length=1, max_length=64)]
    display: Annotated[str, Field(min_length=1, max_length=48)]
    languages: Languages = Field([])
    account: bool = True
    role: RoleForm


class PersonChange(BaseModel):
    model_config = {"extra": "forbid"}

    display: Annotated[str, Field(min_length=1, max_length=48)]
    languages: Languages = Field([])


class NumbersForm(BaseModel):
    """In the order of calling, as people write them."""

    model_config = {"extra": "forbid"}

    numbers: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=NUMBERS_MAX)]


class FamilyForm(BaseModel):
    """Whom a household chose: called at its alarm, told when its device is offline, never closes."""

    model_config = {"extra": "forbid"}

    display: Annotated[str, Field(min_length=1, max_length=48)]
    languages: Languages = Field([])
    numbers: Annotated[list[Annotated[str, Field(max_length=40)]], Field(min_length=1, max_length=NUMBERS_MAX)]


class RoleView(BaseModel):
    id: int
    role: str
    area: int | None
    area_name: str
    site: str
    unit: str
    valid_from: datetime
    valid_to: datetime | None
    given_by: str


class PersonView(BaseModel):
    name: str
    display: str
    languages: list[str]
    account: bool
    second: bool
    disabled: bool
    roles: list[RoleView]


class People(BaseModel):
    """`after`: give it to get the next ones; "" where these are the last."""

    people: list[PersonView]
    after: str


class NumberView(BaseModel):
    """`proven`: it answered a test call within 30 days, so a step may call it."""

    number: str
    answered_at: datetime | None
    proven: bool


class Numbers(BaseModel):
    numbers: list[NumberView]


class PersonMade(BaseModel):
    """`password`: shown once; "" without an account."""

    name: str
    password: str


class GivenRole(BaseModel):
    id: int


class FamilyMember(BaseModel):
    id: int
    name: str
    display: str
    languages: list[str]


class Family(BaseModel):
    family: list[FamilyMember]


class StaffedLevel(BaseModel):
    """`area` null: the whole county. `people`: signed in for exactly this level, and answering presence checks."""

    area: int | None
    people: list[str]


class Staffed(BaseModel):
    levels: list[StaffedLevel]


def read_numbers(given: Sequence[str]) -> list[str]:
    """Raises 422."""
    found = []
    for text in given:
        try:
            found.append(e164(text))
        except ValueError as why:
            raise problem(422, f"{text}：{why}", "例如 13800138000 或 +86… · for example 13800138000 or +86…") from why
    return found


def view(known: Known, roles: Sequence[store.Role]) -> PersonView:
    views = [
        RoleView(
            id=r.id,
            role=r.grant.role,
            area=r.grant.area,
            area_name=r.area_name,
            site=r.grant.site,
            unit=r.grant.unit,
            valid_from=r.valid_from,
            valid_to=r.valid_to,
            given_by=r.given_by,
        )
        for r in roles
    ]
    return PersonView(
        name=known.person.name,
        display=known.person.display,
        languages=known.languages,
        account=known.account,
        second=known.second,
        disabled=known.disabled,
        roles=views,
    )
