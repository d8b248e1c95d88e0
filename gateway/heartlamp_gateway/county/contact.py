"""Whether the county is there, told by whoever speaks with it. It is there when it is heard and when it hears: a stream
that still flows down says nothing of presses that do not get up."""

from collections.abc import Callable

from heartlamp_protocol.escalation.decide import TAKEOVER_MS

from heartlamp_gateway.clock import boottime
from heartlamp_gateway.rules.pulse import CONTACT_MS, in_contact

ALARMS, READINGS = "alarms", "readings"
BEFORE_MS = TAKEOVER_MS - 5_000
"""What counts as the county's silence before our start: a restart may shorten a step, never lengthen it. A county that
is there is heard within the five seconds that are left."""


class Contact:
    """Each number is written and read whole: no lock. `awake`: a clock of ms that stands still when we do (BOOTTIME
    where nobody knows): how long the county was away is counted in what we could have heard."""

    def __init__(self, awake: Callable[[], int] = boottime) -> None:
        self._awake = awake
        self._last: int | None = None  # BOOTTIME
        self._heard = awake() - BEFORE_MS
        self._date: float | None = None
        self.refused = False  # the last thing that it said is that it does not know us
        self._failing: dict[str, int] = {}  # line -> since when what goes up on it has had no answer

    def touch(self) -> None:
        """It said something."""
        self._last, self._heard, self.refused = boottime(), self._awake(), False

    def dated(self, date: float | None) -> None:
        """What time it is by its clock, seconds since 1970."""
        if date is not None:
            self._date = date - boottime() / 1000

    def ahead_s(self, now: float) -> float | None:
        """By how much a clock that says `now` is ahead of the county's, as that went on since; None: nobody knows."""
        return None if self._date is None else now - (self._date + boottime() / 1000)

    def took(self, line: str) -> None:
        """It answered what went up on this line. Where alarms pass, readings that do not say nothing of the county."""
        for each in (line,) if line != ALARMS else (ALARMS, READINGS):
            self._failing.pop(each, None)

    def failed(self, line: str, began: int) -> None:
        """It did not. `began`: when this try did, of the clock `awake`."""
        self._failing.setdefault(line, began)

    def now(self) -> int:
        """For `failed`."""
        return self._awake()

    def away_ms(self) -> int:
        """Since when it is not heard, or does not hear us: some seconds while it is there, because it pings only now
        and then. Before its first word: since we began, and BEFORE_MS."""
        now = self._awake()
        return max(0, now - self._heard, self._deaf_ms(now))

    def age(self) -> int | None:
        """Since when it has said nothing, ms; None: it never did."""
        last = self._last
        return None if last is None else boottime() - last

    def __bool__(self) -> bool:
        return in_contact(boottime(), self._last) and self._deaf_ms(self._awake()) < CONTACT_MS

    def _deaf_ms(self, now: int) -> int:
        return max((now - since for since in tuple(self._failing.values())), default=0)
