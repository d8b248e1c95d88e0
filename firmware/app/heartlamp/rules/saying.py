"""When a lamp says what it shows, and what cuts it short."""

from heartlamp.rules import tones
from heartlamp.rules.lamp import TOLD_MS, Press


class Saying:
    """What is said from `since` on, and how often it was begun. needed: somebody here or next door calls for help;
    calls: the incidents that it tells of; press: the id of the last press that it answers."""

    def __init__(
        self,
        meaning: str,
        words: "list[tuple[str, str]]",
        needed: bool,
        calls: "list[str]",
        press: str,
        since: int,
    ) -> None:
        self.meaning = meaning
        self.words = words
        self.needed = needed
        self.calls = calls
        self.press = press
        self.since = since
        self.said = 0

    def due(self) -> "int | None":
        """When to say it (again), ms of the clock of `since`; None: no more."""
        at = tones.due(self.meaning, self.needed, self.said)
        return None if at is None else self.since + at


def turn(
    old: "Saying | None",
    picture: "dict[str, object]",
    words: "list[tuple[str, str]]",
    press: "Press | None",
    now: int,
) -> Saying:
    """What to say of a picture. words: voice.py's, [] without a speaker; press: the last one made here. The old saying
    goes on where nothing changed. A press is answered at once, also where the picture stays as it was."""
    if press is not None and (press.heard or press.received) and now - press.at > TOLD_MS:
        press = None  # from then on only a call keeps it open
    shown = picture["calls"]
    assert isinstance(shown, list)
    calls = [c["incident"] for c in shown if c["answer"] != "closed"]
    needed = press is not None or len(calls) > 0
    meaning = str(picture["meaning"])
    if old is not None and (old.meaning, old.words, old.needed) == (meaning, words, needed):
        pressed = press is not None and press.id != old.press
        called = meaning == "near" and [c for c in calls if c not in old.calls]
        if not pressed and not called:
            return old
    answered = press.id if press is not None else old.press if old is not None else ""
    return Saying(meaning, words, needed, calls, answered, now)


def cuts(old: "Saying | None", new: Saying) -> bool:
    """Whether what is being said must stop: it is not true any more. Other words for the same wait for its end."""
    return old is not None and old.meaning != new.meaning
