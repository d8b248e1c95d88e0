"""Keys and contacts: from the raw edges of a line to what the person wants. Times in ms of one clock.

Red acts on its first edge, so contact bounce can only follow it. Edges within BOUNCE_MS of another edge start nothing:
ten edges of one press are one event, and no press waits for the contact to settle.
"""

from heartlamp.rules.calls import Call

BOUNCE_MS = 30
LONG_MS = 1500
STUCK_MS = 60_000

PANIC = "red"
GO = "green"
CANCEL = "cancel"


class Line:
    """level: now; edge_at: its last raw edge; pressed_at: the press not yet done with, None: none; done: acted upon (of
    a contact: the level last told). Never changed, only replaced."""

    def __init__(
        self, level: int = 0, edge_at: "int | None" = None, pressed_at: "int | None" = None, done: bool = False
    ) -> None:
        self.level = level
        self.edge_at = edge_at
        self.pressed_at = pressed_at
        self.done = done


def edges(noted: int, level: int) -> "tuple[int, ...]":
    """The edges since a level was noted, where an interrupt finds `level` now: finding it unchanged, there was one in
    between; a press that was let go while the program was busy is a press."""
    return (level,) if level != noted else (1 - level, level)


def edge(line: Line, level: int, now: int) -> "tuple[Line, bool]":
    """(line, True where a press begins with this very edge)."""
    if level == line.level:
        return line, False
    if level and (line.edge_at is None or now - line.edge_at >= BOUNCE_MS):
        return Line(1, now, now), True
    return Line(level, now, line.pressed_at, line.done), False


def is_stuck(line: Line, now: int) -> bool:
    """Down for so long that nobody can mean it."""
    return line.level == 1 and line.edge_at is not None and now - line.edge_at >= STUCK_MS


def edge_contact(line: Line, level: int, now: int) -> Line:
    """A contact's edge means nothing before it has settled."""
    return line if level == line.level else Line(level, now, None, line.done)


def settle(line: Line, now: int) -> "tuple[Line, str, int | None]":
    """(line, gesture, when to look again). Gestures: "long" held for LONG_MS (told while still held), "short" let go
    before that, "" nothing."""
    if line.pressed_at is None or line.edge_at is None:
        return line, "", None
    if line.level:
        if now - line.pressed_at < LONG_MS:
            return line, "", line.pressed_at + LONG_MS
        return Line(1, line.edge_at, line.pressed_at, True), "" if line.done else "long", None
    if now - line.edge_at < BOUNCE_MS:
        return line, "", line.edge_at + BOUNCE_MS
    return Line(0, line.edge_at), "" if line.done else "short", None


def settle_contact(line: Line, now: int) -> "tuple[Line, str, int | None]":
    """As settle, for a sensor's contact: "closed" once the level has stood for BOUNCE_MS, because a spark is no fire;
    "opened" likewise."""
    if line.edge_at is None or bool(line.level) == line.done:
        return line, "", None
    if now - line.edge_at < BOUNCE_MS:
        return line, "", line.edge_at + BOUNCE_MS
    return Line(line.level, line.edge_at, None, bool(line.level)), "closed" if line.level else "opened", None


def answer_by_green(gesture: str, calls: "list[Call]") -> "tuple[str, str] | None":
    """(incident, answer) that a press of green means, or None. `calls`: what the lamp shows. Short: I go to the
    neighbour. Long: at the victim's own lamp, I am here."""
    if gesture == "long":
        for call in calls:
            if call.role == "own" and call.answer != "closed":
                return call.incident, "arrived"
    for call in calls:
        if call.role != "own" and call.answer not in ("arrived", "closed"):
            return call.incident, "coming"
    return None
