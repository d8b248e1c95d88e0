"""From what the device knows to what it shows. How a meaning looks is glow.py's."""

from heartlamp_protocol.device.lamp import WORKING, in_trouble, meaning
from heartlamp_protocol.device.limits import LINK_GRACE_MS, SECOND_PATH_MS, STALE_MS

from heartlamp.rules.calls import Call
from heartlamp.rules.glow import look

FIRST_CONTACT_MS = 15_000  # after a start, before "no word from the village" is trouble
TOLD_MS = 60_000  # a receipt shines this long where no call in the lamp's state carries it on


class Press:
    """The last alarm made here. at: ms; heard, received: its receipts; offered_at: when the house's button, whose alarm
    it is, last offered it through us, None where it is our own."""

    def __init__(self, id: str, at: int) -> None:
        self.id = id
        self.at = at
        self.heard = False
        self.received = False
        self.offered_at: "int | None" = None


class Facts:
    """What the picture is made of; times in ms of one clock. link_down_since None: the session is up; refreshed_at
    None: no word from the village since the start; unheard_since None: no event without a receipt; calls: shown()."""

    def __init__(
        self,
        boot_at: int,
        link_down_since: "int | None",
        refreshed_at: "int | None",
        answerable: bool,
        unheard_since: "int | None",
        press: "Press | None",
        calls: "list[Call]",
    ) -> None:
        self.boot_at = boot_at
        self.link_down_since = link_down_since
        self.refreshed_at = refreshed_at
        self.answerable = answerable
        self.unheard_since = unheard_since
        self.press = press
        self.calls = calls


def picture(facts: Facts, now: int) -> "dict[str, object]":
    """What the lamp shows now, ready for JSON."""
    own = None
    for c in facts.calls:
        if own is None and c.role == "own" and c.answer != "closed":
            own = c
    press = facts.press
    if press is not None and (press.heard or press.received) and now - press.at > TOLD_MS:
        press = None
    heard = bool(own and own.heard) or bool(press and press.heard)
    received = bool(own and own.received) or bool(press and press.received)
    answer, who = (own.answer, own.who) if own else ("none", "")
    told = heard or received or answer != "none"  # somebody who answers has been told, whatever a full disk says
    sending = not told and (press is not None or own is not None)
    trouble = is_trouble(facts, now)
    shown = _meaning(facts, meaning(told, sending, answer, trouble))
    shows = {
        "meaning": shown,
        "answer": answer,
        "who": who,
        "heard": int(heard),
        "received": int(received),
        "trouble": int(trouble),
        "calls": [_plain(c) for c in facts.calls],
    }
    shows.update(look(shown))
    return shows


def is_trouble(facts: Facts, now: int) -> bool:
    return in_trouble(now, facts.link_down_since, _refreshed(facts), facts.answerable, facts.unheard_since)


def next_change(facts: Facts, now: int) -> "int | None":
    """When time alone may change the picture; None: never."""
    times = [_refreshed(facts) + STALE_MS + 1]
    if facts.link_down_since is not None:
        times.append(facts.link_down_since + LINK_GRACE_MS + 1)
    if facts.unheard_since is not None:
        times.append(facts.unheard_since + SECOND_PATH_MS + 1)
    if facts.press is not None:
        times.append(facts.press.at + TOLD_MS + 1)
    times = [t for t in times if t > now]
    return min(times) if times else None


def _meaning(facts: Facts, shown: str) -> str:
    """The protocol's meaning, and the four that are only a lamp's: sending, near, drill, dark before the first word.
    Trouble lies over a neighbour's call too: red would reach nobody, and who may go must know that. A short break does
    not, because in_trouble gives it its grace. A neighbour who needs help goes before one who drills."""
    if shown == "dark":
        return "sending"
    if shown != WORKING:
        return shown
    for role in ("near", "drill"):
        for c in facts.calls:
            if c.role == role and c.answer not in ("arrived", "closed"):
                return role
    return WORKING if facts.refreshed_at is not None else "dark"  # no promise yet


def _refreshed(facts: Facts) -> int:
    if facts.refreshed_at is None:
        return facts.boot_at + FIRST_CONTACT_MS - STALE_MS
    return facts.refreshed_at


def _plain(call: Call) -> "dict[str, object]":
    return {
        "incident": call.incident,
        "role": call.role,
        "what": call.what,
        "place": call.place,
        "heard": call.heard,
        "received": call.received,
        "answer": call.answer,
        "who": call.who,
    }
