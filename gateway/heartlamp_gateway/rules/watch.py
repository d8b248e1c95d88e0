"""When a thread of ours counts as hanging. Times are ms of one clock."""

from collections.abc import Mapping
from dataclasses import dataclass

LOOK_MS = 5_000
LATE_MS = 60_000  # the longest honest silence of a thread is 30 s: a county that refuses our token
PART_LATE_MS = 300_000  # of those that no alarm needs: a slow card, a modem that takes its time


def late(seen: Mapping[str, int], now: int, after_ms: int = LATE_MS) -> list[str]:
    """thread -> when it last showed life. Those that hang."""
    return sorted(name for name, at in seen.items() if now - at >= after_ms)


def overslept(looked: int, now: int) -> bool:
    """We ourselves were stopped, with everybody else: nobody's silence counts."""
    return now - looked > 3 * LOOK_MS


@dataclass(frozen=True, slots=True)
class Looks:
    """`at`: of the last look; `woke`: since when we have not stood still; `slept`: for how long we did, in all."""

    at: int
    woke: int
    slept: int = 0


def looked(before: Looks, now: int) -> Looks:
    if overslept(before.at, now):
        return Looks(now, now, before.slept + now - before.at)
    return Looks(now, before.woke, before.slept)
