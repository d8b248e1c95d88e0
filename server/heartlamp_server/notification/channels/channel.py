"""What a channel is given, and what it says. Nothing here touches the world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from heartlamp_server.notification.model import Trait


@dataclass(frozen=True, slots=True)
class Message:
    """`id`: our number of it, at most 15 characters, the same at every attempt; `key`: its dedup key; `kind`: of
    texts.KINDS; `parameters`: for a provider's template, in its order; `title`, `speech`, `text`, `long`: in words of
    `lang`; `link`: where one answers, "" none; `count`: how many alarms it speaks of."""

    id: str
    key: str
    address: str
    lang: str
    kind: str
    parameters: Mapping[str, str]
    title: str = ""
    speech: str = ""
    text: str = ""
    long: str = ""
    link: str = ""
    incident: str = ""
    what: str = ""
    place: str = ""
    target: str = ""
    urgent: bool = True
    drill: bool = False
    silent: bool = False
    count: int = 1
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """`provider_id`: under which it reports, "" where it never does; `state`: what is known at once."""

    provider_id: str = ""
    state: str = "sent"


AGAIN, ELSEWHERE, ADMINISTRATOR = "again", "elsewhere", "administrator"
"""again: by this channel later · elsewhere: never by this channel to this address · administrator: this channel does
not work for anybody until somebody sees to it; tried again all the same, for it may be seen to in time. Whatever it is,
the person's next way is tried at once."""


class Failed(Exception):
    """`what`: one of the three; `why`: for people, with the provider's code; `after_s`: not before."""

    def __init__(self, what: str, why: str, after_s: float = 0.0) -> None:
        super().__init__(why)
        self.what, self.why, self.after_s = what, why, after_s


@dataclass(frozen=True, slots=True)
class Report:
    """A provider's word on a message that it took. `state`: of model.STATES, "" none; `digit`: a key pressed."""

    provider_id: str
    state: str
    at: datetime | None
    detail: Mapping[str, str] = field(default_factory=dict)
    digit: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A message that came from a number."""

    number: str
    text: str
    at: datetime | None


Heard = Report | Reply


class Unreadable(ValueError):
    """What came to a callback's address is not what this provider sends."""


class Channel(Protocol):
    """`provider`: whose ids its reports name; two channels of one account share it. `deadline_s`: after which an
    attempt counts as hanging. Its constructor touches nothing."""

    provider: str
    trait: Trait
    deadline_s: float

    async def ready(self) -> None:
        """Before `send`, outside of its deadline: loading a provider's SDK takes seconds, and is no silence of it."""
        ...

    async def send(self, message: Message) -> Sent:
        """Returns when the provider has taken it. Raises Failed; whatever else it raises counts as `again`."""
        ...

    async def poll(self, provider_ids: Sequence[tuple[str, str, datetime]]) -> list[Heard]:
        """What the provider says if asked: (its id, address, when it was sent) of messages that it has not reported the
        end of. [] where it cannot be asked."""
        ...

    def read(self, body: bytes, query: Mapping[str, str]) -> tuple[list[Heard], bytes]:
        """What came to its callback's address: what it says, and what the provider wants to hear back. Raises
        Unreadable."""
        ...
