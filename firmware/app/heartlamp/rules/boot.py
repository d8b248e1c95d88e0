"""Which copy of the program starts, and what a start, a receipt or a crash changes about it. Pure.

`rom` is the copy in the firmware image, which no update touches; `a` and `b` are folders on the flash. A new one is on
trial: each start of it is paid for beforehand, and only a receipt makes it good. The state is one blob in NVS, written
at once or not at all, so that no power cut can leave half of it, and a corrupt filesystem not touch it.

A start counts until the device was healthy; who starts too often without that gets the copy rom and alarms alone.
"""

import json

from heartlamp_protocol.device.reasons import DAMAGED, ROLLED_BACK

ROM = "rom"
SLOTS = ("a", "b")
TRIES = 3  # starts of a trial: a crash at once, a bad moment of the line, and one more
STARTS = 3  # in a row without having been healthy; the next one is safe
TRIAL_MS = 20 * 60_000  # of one start, to earn a receipt; three of them outlast a gateway's restart
ALARM_MS = 60_000  # on trial, an alarm that had no receipt for so long goes back to who could send it
SAFE_WAKES = 6  # orderly sleeps that end safe mode: a battery device is never awake for hours


class State:
    """good: who starts; a, b: ids of the bundles whose files are there and once were good, "" for none; trial,
    trial_id, trial_version, tries: the slot on trial and its starts left; starts: in a row without having been healthy
    (kept apart, see update/state.py); wakes: orderly sleeps in safe mode; refused, refused_id, refused_version: the
    last refusal (device.reasons); lost: slots found damaged; reformatted: times the filesystem could not be read and
    was made anew."""

    TEXTS = ("good", "a", "b", "trial", "trial_id", "refused_id")
    COUNTS = ("tries", "wakes", "refused", "refused_version", "trial_version", "lost", "reformatted")

    def __init__(self) -> None:
        self.good = ROM
        self.a = ""
        self.b = ""
        self.trial = ""
        self.trial_id = ""
        self.trial_version = 0
        self.tries = 0
        self.starts = 0
        self.wakes = 0
        self.refused = 0
        self.refused_id = ""
        self.refused_version = 0
        self.lost = 0
        self.reformatted = 0

    def id_of(self, slot: str) -> str:
        """Of the bundle that may start from this slot."""
        if slot == self.trial:
            return self.trial_id
        return self.a if slot == "a" else self.b if slot == "b" else ""


def write(state: State) -> bytes:
    """At most 400 B."""
    return json.dumps({name: getattr(state, name) for name in State.TEXTS + State.COUNTS}).encode()


def read(data: "bytes | None") -> State:
    """What cannot be read is a new device's: the rom copy starts."""
    state = State()
    try:
        fields = json.loads(data or b"{}")
        for names, kind in ((State.TEXTS, str), (State.COUNTS, int)):
            for name in names:
                if type(fields.get(name)) is kind:
                    setattr(state, name, fields[name])
    except (ValueError, AttributeError):
        return State()
    if state.good not in SLOTS:
        state.good = ROM
    if state.trial not in SLOTS or state.trial == state.good:
        state.trial, state.tries = "", 0
    return state


def copy(state: State) -> State:
    made = State()
    for name in State.TEXTS + State.COUNTS + ("starts",):
        setattr(made, name, getattr(state, name))
    return made


# --- a start ----------------------------------------------------------------------------------------------------


def begin(state: State, slept: bool) -> State:
    """Before anything starts. `slept`: woken from deep sleep, which only an orderly run enters."""
    state = copy(state)
    if not slept:
        state.starts, state.wakes = state.starts + 1, 0
    elif safe(state) and state.wakes < SAFE_WAKES:
        state.wakes += 1
    else:
        state.starts, state.wakes = 0, 0
    if state.trial and state.tries <= 0:
        return rolled_back(state)
    if state.trial:
        state.tries -= 1
        state.starts = min(state.starts, STARTS)  # a trial's starts are counted by its tries
    return state


def safe(state: State) -> bool:
    """The rom copy, and only what an alarm needs."""
    return state.starts > STARTS


def order(state: State) -> "list[str]":
    """The slots to try, best first; the rom copy always works."""
    if safe(state):
        return [ROM]
    found = []
    for slot in (state.trial, state.good) + SLOTS:
        if slot in SLOTS and state.id_of(slot) and slot not in found:
            found.append(slot)
    return found + [ROM]


def broken(state: State, slot: str, reason: int = DAMAGED) -> State:
    """Its files are not what they were, or cannot even be imported: never again, the next in order() starts."""
    state = copy(state)
    if slot == state.trial:
        state = refuse(state, reason, state.trial_id, state.trial_version)
        state.trial, state.trial_id, state.tries = "", "", 0
        return state
    if slot == "a":
        state.a = ""
    elif slot == "b":
        state.b = ""
    state.lost += 1
    if slot == state.good:
        left = [s for s in SLOTS if s != state.trial and state.id_of(s)]
        state.good = left[0] if left else ROM
    return state


def reformatted(state: State) -> State:
    """The filesystem could not be read: the slots went with it, the update that was under way too."""
    state = copy(state)
    state.reformatted += 1
    state.good, state.a, state.b, state.trial, state.trial_id, state.tries = ROM, "", "", "", "", 0
    return state


# --- an update --------------------------------------------------------------------------------------------------


def free_slot(state: State) -> str:
    """The slot an update may overwrite: never the one that starts."""
    return "b" if state.good == "a" else "a"


def emptied(state: State, slot: str) -> State:
    """Before the first byte of a slot is changed: from now on it must not start. Whatever was refused before is told
    no more."""
    state = copy(state)
    state.refused, state.refused_id, state.refused_version = 0, "", 0
    if slot == "a":
        state.a = ""
    else:
        state.b = ""
    if slot == state.trial:
        state.trial, state.trial_id, state.tries = "", "", 0
    return state


def on_trial(state: State, slot: str, id: str, version: int) -> State:
    """All its files are there and right. The next start, which is announced, is its first."""
    state = emptied(state, slot)
    state.trial, state.trial_id, state.trial_version, state.tries = slot, id, version, TRIES
    state.starts = 0
    return state


def confirmed(state: State) -> State:
    """It earned its receipt. Where NVS lost that it was on trial, the one before stays."""
    state = copy(state)
    if not state.trial:
        return state
    slot, id = state.trial, state.trial_id
    state.trial, state.trial_id, state.tries, state.good, state.starts = "", "", 0, slot, 0
    if slot == "a":
        state.a = id
    else:
        state.b = id
    return state


def rolled_back(state: State) -> State:
    """It earned none. What was good before starts again, and its count of starts begins anew."""
    state = refuse(state, ROLLED_BACK, state.trial_id, state.trial_version)
    state.trial, state.trial_id, state.tries, state.starts = "", "", 0, 1
    return state


def refuse(state: State, reason: int, id: str, version: int) -> State:
    """Remembered by its id, so that it is not taken in again and again; `version` 0: not even that could be read."""
    state = copy(state)
    state.refused, state.refused_id, state.refused_version = reason, id, version
    return state


# --- while it runs ----------------------------------------------------------------------------------------------


def trial_over(up: int) -> bool:
    """No receipt yet on trial, `up` ms after its start: time for its next start, or to go back."""
    return up >= TRIAL_MS


def must_go_back(held_for: "int | None") -> bool:
    """On trial: has an event waited too long? held_for: ms of this start since the oldest that nobody has heard, None
    where there is none. The copy before could send."""
    return held_for is not None and held_for >= ALARM_MS


def given_up(state: State) -> State:
    """The trial's next start is none."""
    state = copy(state)
    state.tries = 0
    return state
