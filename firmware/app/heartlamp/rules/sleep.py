"""When a battery device may sleep, and for how long. Times in ms of one clock."""

from heartlamp_protocol.device.kinds import BATTERY_MS

AWAKE_MS = 3_000  # after the last thing that happened: a receipt may still come, a key may be pressed again
TRYING_MS = 20_000  # with an event that nobody has: long enough for the second path
NAP_FIRST_MS = 10_000  # then a nap, so that a village that is out for days does not cost the battery
NAP_MOST_MS = 300_000


def nap_ms(now: int, active_at: int, spoke: bool, held: bool, naps: int) -> "int | None":
    """How long to sleep, None: stay awake. `active_at`: the last press or receipt, or the start; `spoke`: a heartbeat
    went out in this wake; `held`: there is an event without `received`; `naps`: how often it slept with it already."""
    quiet = now - active_at
    if held:
        return None if quiet < TRYING_MS else min(NAP_MOST_MS, NAP_FIRST_MS << min(naps, 10))
    if spoke:
        return None if quiet < AWAKE_MS else BATTERY_MS
    return None if quiet < TRYING_MS else NAP_MOST_MS  # the heartbeat did not get out: try again before it is missed
