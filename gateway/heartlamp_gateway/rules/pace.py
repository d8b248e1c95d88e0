"""When telemetry goes up: rarely, in batches, more rarely the harder the county breathes. Times are ms of one clock.

Each post costs the county a transaction. 300 devices say something every 30 s: at SPACING_MS that is one post.
"""

from dataclasses import dataclass, replace

SPACING_MS = 20_000  # between two posts, in the long run: a sign of life is due then anyway
BURST = 5  # posts that need not wait for it, gained one each SPACING_MS: a quiet village is told of at once
URGENT_MS = 2_000  # between posts of what people wait for: who is there, what is wrong
LEVEL_MAX = 4
SLOW_MS = 3_000  # an answer that takes longer is a county that has too much to do
QUICK_MS = 1_000
BUSY = (429, 503)
AHEAD_MS = 400  # so much more of a backlog may be on its way: an alarm that is pressed now stands behind it
AHEAD_MOST = 4  # batches


@dataclass(frozen=True, slots=True)
class Pace:
    """`left` posts at `since`; `level`: how often the spacing was doubled; `last`: the last post."""

    left: int = BURST
    since: int = 0
    level: int = 0
    last: int = -SPACING_MS


def may(pace: Pace, now: int, full: bool, urgent: bool) -> bool:
    """`full`: a whole batch waits, and no alarm; `urgent`: something is in it that people wait for."""
    if full and pace.level == 0:
        return True
    if urgent and now - pace.last >= URGENT_MS << pace.level:
        return True
    return _gained(pace, now).left > 0


def posted(pace: Pace, now: int, took_ms: int, status: int) -> Pace:
    """After an answer. Larger and rarer batches where it was slow or no; back by a step with each quick one."""
    pace = _gained(pace, now)
    if status in BUSY or took_ms >= SLOW_MS:
        return Pace(0, now, min(LEVEL_MAX, pace.level + 1), now)
    level = pace.level - 1 if pace.level and took_ms < QUICK_MS else pace.level
    return replace(pace, left=max(0, pace.left - 1), level=level, last=now)


def ahead(each_ms: int) -> int:
    """How many batches of a backlog may be on their way at once, where answers come `each_ms` apart: the one that is
    awaited, and what passes in AHEAD_MS. A line of long ways does not stand idle while the county answers."""
    return min(AHEAD_MOST, 1 + AHEAD_MS // max(1, each_ms))


def _gained(pace: Pace, now: int) -> Pace:
    spacing = SPACING_MS << pace.level
    gained = (now - pace.since) // spacing
    if gained <= 0:
        return pace
    most = 1 if pace.level else BURST
    left = min(most, pace.left + gained)
    return replace(pace, left=left, since=now if left == most else pace.since + gained * spacing)
