"""When the county is asked again. Times are milliseconds of one clock."""

from dataclasses import dataclass

FIRST_MS = 200
MOST_MS = 5_000
EVENT_MOST_MS = 1_000  # while an event waits: the county's restart must not make it later than that
REFUSED_MS = 30_000  # 401: the token was revoked; only a person mends that

PATIENCE_MS = 10_000
HASTE_MS = 3_500
SMALL = 16_384  # bytes; more may be under way for longer than that on a slow line


@dataclass(frozen=True, slots=True)
class Retry:
    """`failures` in a row, the last of them at `failed_at`; `refused`: the county answered, and said no to us."""

    failures: int = 0
    failed_at: int = 0
    refused: bool = False


def failed(retry: Retry, now: int, refused: bool = False) -> Retry:
    return Retry(retry.failures + 1, now, refused)


def wait_ms(retry: Retry, now: int, fresh: bool, event: bool = False) -> int:
    """How long to wait before the next attempt. `event`: somebody's press waits, not only a note. `fresh`: something
    new came since the last attempt: it does not wait for the others' turn, but a flood of them does not become a flood
    of connections."""
    if retry.failures == 0:
        return 0
    pause = min(FIRST_MS << min(retry.failures - 1, 10), EVENT_MOST_MS if event else MOST_MS)
    if retry.refused:
        pause = REFUSED_MS
    if fresh:
        pause = MOST_MS if retry.refused else FIRST_MS
    return max(0, retry.failed_at + pause - now)


def patience_ms(retry: Retry, took: int, size: int) -> int:
    """How long an answer to `size` bytes is awaited. A connection that worked may be dead without a word, and an alarm
    does not wait for long to try a new one; but a county that took its time the last time, `took` ms, is given it."""
    hasty = retry.failures == 0 and took < HASTE_MS // 2 and size <= SMALL
    return HASTE_MS if hasty else PATIENCE_MS
