"""How much rubbish of one device is kept. An event is never counted here; only what cannot be read is."""

from dataclasses import dataclass

BURST = 60
EACH_MS = 60_000  # one more a minute


@dataclass(frozen=True, slots=True)
class Allowance:
    left: int = BURST
    since: int = 0
    dropped: int = 0


def spend(allowance: Allowance, now: int) -> tuple[Allowance, bool]:
    """(new allowance, whether this one is kept)."""
    gained = (now - allowance.since) // EACH_MS
    left = min(BURST, allowance.left + gained)
    since = now if left == BURST else allowance.since + gained * EACH_MS
    if left == 0:
        return Allowance(0, since, allowance.dropped + 1), False
    return Allowance(left - 1, since, allowance.dropped), True
