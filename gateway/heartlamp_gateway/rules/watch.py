"""When a thread of ours counts as hanging. Times are ms of one clock."""

from collections.abc import Mapping
from dataclasses import dataclass

LOOK_MS = 1_000
SLACK_MS = 2_000  # by which a look may be late on a busy box
STILL_MS = 15_000  # what is more is a standstill that people are told of, and after which nobody is missed
LATE_MS = 60_000  # the longest honest silence of a thread is 30 s: a county that refuses our token
PART_LATE_MS = 300_000  # of those that no alarm needs: a slow card, a modem that takes its time


def late(seen: Mapping[str, int], now: int, after_ms: int = LATE_MS) -> list[str]:
    """thread -> when it last showed life. Those that hang."""
    return sorted(name for name, at in seen.items() if now - at >= after_ms)


def overslept(looked: int, now: int) -> bool:
    """We ourselves were stopped, with everybody else: nobody's silence counts."""
    return now - looked > STILL_MS


def lost(looked: int, now: int) -> int:
    """For how long we could have heard nobody since the last look, ms: of a shorter standstill too."""
    return max(0, now - looked - LOOK_MS - SLACK_MS)


@dataclass(frozen=True, slots=True)
class Looks:
    """`at`: of the last look; `woke`: since when we have not stood still; `slept`: for how long we did in all, of
    standstills too short to count otherwise too."""

    at: int
    woke: int
    slept: int = 0


def looked(before: Looks, now: int) -> Looks:
    woke = now if overslept(before.at, now) else before.woke
    return Looks(now, woke, before.slept + lost(before.at, now))
