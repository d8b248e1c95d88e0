"""What the technician's tool says and is told: the contract of docs/provisioning.md."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from heartlamp_server.provisioning.model import SITES_MAX

ClaimId = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
Secret = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
Short = Annotated[str, Field(max_length=60)]
Outcome = Literal["done", "nobody_home", "refused", "no_consent", "no_socket", "no_link", "moved"]
InstallState = Literal["open", "claimed", "done", "revisit", "refused", "not_covered", "moved"]


class Words(BaseModel):
    zh: str
    en: str


class InstallDevice(BaseModel):
    device: str
    kind: str


class LastVisit(BaseModel):
    outcome: Outcome
    at: datetime
    note: str


class InstallSite(BaseModel):
    """`village`: the area's id; `wanted`: kinds that it has yet to be given."""

    site: str
    name: str
    group: str
    village: int
    village_name: str
    address: str
    landmark: str
    state: InstallState
    wanted: list[str]
    devices: list[InstallDevice]
    last_visit: LastVisit | None


class Installing(BaseModel):
    sites: list[InstallSite]


class ClaimAsk(BaseModel):
    site: str = Field(min_length=1, max_length=60)
    kind: str = Field("lamp", max_length=20)
    board: str = Field("", max_length=60)


class ClaimAsks(BaseModel):
    """`village`: what lies elsewhere is refused as `wrong_village`; None: nobody looks."""

    sites: list[ClaimAsk] = Field(min_length=1, max_length=SITES_MAX)
    offline: bool = False
    village: int | None = Field(None, ge=1, le=2**62)


class SiteLabel(BaseModel):
    """What is printed: no secret. `url`: where a phone reports a fault."""

    url: str
    lines: list[str]


class ClaimMade(BaseModel):
    """`secret`: told this once; `not_after`: seconds since 1970; `settings`: the device's configuration whole, with its
    root secret; `replaces`: the device that ends with its use, "" none; `beside`: devices of its kind that are at
    the site and stay."""

    id: str
    secret: str
    site: str
    site_name: str
    village: int
    village_name: str
    device: str
    kind: str
    not_after: int
    offline: bool
    replaces: str
    beside: list[str]
    settings: dict[str, Any]
    label: SiteLabel


class ClaimRefused(BaseModel):
    """`row`: of `sites`, from 0; `do`: what to do next."""

    row: int
    site: str
    code: Literal["unknown_site", "wrong_village", "already_claimed", "no_gateway", "bad_kind"]
    error: Words
    do: Words


class ClaimsMade(BaseModel):
    claims: list[ClaimMade]
    refused: list[ClaimRefused]


class ClaimRow(BaseModel):
    """`state`: open, used, expired, revoked."""

    id: str
    site: str
    site_name: str
    device: str
    kind: str
    offline: bool
    by: str
    made_at: datetime
    not_after: datetime
    state: str


class Claims(BaseModel):
    now: datetime
    claims: list[ClaimRow]


class ClaimUse(BaseModel):
    """`proof`: what the device makes of the claim's id with its root."""

    secret: Secret
    proof: str = Field(pattern="^[0-9a-fA-F]{64}$")
    board: Short = ""
    version: Short = ""
    chip: Short = ""


class ClaimUsed(BaseModel):
    device: str
    kv: int


class ClaimSecret(BaseModel):
    secret: Secret


class ClaimEvent(BaseModel):
    """`kind`: alarm, answer, cancel, still; `what`: the alarm's, the answer's; `heard_at`: when its gateway had it,
    None where it came by itself; `at_console`: it is in a call that screens show."""

    event: str
    kind: str
    what: str
    drill: bool
    heard_at: datetime | None
    received_at: datetime | None
    at_console: bool


class ClaimEvents(BaseModel):
    """Oldest first. `last_seen`: of the device, by any path."""

    last_seen: datetime | None
    events: list[ClaimEvent]


class ClaimDrill(BaseModel):
    until: datetime


class TestFound(BaseModel):
    __test__ = False  # no test of pytest's
    part: str = Field(max_length=40)
    ok: bool
    found: str = Field("", max_length=200)


class MainsOff(BaseModel):
    ok: bool
    found: str = Field("", max_length=200)


class ConsentGiven(BaseModel):
    """`witness`: who heard it; `voice`: where the recording is. Sealed, and shown to nobody here."""

    given: bool
    language: str = Field("", max_length=16)
    witness: str = Field("", max_length=60)
    voice: str = Field("", max_length=200)


class VisitResult(BaseModel):
    """`id`: the laptop's, so that what is sent again is one visit."""

    id: str = Field(pattern="^[0-9a-fA-F-]{32,36}$")
    secret: Secret
    outcome: Outcome
    tests: list[TestFound] = Field(default_factory=list, max_length=40)
    mains_off: MainsOff | None = None
    consent: ConsentGiven | None = None
    note: str = Field("", max_length=500)
    at: AwareDatetime
    board: Short = ""
    version: Short = ""


class VisitKept(BaseModel):
    """`live`: the device is believed from now on; `state`: how the site stands."""

    id: str
    state: InstallState
    live: bool


class ReplaceAsk(BaseModel):
    board: Short = ""


class RevokeAsk(BaseModel):
    reason: Literal["lost", "stolen", "broken", "replaced", "moved", "other"] = "other"


class DeviceRotated(BaseModel):
    """`kv`: the key version that the device shall use next; `used`: the one that it uses."""

    device: str
    kv: int
    used: int


class DesiredAsk(BaseModel):
    """By name: `lang` of lamps, `sensors` of what senses; null takes the wish away, what is not named stays wanted."""

    settings: dict[str, Any] = Field(max_length=10)


class DeviceDesired(BaseModel):
    """All that is wanted now, and the version of it that the device will report."""

    device: str
    desired: dict[str, Any]
    version: int


class DeviceEnded(BaseModel):
    device: str
    revoked_at: datetime


class UseProblem(BaseModel):
    """As every problem. `code`: of a claim, expired, used, revoked, not_used, in_call or wrong_device; else ""."""

    error: str
    do: str
    code: str = ""
