"""What a gateway of one may take of the county: there may be thousands, and a village's alarm waits behind none."""

import time
from collections.abc import Callable

BYTES_MAX = 16_384  # of a request: one frame, or a lamp's notes
BURST, PER_SECOND = 240.0, 4.0  # requests: all that a device holds may come at once


class Room:
    """`most`: connections at once that gateways have in all; half of them may be streams of gateways of one. `clock`:
    monotonic seconds."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._streams = 0
        self._left: dict[str, tuple[float, float]] = {}  # gateway -> (requests left, when)

    def full(self) -> bool:
        """Whether no stream more may open."""
        return self._streams >= self._most // 2

    def enter(self) -> None:
        self._streams += 1

    def leave(self) -> None:
        self._streams -= 1

    def crowded(self) -> bool:
        """Whether a connection is to end after its answer: the streams have what can be spared."""
        return self._streams > self._most // 4

    def pace(self, gateway: str) -> bool:
        """False: it asks too often."""
        now = self._clock()
        left, at = self._left.get(gateway, (BURST, now))
        left = min(BURST, left + (now - at) * PER_SECOND)
        self._left[gateway] = (max(0.0, left - 1), now)
        return left >= 1
