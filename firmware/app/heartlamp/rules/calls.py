"""The calls that a lamp shows: the village's desired state, and over it the county's signed word.

A state is (epoch, ver, calls). Marks remember the county's word: incident -> (epoch, rver, aver, answer, who, by);
beside them the county's epochs seen, the current one last.
"""

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.lamp import RANK, answer_shown
from heartlamp_protocol.device.limits import CALLS_MAX, INTEGER_MAX, NAME_MAX
from heartlamp_protocol.device.names import is_event_id, is_hex

NOTHING: "tuple[str, int, list[Call]]" = ("", -1, [])  # before the first state
EPOCHS_MAX = 4
_VILLAGE = ("none", "coming", "arrived", "unanswered")  # only the county accepts and closes


class Call:
    """One call. role: own, near, or drill for a neighbour's; heard, received: 0 or 1; county: the county's statement as
    it came, or ""."""

    def __init__(
        self,
        incident: str,
        role: str,
        what: str,
        place: str,
        heard: int,
        answer: str,
        who: str,
        county: str = "",
        received: int = 0,
    ) -> None:
        self.incident = incident
        self.role = role
        self.what = what
        self.place = place
        self.heard = heard
        self.answer = answer
        self.who = who
        self.county = county
        self.received = received


def read_lamp(fields: "dict[str, object]") -> "tuple[str, int, list[Call]]":
    """The state in a lamp message. Raises FrameError; a call that makes no sense spoils only itself."""
    epoch, ver, listed = fields.get("epoch"), fields.get("ver"), fields.get("calls")
    if not is_hex(epoch, 16) or not isinstance(listed, list):
        raise FrameError("not a lamp state")
    calls: "list[Call]" = []
    for c in listed:
        call = _call(c)
        if call is not None:
            calls.append(call)
    return str(epoch), _whole(ver), calls[:CALLS_MAX]


def is_newer(state: "tuple[str, int, list[Call]]", epoch: str, ver: int) -> bool:
    """A higher version of the same epoch, or any of another."""
    return epoch != state[0] or ver > state[1]


def take_county(
    marks: "dict[str, tuple[str, int, int, str, str, str]]", epochs: "list[str]", said: "dict[str, object]"
) -> "tuple[dict[str, tuple[str, int, int, str, str, str]], list[str]]":
    """Marks after the county's (verified) statement: the highest of each axis; what an epoch said that has been
    replaced since is history. Raises FrameError where it is not a statement about an incident."""
    answer = said.get("answer")
    if said.get("kind") != "answer" or not is_event_id(said.get("incident")) or not is_hex(said.get("epoch"), 16):
        raise FrameError("not a statement about an incident")
    if not isinstance(answer, str) or answer not in RANK:
        raise FrameError("an unknown answer")
    epoch, incident, who = str(said["epoch"]), str(said["incident"]), str(said.get("who"))[:NAME_MAX]
    by = said.get("by")
    if not isinstance(by, str):
        raise FrameError("nobody says whose key it is")
    rver, aver = _whole(said.get("rver")), _whole(said.get("aver"))
    epochs = take_epoch(epochs, epoch)
    if epoch != epochs[-1]:
        return marks, epochs
    old = marks.get(incident)
    if old is not None and old[0] == epoch:
        rver = max(rver, old[1])
        if aver <= old[2]:
            aver, answer, who, by = old[2], old[3], old[4], old[5]
    after = dict(marks)
    after[incident] = (epoch, rver, aver, answer, who, by[:NAME_MAX])
    return after, epochs


def take_epoch(epochs: "list[str]", epoch: str) -> "list[str]":
    return epochs if epoch in epochs else (epochs + [epoch])[-EPOCHS_MAX:]


def forget(
    marks: "dict[str, tuple[str, int, int, str, str, str]]", calls: "list[Call]"
) -> "dict[str, tuple[str, int, int, str, str, str]]":
    """Marks of the incidents that are still called; a lamp's memory is bounded."""
    kept = {}
    for call in calls:
        if call.incident in marks:
            kept[call.incident] = marks[call.incident]
    return kept


def shown(calls: "list[Call]", marks: "dict[str, tuple[str, int, int, str, str, str]]") -> "list[Call]":
    """The calls with the higher of the village's and the county's answers."""
    out = []
    for c in calls:
        mark = marks.get(c.incident)
        answer, who = (c.answer, c.who) if mark is None else answer_shown(c.answer, c.who, mark[3], mark[4], mark[5])
        out.append(Call(c.incident, c.role, c.what, c.place, c.heard, answer, who, "", int(mark is not None)))
    return out


def _call(c: object) -> "Call | None":
    if not isinstance(c, dict) or not is_event_id(c.get("incident")) or c.get("role") not in ("own", "near"):
        return None
    if c.get("what") == "silent":
        return None  # nobody may send it, and no lamp shows it
    for name in ("what", "place", "who", "county"):
        if not isinstance(c.get(name), str):
            return None
    answer = c.get("answer")
    return Call(
        c["incident"],
        "drill" if c.get("drill") else c["role"],
        c["what"][:16],
        c["place"][:NAME_MAX],
        1 if c.get("heard") == 1 else 0,
        answer if isinstance(answer, str) and answer in _VILLAGE else "none",
        c["who"][:NAME_MAX],
        c["county"],
    )


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= INTEGER_MAX:
        raise FrameError("a version is not a whole number")
    return value
