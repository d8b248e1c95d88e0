"""From what the device knows to what it shows. Colour, rhythm and sound each carry the meaning alone.

Facts are a dict, times in ms of one clock: boot_at, link_down_since (None: up), refreshed_at (None: never),
answerable, unheard_since (None: nothing without a receipt), press (None or a dict id, at, heard, received of the last
alarm made here), calls (as in rules/calls.py), marks (the county's word on them).
"""

from heartlamp_protocol.device.lamp import SHOUT, WORKING, answer_shown, in_trouble, meaning
from heartlamp_protocol.device.limits import LINK_GRACE_MS, SECOND_PATH_MS, STALE_MS

FIRST_CONTACT_MS = 15_000  # after a start, before "no word from the village" is trouble
TOLD_MS = 60_000  # a receipt shines this long where no call in the lamp's state carries it on

# meaning: colour, rhythm (ms on, off, on, ...; empty: steady), sound. The colours are apart for colour-blind eyes too.
PATTERNS = {
    "dark": ("#000000", [], ""),
    "working": ("#18120a", [], ""),
    "sending": ("#ffffff", [60, 60], "sending"),
    "told": ("#0050ff", [200, 200, 200, 1400], "told"),
    "coming": ("#00d890", [2000, 500], "coming"),
    "shout": ("#ff0000", [250, 250], "shout"),
    "near": ("#ffc000", [200, 200, 200, 200, 200, 1000], "near"),
}


def picture(facts: dict, now: int) -> dict:
    """What the lamp shows now."""
    calls = [_shown(c, facts["marks"].get(c["incident"])) for c in facts["calls"]]
    own = [c for c in calls if c["role"] == "own" and c["answer"] != "closed"]
    near = [c for c in calls if c["role"] == "near" and c["answer"] not in ("arrived", "closed")]
    press = facts["press"]
    if press is not None and _faded(press, now):
        press = None
    heard = bool(own and own[0]["heard"]) or bool(press and press["heard"])
    received = bool(own and own[0]["received"]) or bool(press and press["received"])
    trouble = _trouble(facts, now)
    answer, who = (own[0]["answer"], own[0]["who"]) if own else ("none", "")
    told = heard or received or answer != "none"  # somebody who answers has been told, whatever a full disk says
    sending = not told and (press is not None or bool(own))
    shown = meaning(told, sending, answer, trouble)
    if shown == "dark":
        shown = "sending"
    elif shown in (WORKING, SHOUT) and near and not own and not sending and _fresh(facts, now):
        shown = "near"  # a short break of our own link must not put out the neighbour's call
    elif shown == WORKING and facts["refreshed_at"] is None:
        shown = "dark"  # no word from the village since the start: no promise yet
    color, rhythm, sound = PATTERNS[shown]
    return {
        "meaning": shown,
        "answer": answer,
        "who": who,
        "heard": int(heard),
        "received": int(received),
        "trouble": int(trouble),
        "color": color,
        "rhythm": rhythm,
        "sound": sound,
        "calls": calls,
    }


def next_change(facts: dict, now: int) -> "int | None":
    """When time alone may change the picture; None: never."""
    times = [_refreshed(facts) + STALE_MS + 1]
    if facts["link_down_since"] is not None:
        times.append(facts["link_down_since"] + LINK_GRACE_MS + 1)
    if facts["unheard_since"] is not None:
        times.append(facts["unheard_since"] + SECOND_PATH_MS + 1)
    if facts["press"] is not None:
        times.append(facts["press"]["at"] + TOLD_MS + 1)
    times = [t for t in times if t > now]
    return min(times) if times else None


def _shown(call: dict, mark: "tuple | None") -> dict:
    answer, who = call["answer"], call["who"]
    if mark is not None:
        answer, who = answer_shown(answer, who, mark[3], mark[4])
    return {
        "incident": call["incident"],
        "role": call["role"],
        "what": call["what"],
        "place": call["place"],
        "heard": call["heard"],
        "received": int(mark is not None),
        "answer": answer,
        "who": who,
    }


def _refreshed(facts: dict) -> int:
    if facts["refreshed_at"] is None:
        return facts["boot_at"] + FIRST_CONTACT_MS - STALE_MS
    return facts["refreshed_at"]


def _fresh(facts: dict, now: int) -> bool:
    return facts["refreshed_at"] is not None and now - facts["refreshed_at"] <= STALE_MS


def _trouble(facts: dict, now: int) -> bool:
    return in_trouble(now, facts["link_down_since"], _refreshed(facts), facts["answerable"], facts["unheard_since"])


def _faded(press: dict, now: int) -> bool:
    return (press["heard"] or press["received"]) and now - press["at"] > TOLD_MS
