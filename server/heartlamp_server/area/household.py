"""What a household gives of itself, and what follows from its consent. Pure."""

from dataclasses import dataclass
from datetime import date

CONTACTS_MAX = 5
CONSENTS = ("camera", "data", "voice")
HOW = ("witness", "recording")


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call; they stand in the order of calling. `role`: in the household's own words, such as 儿子; `number`:
    E.164; `language`: language or dialect, as the prompts' folders are called, or as the household says."""

    role: str
    number: str
    language: str


@dataclass(frozen=True, slots=True)
class Needs:
    """What who comes must know; each a short text, "" nothing."""

    key_holder: str = ""
    dog: str = ""
    stairs: str = ""
    hazards: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """`kind`: one of CONSENTS; `how`: one of HOW; `evidence`: who witnessed, or where the recording is."""

    kind: str
    given_on: date
    how: str
    evidence: str
    withdrawn_on: date | None = None


@dataclass(frozen=True, slots=True)
class Household:
    """`consents`: those that were withdrawn too."""

    contacts: tuple[Contact, ...] = ()
    needs: Needs = Needs()
    consents: tuple[Consent, ...] = ()

    def allows(self, kind: str) -> bool:
        return any(c.kind == kind and c.withdrawn_on is None for c in self.consents)


class Refused(Exception):
    """Why it is not done, "中文 · English". `do`: what helps."""

    def __init__(self, why: str, do: str) -> None:
        super().__init__(why)
        self.do = do


def checked(before: Household, contacts: tuple[Contact, ...], needs: Needs) -> Household:
    """The household with these words. Raises Refused: nothing personal is kept of whom did not consent to it."""
    if (contacts or needs != Needs()) and not before.allows("data"):
        raise Refused(
            "没有记录住户同意保存信息 · no consent to keep the household's data is recorded",
            "先登记同意：见证人或录音、日期 · record the consent first: a witness or a recording, and the day",
        )
    if len({c.number for c in contacts}) < len(contacts):
        raise Refused("同一号码出现两次 · a number stands there twice", "只留一个 · keep one of them")
    if len(contacts) > CONTACTS_MAX:
        raise Refused(
            f"最多 {CONTACTS_MAX} 个联系人 · at most {CONTACTS_MAX} contacts", "留下最要紧的 · keep who matters most"
        )
    return Household(contacts, needs, before.consents)


def given(before: Household, consent: Consent, today: date) -> Household:
    """The first one that stands is kept: who consents again has consented already. Raises Refused."""
    if consent.given_on > today:
        raise Refused("同意日期在将来 · the day of the consent is yet to come", "核对日期 · check the day")
    if not consent.evidence:
        raise Refused("没有写明见证人或录音 · neither witness nor recording is named", "请填写 · fill it in")
    if before.allows(consent.kind):
        return before
    return Household(before.contacts, before.needs, (*before.consents, consent))


def withdrawn(before: Household, kind: str, day: date) -> Household:
    """Whoever takes back the consent to keep data has what is kept deleted by it. Raises Refused."""
    if not before.allows(kind):
        raise Refused("没有这项同意 · there is no such consent", "请刷新 · reload")
    consents = tuple(
        Consent(c.kind, c.given_on, c.how, c.evidence, max(day, c.given_on))
        if c.kind == kind and c.withdrawn_on is None
        else c
        for c in before.consents
    )
    if kind == "data":
        return Household((), Needs(), consents)
    return Household(before.contacts, before.needs, consents)
