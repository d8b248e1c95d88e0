"""Two clocks, neither of which a wrong date can move.

BOOTTIME: milliseconds since the machine started, with the time it slept; an age is a difference of two of one boot.
Village clock: milliseconds that this store has lived. It goes on over restarts, counts only time in which the machine
ran, and so keeps things rather longer than shorter.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from heartlamp_gateway.rules.dates import SET_FROM


def boottime() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def boot_id() -> str:
    """The kernel's id of this boot: survives a restart of the gateway, not of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def minute(utc_offset_min: int) -> int | None:
    """Of the village's day; None where the box does not know the time. Only hours of the plan depend on it."""
    now = time.time()
    return None if now < SET_FROM else int(now // 60 + utc_offset_min) % (24 * 60)


@dataclass(frozen=True, slots=True)
class VillageClock:
    """`lived` ms at BOOTTIME `at` of boot `boot`."""

    lived: int
    boot: str
    at: int

    def now(self, boottime_now: int) -> int:
        return self.lived + max(0, boottime_now - self.at)

    def resumed(self, boot: str, boottime_now: int) -> "VillageClock":
        """After a restart: on within the same boot, from where it was left in another."""
        return self if boot == self.boot else VillageClock(self.lived, boot, boottime_now)
