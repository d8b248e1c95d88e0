"""What a loudspeaker is to the rest, whichever way it is reached."""

import threading
from array import array
from collections.abc import Callable
from typing import Protocol

CHECK_S = 3.0  # at most, of one look; orders may wait for it


class Unheard(RuntimeError):
    """It was not, or not wholly, heard, and why. `again`: another try soon may do."""

    def __init__(self, why: str, again: bool) -> None:
        super().__init__(why)
        self.again = again


class CutOff(Exception):
    """It stopped because somebody more urgent waits."""


class Kind(Protocol):
    def play(self, samples: "array[int]", until: float, cut: threading.Event, begun: Callable[[], None]) -> None:
        """Returns when it has been heard. `begun` is called when it begins, or has all that it needs to,
        never before anybody was reached; perhaps more than once. Raises Unheard, CutOff; never later than a
        moment after `until` (s, monotonic)."""
        ...

    def check(self) -> str:
        """ "" it would play now; else what is wrong. Really tried, within CHECK_S."""
        ...
