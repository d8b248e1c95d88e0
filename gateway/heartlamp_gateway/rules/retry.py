"""When the county is asked again. Times are milliseconds of one clock."""

from dataclasses import dataclass

FIRST_MS = 200
MOST_MS = 5_000
REFUSED_MS = 30_000  # 401: the token was revoked; only a person mends that


@dataclass(frozen=True, slots=True)
class Retry:
    """`failures` in a row, the last of them at `failed_at`; `refused`: the county answered, and said no to us."""

    failures: int = 0
    failed_at: int = 0
    refused: bool = False


def failed(retry: Retry, now: int, refused: bool = False) -> Retry:
    return Retry(retry.failures + 1, now, refused)


def wait_ms(retry: Retry, now: int, fresh: bool) -> int:
    """How long to wait before the next attempt. `fresh`: something new wants to go up since the last one: it does not
    wait for the others' turn, but neither does a flood of them become a flood of connections."""
    if retry.failures == 0:
        return 0
    pause = min(FIRST_MS << min(retry.failures - 1, 10), MOST_MS)
    if retry.refused:
        pause = REFUSED_MS
    if fresh:
        pause = MOST_MS if retry.refused else FIRST_MS
    return max(0, retry.failed_at + pause - now)
