"""The code on a site's label, and which press of its lamp's green key pairs a phone. Pure."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is taken for another
CODE_LENGTH = 14  # 69 bits: nobody guesses one
WINDOW = timedelta(minutes=2)
ON_ITS_WAY = timedelta(minutes=1)
"""A gateway sends what a lamp measures within 20 s; so long a press is waited for after the window."""
PAIRED_DAYS = 180
"""A phone that was not seen for so long is not paired any more."""
GREEN = "green"
"""The value by which a lamp says that its green key was pressed while it showed no call (docs/protocol.md, 4)."""

FAULTS: Mapping[str, tuple[str, str]] = {
    "dark": ("灯不亮", "the lamp is dark"),
    "button": ("按钮坏了或按不动", "the button is broken or stuck"),
    "sound": ("声音不对，或一直响", "it sounds wrong, or all the time"),
    "moved": ("设备被移走或掉下来了", "it was moved or fell down"),
    "wet": ("进水或烧坏", "it got wet or burnt"),
    "other": ("别的毛病", "something else"),
}
"""What people report, by picture; in the order of the page."""


def fresh_code() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(CODE_LENGTH))


def is_code(text: str) -> bool:
    return len(text) == CODE_LENGTH and all(c in _LETTERS for c in text)


@dataclass(frozen=True, slots=True)
class Press:
    """`number`: random, of this press alone, so that the same bytes brought again are known."""

    device: str
    at: datetime
    number: int

    @property
    def id(self) -> str:
        return f"{self.device}/{self.number}"


def press_that_pairs(
    presses: Sequence[Press], before: Collection[str], began_at: datetime, until: datetime
) -> Press | None:
    """The first within the window. `before`: ids of presses that were known before it: such a one, however young it is
    said to be, was kept by somebody and brought again."""
    fits = [p for p in presses if began_at <= p.at <= until and p.id not in before]
    return min(fits, key=lambda p: p.at, default=None)
