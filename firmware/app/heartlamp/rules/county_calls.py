"""The calls that the county tells a gateway of one of, and the lamp's state that is made of them.

The county says each incident once, and again at each change, in the order of a cursor. After a comment of the stream
nothing that is in force is still to come.
"""

from heartlamp_protocol.device.limits import CALLS_MAX, DOWN_MAX, INTEGER_MAX, NAME_MAX, STATEMENT_MAX
from heartlamp_protocol.device.names import is_event_id, is_hex
from heartlamp_protocol.device.state import write_call, write_lamp

KEPT = 12  # calls; the lamp shows CALLS_MAX of them
_NEAR = ("coming", "arrived", "unanswered")  # what the lamp of a neighbour says of people


class Call:
    """`own`: of our house; `answer`, `who`: the county's, for a neighbour's call; `statement`: signed, for our own;
    `drill`: it is one."""

    def __init__(
        self,
        incident: str,
        own: bool,
        what: str,
        place: str,
        answer: str,
        who: str,
        statement: str,
        drill: bool = False,
    ) -> None:
        self.incident = incident
        self.own = own
        self.what = what
        self.place = place
        self.answer = answer
        self.who = who
        self.statement = statement
        self.drill = drill


class Told:
    """epoch, seq: the cursor; ver: rises with each change of what the lamp is to show; calls: in the order of coming;
    old: what another store of the county had said, shown until this one has said all."""

    def __init__(self, epoch: str, seq: int, ver: int, calls: "list[Call]", old: "list[Call]") -> None:
        self.epoch = epoch
        self.seq = seq
        self.ver = ver
        self.calls = calls
        self.old = old


def nothing() -> Told:
    return Told("", 0, 0, [], [])


def cursor(told: Told) -> str:
    return "%s:%d" % (told.epoch, told.seq) if told.seq else ""


def hello(told: Told, epoch: object) -> Told:
    """The stream begins. Another store of the county says everything from the start."""
    if epoch == told.epoch or not is_hex(epoch, 16):
        return told
    return Told(str(epoch), 0, told.ver, [], told.calls + told.old)


def command(told: Told, fields: "dict[str, object] | None", seq: int, dev: str) -> Told:
    """`fields` None: it could not be read. What is no incident, or makes none, only moves the cursor."""
    if not told.seq < seq <= INTEGER_MAX:
        return told
    call = _read(fields, dev) if fields is not None else None
    if fields is None or call is None:
        return Told(told.epoch, seq, told.ver, told.calls, told.old)
    calls = told.calls
    old = [c for c in told.old if c.incident != call.incident]
    if call.answer == "closed":
        calls = [c for c in calls if c.incident != call.incident]
    elif [c for c in calls if c.incident == call.incident]:
        calls = [call if c.incident == call.incident else c for c in calls]
    else:
        calls = _bounded(calls + [call])
    return Told(told.epoch, seq, told.ver + 1, calls, old)


def said_all(told: Told) -> Told:
    """A comment came: nothing waits. What another store knew and this one does not goes dark."""
    return Told(told.epoch, told.seq, told.ver + 1, told.calls, []) if told.old else told


def state(told: Told, epoch: str) -> bytes:
    """The lamp's desired state as a message: own first, then the newest, drills last, as many as fit. `epoch`: ours."""
    newest = (told.old + told.calls)[::-1]
    near = [c for c in newest if not c.own]
    shown = [c for c in newest if c.own] + [c for c in near if not c.drill] + [c for c in near if c.drill]
    shown = shown[:CALLS_MAX]
    while True:
        payload = write_lamp(epoch, told.ver, [_written(c) for c in shown])
        if len(payload) <= DOWN_MAX or not shown:
            return payload
        shown.pop()


def _written(c: Call) -> str:
    if c.own:
        return write_call(c.incident, "own", c.what, c.place, 0, 0, "none", "", c.statement)
    answer = c.answer if c.answer in _NEAR else "none"
    return write_call(c.incident, "near", c.what, c.place, 0, 0, answer, "" if answer == "none" else c.who, "", c.drill)


def _read(fields: "dict[str, object]", dev: str) -> "Call | None":
    incident, what, role = fields.get("incident"), fields.get("what"), fields.get("role")
    if fields.get("kind") != "incident" or not is_event_id(incident) or role not in ("own", "near"):
        return None
    texts = [fields.get(name) for name in ("place", "answer", "who")]
    if not _is_word(what) or [text for text in texts if not isinstance(text, str)]:
        return None
    place, answer, who = [str(text)[:NAME_MAX] for text in texts]
    frames = fields.get("frames")
    statement = frames.get(dev) if isinstance(frames, dict) else None
    if not isinstance(statement, str) or len(statement.encode()) > STATEMENT_MAX:
        statement = ""
    return Call(str(incident), role == "own", str(what), place, answer, who, statement, fields.get("drill") == 1)


def _is_word(what: object) -> bool:
    return isinstance(what, str) and 0 < len(what) <= 16 and all("a" <= c <= "z" for c in what)


def _bounded(calls: "list[Call]") -> "list[Call]":
    """A neighbour's oldest goes first."""
    if len(calls) <= KEPT:
        return calls
    near = [c for c in calls[:-1] if not c.own]
    gone = near[0] if near else calls[0]
    return [c for c in calls if c is not gone]
