"""How a part of the box is, in words for people. The judgements of single parts stand beside what measures them."""

from collections.abc import Sequence
from dataclasses import dataclass

from heartlamp_protocol.troubles import OF_BOX

from heartlamp_gateway.rules.supervision import Trouble

OK, WARN, FAULT, ABSENT = "ok", "warn", "fault", "absent"


@dataclass(frozen=True, slots=True)
class Health:
    """`name`: of the part, one word; `state`: OK, WARN (a person should come), FAULT (it does not do its work) or
    ABSENT (this box has none); `zh`, `en`: what is so, and what to do."""

    name: str
    state: str
    zh: str
    en: str


def silent(name: str) -> Health:
    """Of a check that did not come back in time."""
    return Health(
        name, FAULT, "检查没有回应，请重启网关；仍然如此则检修该部件。", "It does not answer: restart, then repair it."
    )


def troubles(healths: Sequence[Health], now: int) -> list[Trouble]:
    """What of it is a trouble. The county is told of as a trouble of its own."""
    return [
        Trouble(OF_BOX, h.state, h.name, now, h.state, now)
        for h in healths
        if h.state in (WARN, FAULT) and h.name != "county"
    ]
