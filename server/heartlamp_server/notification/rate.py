"""How many messages a channel may have now: a token bucket. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Limit:
    """`per_minute` in the long run, `burst` at once."""

    per_minute: float = 600.0
    burst: float = 60.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """`tokens` that there were `at`."""

    tokens: float
    at: datetime


def full(limit: Limit, now: datetime) -> Bucket:
    return Bucket(limit.burst, now)


def take(bucket: Bucket, limit: Limit, wanted: int, now: datetime) -> tuple[Bucket, int]:
    """(the bucket after it, how many may go). A clock that goes back gives and takes nothing."""
    passed = max(0.0, (now - bucket.at).total_seconds())
    tokens = min(limit.burst, bucket.tokens + passed * limit.per_minute / 60)
    granted = max(0, min(wanted, int(tokens)))
    return Bucket(tokens - granted, max(now, bucket.at)), granted
