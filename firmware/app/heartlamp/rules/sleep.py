"""When a battery device may sleep, and for how long. Times in ms of one clock."""

import json

from heartlamp_protocol.device.kinds import BATTERY_MS

AWAKE_MS = 3_000  # after the last thing that happened: a receipt may still come, a key may be pressed again
TRYING_MS = 20_000  # with an event that nobody has: long enough for the second path
NAP_FIRST_MS = 10_000  # then a nap, so that a village that is out for days does not cost the battery
NAP_MOST_MS = 300_000
AGES_MOST = 30
MEMORY = 2_048  # bytes that an ESP32 keeps over a sleep
DISPENSABLE = ("ages", "wifi", "relay", "drill")  # without these it only knows or finds less quickly


def nap_ms(now: int, active_at: int, spoke: bool, held: bool, naps: int) -> "int | None":
    """How long to sleep, None: stay awake. `active_at`: the last press or receipt, or the start; `spoke`: a heartbeat
    went out in this wake; `held`: there is an event without `received`; `naps`: how often it slept with it already."""
    quiet = now - active_at
    if held:
        return None if quiet < TRYING_MS else min(NAP_MOST_MS, NAP_FIRST_MS << min(naps, 10))
    if spoke:
        return None if quiet < AWAKE_MS else BATTERY_MS
    return None if quiet < TRYING_MS else NAP_MOST_MS  # the heartbeat did not get out: try again before it is missed


def ages(held: "list[tuple[str, int]]") -> "dict[str, int]":
    """Of (event, its age in ms) those that are worth the memory: the newest. The others' age is then not known."""
    return dict(sorted(held, key=lambda one: one[1])[:AGES_MOST])


def remembered(kept: "dict[str, object]") -> bytes:
    """What goes through a sleep, as JSON: all of `kept`, or as much of it as there is room for."""
    data = json.dumps(kept).encode()
    kept = dict(kept)
    for name in DISPENSABLE:
        if len(data) <= MEMORY:
            break
        kept.pop(name, None)
        data = json.dumps(kept).encode()
    return data
