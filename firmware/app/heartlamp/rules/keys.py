"""Keys and contacts: from the raw edges of a line to what the person wants.

A line is a tuple (level, edge_at, pressed_at, done): level now, time of its last raw edge, time of the press that is
still held (None: none), whether that press has already been acted upon. All times in ms of one clock.

Red acts on its first edge, so contact bounce can only follow it. Edges within BOUNCE_MS of another edge start nothing:
ten edges of one press are one event, and no press waits for the contact to settle.
"""

BOUNCE_MS = 30
LONG_MS = 1500
OPEN = (0, None, None, False)

PANIC = "red"
GO = "green"
CONTACTS = {"smoke": "fire", "flood": "flood"}  # what a closed contact is about


def edge(line: tuple, level: int, now: int) -> "tuple[tuple, bool]":
    """(line, True where a press begins with this very edge)."""
    was, edge_at, pressed_at, done = line
    if level == was:
        return line, False
    quiet = edge_at is None or now - edge_at >= BOUNCE_MS
    if level and quiet and not _held(line):
        return (1, now, now, False), True
    return (level, now, pressed_at, done), False


def settle(line: tuple, now: int) -> "tuple[tuple, str, int | None]":
    """(line, gesture, when to look again). Gestures: "closed" the level has stood for BOUNCE_MS, "long" held for
    LONG_MS (told while still held), "short" let go before that, "" nothing."""
    level, edge_at, pressed_at, done = line
    if pressed_at is None:
        return line, "", None
    if level:
        if now - pressed_at >= LONG_MS:
            return (level, edge_at, pressed_at, True), "" if done else "long", None
        return line, "", pressed_at + LONG_MS
    if now - edge_at < BOUNCE_MS:
        return line, "", edge_at + BOUNCE_MS
    return (0, edge_at, None, False), "" if done else "short", None


def settle_contact(line: tuple, now: int) -> "tuple[tuple, str, int | None]":
    """As settle, for a sensor's contact: "closed" once the level has stood for BOUNCE_MS, as a spark is no fire;
    "opened" likewise."""
    level, edge_at, pressed_at, done = line
    if edge_at is None or bool(level) == done:
        return line, "", None
    if now - edge_at < BOUNCE_MS:
        return line, "", edge_at + BOUNCE_MS
    return (level, edge_at, pressed_at, bool(level)), "closed" if level else "opened", None


def answer_by_green(gesture: str, calls: "list[dict]") -> "tuple[str, str] | None":
    """(incident, answer) that a press of green means, or None. `calls`: what the lamp shows, each with incident, role
    and answer. Short: I go to the neighbour. Long: at the victim's own lamp, I am here."""
    if gesture == "long":
        for call in calls:
            if call["role"] == "own" and call["answer"] != "closed":
                return call["incident"], "arrived"
    for call in calls:
        if call["role"] == "near" and call["answer"] not in ("arrived", "closed"):
            return call["incident"], "coming"
    return None


def _held(line: tuple) -> bool:
    return bool(line[0]) and line[2] is not None
