"""A device that was not provisioned, or whose settings are lost: it says so, and waits for the technician."""

import asyncio

from heartlamp.rules.glow import PATTERNS

LOOK_MS = 1_000
SHOUT_MS = 60_000  # after a red press


def picture(shout: bool) -> dict:
    """What it shows. It can tell nobody: a red press says at once "shout or telephone"."""
    meaning = "shout" if shout else "unprovisioned"
    color, rhythm, sound = PATTERNS[meaning]
    return {
        "meaning": meaning,
        "answer": "none",
        "who": "",
        "heard": 0,
        "received": 0,
        "trouble": 1,
        "color": color,
        "rhythm": rhythm,
        "sound": sound,
        "calls": [],
    }


async def until_provisioned(hal, desk, store) -> None:
    """Returns once the store has settings."""
    desk.changed = lambda: None  # nothing runs yet that would need a restart
    hal.trace("unprovisioned", why=store.why)
    hal.serial({"id": 0, "ok": 0, "error": "this device is not provisioned: " + store.why, "do": "provision it"})
    shown, shout_until = None, None
    listening = None if hal.listen is None else asyncio.create_task(hal.listen(lambda: None))
    while store.fields is None:
        hal.feed()
        now = hal.clock()
        if shout_until is not None and now >= shout_until:
            shout_until = None
        if shown != picture(shout_until is not None):
            shown = picture(shout_until is not None)
            hal.show(shown)
        edge = await hal.edge(now + LOOK_MS)
        if edge is not None and edge[0] == "red" and edge[1]:
            hal.trace("pressed", pin="red", unprovisioned=1)
            shout_until = edge[2] + SHOUT_MS
    desk.changed = None
    if listening is not None:
        listening.cancel()
