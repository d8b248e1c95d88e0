"""Which devices are missed, what they say is wrong with them, and which of it is one trouble and not many.

Times are milliseconds of the village clock, so that a restart of the gateway restores nobody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from heartlamp_protocol.registry import Device
from heartlamp_protocol.supervision import supervision_ms
from heartlamp_protocol.troubles import OF_MANY

from heartlamp_gateway.rules.model import Village
from heartlamp_gateway.rules.outage import Limits, Scope, is_over, scopes, together

UNKNOWN, WELL, MISSED, NEVER = "unknown", "well", "missed", "never heard"

_ENDS = {"stuck": "sensor", "trembles": "sensor", "worn": "sensor", "fault": "sensor"}
_NAMES = {
    "battery_low": "battery",
    "battery_fault": "battery",
    "tamper": "tamper",
    "key_stuck": "key",
    "probes_missing": "sensor",
    "sensors_wrong": "sensor",
}

Key = tuple[str, str, str]
"""(kind, cause, subject): what makes it the same trouble as long as it lasts."""


def trouble_of(name: str) -> str:
    """The kind of trouble that a device's value of this name tells of where it is not 0, "" for none."""
    return _NAMES.get(name) or _ENDS.get(name.rpartition("_")[2], "")


def tells(name: str) -> bool:
    """Whether supervision remembers this value at all."""
    return name == "mains" or bool(trouble_of(name))


@dataclass(frozen=True, slots=True)
class Word:
    """What a device said of itself. `since`: of when this value is; `at`: when it said so last."""

    value: int
    since: int
    at: int

    def is_bad(self, name: str) -> bool:
        """Whether the value of this name tells of a trouble."""
        return self.value == 0 if name == "mains" else self.value != 0


@dataclass(frozen=True, slots=True)
class Trouble:
    """`subject`: a device, "village", "group <id>", a part of the box; `members`: the devices that an outage took, also
    those that are back; `of`: how many might have gone; `eased`: since when too few of them are away for it to be one;
    `hidden`: of a silent button, of which nothing in the village may learn; `told`: the county was."""

    kind: str
    cause: str
    subject: str
    since: int
    detail: str = ""
    opened: int = 0
    until: int | None = None
    members: frozenset[str] = frozenset()
    of: int = 0
    eased: int | None = None
    hidden: bool = False
    told: bool = False

    @property
    def key(self) -> Key:
        return self.kind, self.cause, self.subject

    @property
    def words(self) -> str:
        """The detail as it goes up."""
        return f"{len(self.members)}/{self.of}:{self.detail}" if self.kind == OF_MANY else self.detail


@dataclass(frozen=True, slots=True)
class State:
    """`known`: device -> since when the registry has it; `spoke`: its last sign of life; `gone`: device -> (its last
    sign of life, when it was missed); `words`: device -> value's name -> what it said; `open`: troubles that last;
    `status`: device -> UNKNOWN, WELL, MISSED or NEVER."""

    known: Mapping[str, int] = field(default_factory=dict)
    spoke: Mapping[str, int] = field(default_factory=dict)
    gone: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, Word]] = field(default_factory=dict)
    open: Mapping[Key, Trouble] = field(default_factory=dict)
    status: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tell:
    """Effect: the county is to learn it. `what`: "trouble" or "restored"."""

    what: str
    trouble: Trouble


def merge(old: Mapping[str, Word], said: Mapping[str, int], at: int) -> dict[str, Word]:
    """A device's words with what it just said."""
    new = dict(old)
    for name, value in said.items():
        if tells(name):
            before = old.get(name)
            new[name] = Word(value, before.since if before and before.value == value else at, at)
    return new


def look(
    state: State,
    village: Village,
    spoke: Mapping[str, int],
    words: Mapping[str, Mapping[str, Word]],
    other: Iterable[Trouble],
    now: int,
    listening: int | None,
    limits: Limits,
) -> tuple[State, list[Tell]]:
    """`spoke`, `words`: what was heard since the start; `other`: troubles of box and county as they are now;
    `listening`: since when devices can reach us at all, None: they cannot, and nobody is judged by silence."""
    devices = {d.id: d for d in village.registry.devices if d.users}
    known = {id: state.known.get(id, now) for id in devices}
    heard = {id: at for id, at in {**state.spoke, **spoke}.items() if id in devices}
    said = {id: w for id, w in {**state.words, **words}.items() if id in devices}
    gone, status = _silence(state, devices, known, heard, now, listening)
    state = replace(state, known=known, spoke=heard, gone=gone, words=said, status=status)

    said = {id: _current(w, heard.get(id), devices[id].kind) for id, w in said.items()}
    state = replace(state, words=said)
    lost = _lost(devices, gone, said)
    outages = _outages(state, scopes(village, devices, heard), lost, now, limits)
    taken = frozenset(id for outage in outages for id in outage.members)
    wanted = {t.key: t for t in (*outages, *_singles(state, devices, lost, taken, now, limits), *other)}
    return _reconcile(state, wanted, now, limits)


def _silence(
    state: State,
    devices: Mapping[str, Device],
    known: Mapping[str, int],
    heard: Mapping[str, int],
    now: int,
    listening: int | None,
) -> tuple[dict[str, tuple[int, int]], dict[str, str]]:
    gone: dict[str, tuple[int, int]] = {}
    status: dict[str, str] = {}
    for id, device in devices.items():
        last = heard.get(id)
        before = state.gone.get(id)
        if before is not None and last is not None and last <= before[0]:
            gone[id], status[id] = before, MISSED
            continue
        if listening is None:
            status[id] = UNKNOWN
            continue
        quiet = now - max(listening, known[id] if last is None else last)
        if quiet > supervision_ms(device.kind):
            status[id] = NEVER if last is None else MISSED
            if last is not None:
                gone[id] = last, now
        else:
            status[id] = WELL if last is not None and last >= listening else UNKNOWN
    return gone, status


def _current(words: Mapping[str, Word], spoke: int | None, kind: str) -> Mapping[str, Word]:
    """Without what it says no more while it goes on speaking: its configuration is another one now."""
    if spoke is None or all(spoke - word.at <= supervision_ms(kind) for word in words.values()):
        return words
    return {name: word for name, word in words.items() if spoke - word.at <= supervision_ms(kind)}


def _lost(
    devices: Mapping[str, Device], gone: Mapping[str, tuple[int, int]], words: Mapping[str, Mapping[str, Word]]
) -> dict[str, tuple[int, bool]]:
    """device -> (when power or network went for it, whether it said that it was the power)."""
    found = {id: (last, False) for id, (last, _) in gone.items()}
    for id, said in words.items():
        mains = said.get("mains")
        if mains is not None and mains.is_bad("mains"):
            found[id] = (mains.since, True)
    return {id: at for id, at in found.items() if devices[id].kind != "silent"}


def _outages(
    state: State, places: list[Scope], lost: Mapping[str, tuple[int, bool]], now: int, limits: Limits
) -> list[Trouble]:
    """The village's takes in what a group's would hold."""
    found: list[Trouble] = []
    for place in places:
        free = {
            id: at for id, (at, _) in lost.items() if id in place.devices and not any(id in t.members for t in found)
        }
        before = state.open.get((OF_MANY, "", place.name))
        if before is not None:
            joined = {id for id, at in free.items() if at >= before.since - limits.window_ms}
            members = before.members | joined
            away = len([id for id in members if id in free])
            few = away * 2 < limits.many(place)
            eased = (now if before.eased is None else before.eased) if few else None
            if is_over(away, eased, now, limits):
                continue
            outage = replace(before, members=members, of=max(before.of, place.of), eased=eased)
        else:
            members = together(free, limits.many(place), limits.window_ms)
            if not members:
                continue
            first = min(free[id] for id in members)
            outage = Trouble(OF_MANY, "", place.name, first, opened=now, members=members, of=place.of)
        power = sum(1 for id in outage.members if lost.get(id, (0, False))[1])
        dark = before is not None and before.detail == "power"
        detail = "power" if dark or power * 2 >= len(outage.members) else "network"
        found.append(replace(outage, detail=detail))
    return found


def _singles(
    state: State,
    devices: Mapping[str, Device],
    lost: Mapping[str, tuple[int, bool]],
    taken: frozenset[str],
    now: int,
    limits: Limits,
) -> list[Trouble]:
    """Held back a little where it may be the first of many."""
    found = []
    for id, device in devices.items():
        hidden = device.kind == "silent"
        if id in state.gone and id not in taken:
            last, missed = state.gone[id]
            if now >= missed + limits.hold_ms:
                found.append(Trouble("missed", "", id, last, opened=now, hidden=hidden))
        if state.status[id] == NEVER and now - state.known[id] > limits.never_ms:
            found.append(Trouble("never", "", id, state.known[id], opened=now, hidden=hidden))
        for name, word in state.words.get(id, {}).items():
            if not word.is_bad(name):
                continue
            if name == "mains":
                if id not in taken and now >= word.since + limits.hold_ms:
                    found.append(Trouble("mains", "", id, word.since, opened=now, hidden=hidden))
            else:
                detail = f"{name}={word.value}"
                found.append(Trouble(trouble_of(name), name, id, word.since, detail, now, hidden=hidden))
    return found


def _reconcile(state: State, wanted: Mapping[Key, Trouble], now: int, limits: Limits) -> tuple[State, list[Tell]]:
    """What is new, what goes on, what is over. An outage is told once it has had time to show how large it is; one
    that was over by then, or had become part of a larger one, is not."""
    tells: list[Tell] = []
    lasting: dict[Key, Trouble] = {}
    for key, trouble in wanted.items():
        before = state.open.get(key)
        if before is not None:
            trouble = replace(trouble, since=before.since, opened=before.opened, told=before.told)
        if not trouble.told and (trouble.kind != OF_MANY or now - trouble.opened >= limits.hold_ms):
            trouble = replace(trouble, told=True)
            tells.append(Tell("trouble", trouble))
        lasting[key] = trouble
    for key, before in state.open.items():
        if key not in wanted and before.told:
            until = before.eased if before.eased is not None else now
            tells.append(Tell("restored", replace(before, until=until)))
    return replace(state, open=lasting), tells
