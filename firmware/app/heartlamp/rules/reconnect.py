"""How long to wait before the next connect (docs/protocol.md, section 4)."""

ALARM_FIRST_MS = 100
ALARM_MOST_MS = 600
IDLE_FIRST_MS = 3_000
IDLE_MOST_MS = 30_000


def delay_ms(attempt: int, holds_alarm: bool, random16: int) -> int:
    """`attempt`: failed attempts since the last session, from 0; `random16`: 0..65535. With an alarm in hand the wait
    is short and sure; without one it is random, so that a village does not return to a restarted broker in one wave."""
    if holds_alarm:
        return min(ALARM_MOST_MS, ALARM_FIRST_MS << min(attempt, 10))
    return min(IDLE_MOST_MS, IDLE_FIRST_MS << min(attempt, 10)) * random16 // 65536
