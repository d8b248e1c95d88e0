"""What an output is given, and what it says of it. Nothing here touches the world."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

# What ends an order. Before it may come "sent", "delivered", "rang", "answered"; each is a line of the timeline.
ENDS = ("done", "coming", "cannot", "voicemail", "busy", "unanswered", "failed")


@dataclass(frozen=True, slots=True)
class Order:
    """One thing to do, once. `key`: its name, the same after a restart; `channel`, `address`: as of plan.Reach; `what`:
    of the alarm (names.WHATS, or "test"); `place`: whose house, as it may be said aloud (no name, no health); `group`:
    its household group; `name`: of who is called; `lang`: of the prompts; `drill`: 1 says so first.
    `what` "broadcast": loudspeakers say the recording `clip`, or else `text`, `times` times."""

    key: str
    channel: str
    address: str
    incident: str
    what: str
    place: str
    group: str
    name: str
    lang: str
    drill: int = 0
    text: str = ""
    clip: str = ""
    times: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """`state`: one of ENDS, or what comes before; `why`: in words, where it failed."""

    state: str
    why: str = ""


NOT_BEGUN = Report("failed", "not wanted any more")


class Adapter(Protocol):
    """One channel. `deadline_s`: an order that takes longer is given up, and this adapter counts as hanging: no other
    waits for it. `at_once`: it takes orders while it does others, and sees to their turns. Its constructor touches
    nothing."""

    channel: str
    deadline_s: float
    at_once: bool

    def perform(self, order: Order, report: Callable[[Report], None]) -> Report:
        """Blocks until it is over, in a thread of its own; what happens on the way is reported, the end returned (a
        state of ENDS). Whatever it raises counts as "failed". An order may come twice, after a kill."""
        ...

    def health(self) -> str:
        """ "" it would work now; else what is wrong and what to do, for people. Asked every minute, and tried, not
        remembered: an adapter that lies is worse than none."""
        ...


@runtime_checkable
class Lines(Protocol):
    """What an adapter is that does orders at once and keeps their order where they have to wait for each other."""

    def line_up(self, order: Order) -> None:
        """Takes its places, never waits. `perform` follows."""
        ...
