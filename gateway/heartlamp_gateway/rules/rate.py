"""How fast something may go that nobody waits for. Pure; times are milliseconds of one clock."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bucket:
    """`rate`: bytes a second; `level`: bytes that may go at once, below 0: spent ahead; `at`: when that was so."""

    rate: int
    level: float = 0.0
    at: int = 0


def spend(bucket: Bucket, size: int, now: int, burst: int) -> tuple[Bucket, int]:
    """(the bucket after `size` bytes went now, ms until the next may). `burst`: the most that an idle time saves up."""
    level = min(float(burst), bucket.level + (now - bucket.at) * bucket.rate / 1000) - size
    return Bucket(bucket.rate, level, now), max(0, int(-level * 1000 / bucket.rate) + 1) if level < 0 else 0
