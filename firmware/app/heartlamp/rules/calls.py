"""The calls that a lamp shows: the village's desired state, and over it the county's signed word.

A state is (epoch, ver, calls), ("", -1, []) before the first. Marks remember the county's word: a dict incident ->
(epoch, rver, aver, answer, who), and the list of county epochs seen, the current one last.
"""

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.lamp import RANK
from heartlamp_protocol.device.limits import CALLS_MAX, INTEGER_MAX, NAME_MAX
from heartlamp_protocol.device.names import is_event_id, is_hex

NOTHING = ("", -1, [])
EPOCHS_MAX = 4
_VILLAGE = ("none", "coming", "arrived", "unanswered")  # only the county accepts and closes


def read_lamp(fields: dict) -> "tuple[str, int, list[dict]]":
    """The state in a lamp message. Raises FrameError; a call that makes no sense spoils only itself."""
    epoch, ver, calls = fields.get("epoch"), fields.get("ver"), fields.get("calls")
    if not is_hex(epoch, 16) or not _whole(ver) or not isinstance(calls, list):
        raise FrameError("not a lamp state")
    return epoch, ver, [_call(c) for c in calls if _is_call(c)][:CALLS_MAX]


def is_newer(state: tuple, epoch: str, ver: int) -> bool:
    """A higher version of the same epoch, or any of another."""
    return epoch != state[0] or ver > state[1]


def take_county(marks: dict, epochs: "list[str]", said: dict) -> "tuple[dict, list[str]]":
    """Marks after the county's (verified) statement: the highest of each axis; what an epoch said that has been
    replaced since is history. Raises FrameError where it is not a statement about an incident."""
    epoch, incident, rver, aver = said.get("epoch"), said.get("incident"), said.get("rver"), said.get("aver")
    if said.get("kind") != "answer" or not is_hex(epoch, 16) or not is_event_id(incident):
        raise FrameError("not a statement about an incident")
    answer = said.get("answer")
    if not _whole(rver) or not _whole(aver) or not isinstance(answer, str) or answer not in RANK:
        raise FrameError("not a statement about an incident")
    epochs = take_epoch(epochs, epoch)
    if epoch != epochs[-1]:
        return marks, epochs
    old = marks.get(incident)
    who = str(said.get("who"))[:NAME_MAX]
    if old is not None and old[0] == epoch:
        if aver <= old[2]:
            aver, answer, who = old[2], old[3], old[4]
        rver = max(rver, old[1])
    after = dict(marks)
    after[incident] = (epoch, rver, aver, answer, who)
    return after, epochs


def take_epoch(epochs: "list[str]", epoch: str) -> "list[str]":
    return epochs if epoch in epochs else (epochs + [epoch])[-EPOCHS_MAX:]


def forget(marks: dict, calls: "list[dict]") -> dict:
    """Marks of the incidents that are still called; a lamp's memory is bounded."""
    wanted = [c["incident"] for c in calls]
    return {incident: mark for incident, mark in marks.items() if incident in wanted}


def _is_call(c: object) -> bool:
    return (
        isinstance(c, dict)
        and is_event_id(c.get("incident"))
        and c.get("role") in ("own", "near")
        and isinstance(c.get("what"), str)
        and isinstance(c.get("place"), str)
        and isinstance(c.get("who"), str)
        and isinstance(c.get("county"), str)
    )


def _call(c: dict) -> dict:
    return {
        "incident": c["incident"],
        "role": c["role"],
        "what": c["what"][:16],
        "place": c["place"][:NAME_MAX],
        "heard": 1 if c.get("heard") == 1 else 0,
        "answer": c.get("answer") if c.get("answer") in _VILLAGE else "none",
        "who": c["who"][:NAME_MAX],
        "county": c["county"],
    }


def _whole(value: object) -> bool:
    return type(value) is int and 0 <= value <= INTEGER_MAX
