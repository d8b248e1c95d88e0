"""What a technician's tool asks over the serial line, and what the device answers. Pure.

A line is one JSON object, `{"id":7,"cmd":"get"}`, at its end `#` and 8 hex, CRC-32 of what stands before it: serial
lines lose bytes, and MicroPython reads half an object for a whole one. Who only asks may leave it out. The answer has
the same `id`, `ok` 1 or 0, and where it is 0 `error` and `do`, for people. No answer holds a secret.
"""

import json
from binascii import a2b_base64, crc32

from heartlamp_protocol.device.mac import county_key, hmac_sha256
from heartlamp_protocol.device.names import is_hex

from heartlamp.settings import fields as rules

LINE_MOST = 8192  # bytes
CLAIM_MOST = 64
COMMANDS = ("hello", "provision", "get", "set", "test", "logs", "reset", "status", "update", "prove")
CHANGING = ("provision", "set", "reset", "update")
SETTABLE = ("lang", "consent", "site", "wifi", "modem", "links", "radio", "wan", "sensors") + (
    "host",
    "port",
    "server_name",
    "kv",
)
AT_ONCE = ("lang", "consent", "site")  # the others count from the next start


class Refused(Exception):
    """`error`: what is wrong; `do`: what to do about it; `more`: further fields of the answer."""

    def __init__(self, error: str, do: str, **more: object) -> None:
        super().__init__(error)
        self.error = error
        self.do = do
        self.more = more


class View:
    """What the answers are made of. fields: the settings, None without; why: they are None; left_out: fields of them
    that this firmware cannot use; about: of the board (board, micropython, version, mac, capabilities); held: device id
    -> number of its events not received; logs: lines; values: of the heartbeat; board: the one it has the pins of by
    now, "" none; links: of each way out, whether it is up; boards: of each board that this firmware knows, the kinds it
    can be; None: nobody made that list."""

    def __init__(
        self,
        fields: "dict[str, object] | None",
        why: str,
        left_out: "list[str]",
        about: "dict[str, object]",
        held: "dict[str, int]",
        logs: "list[str]",
        values: "list[tuple[str, int]]",
        board: str,
        boards: "dict[str, tuple[str, ...]] | None",
        links: "dict[str, int]",
    ) -> None:
        self.fields = fields
        self.why = why
        self.left_out = left_out
        self.about = about
        self.held = held
        self.logs = logs
        self.values = values
        self.board = board
        self.boards = boards
        self.links = links


def read_line(said: object) -> "dict[str, object]":
    """The request in a line (text), or in an object that came without one. Raises Refused."""
    sure = not isinstance(said, str)
    if isinstance(said, str):
        said, sure = _json(said.strip())
    if not isinstance(said, dict) or type(said.get("id")) is not int or not isinstance(said.get("cmd"), str):
        raise Refused("a request has a whole number as id and a cmd", 'for example {"id":1,"cmd":"hello"}', unread=1)
    if not sure and said["cmd"] in CHANGING:
        raise Refused("a line that changes something needs its CRC", "end it with # and its CRC-32", unread=1)
    return said


def write_line(fields: "dict[str, object]") -> str:
    """With its CRC, without a line feed."""
    text = json.dumps(fields)
    return "%s#%08x" % (text, crc32(text.encode()))


def _json(text: str) -> "tuple[object, bool]":
    """(what it says, whether a CRC says that it is whole)."""
    if len(text.encode()) > LINE_MOST:
        raise Refused("the line is longer than %d bytes" % LINE_MOST, "send less; nothing was changed", unread=1)
    sure = text[-9:-8] == "#"
    if sure:
        text, sum = text[:-9], text[-8:]
        if "%08x" % crc32(text.encode()) != sum:
            raise Refused("the line was damaged on its way", "send it again; nothing was changed", unread=1)
    try:
        return json.loads(text), sure
    except (ValueError, RuntimeError):  # RuntimeError: nested deeper than the stack
        raise Refused("the line is not JSON", "send it again; nothing was changed", unread=1)


def refusal(request: "dict[str, object]", refused: Refused) -> "dict[str, object]":
    """The answer to what was refused; id 0 where the request had none."""
    answer: "dict[str, object]" = {"id": request.get("id", 0), "ok": 0, "error": refused.error, "do": refused.do}
    answer.update(refused.more)
    return answer


def answer(request: "dict[str, object]", view: View) -> "tuple[dict[str, object], list[tuple[object, ...]]]":
    """(the answer, what is to be done): ("save", settings or None), ("wipe",) the held events, ("test",),
    ("piece", bundle, size, at, bytes) of an update, ("progress",) of it, ("restart",).
    Raises Refused."""
    command = str(request["cmd"])
    if command not in COMMANDS:
        raise Refused("there is no command of this name", "the commands are " + ", ".join(COMMANDS))
    said, effects = _DO[command](request, view)
    said["id"], said["ok"] = request["id"], 1
    return said, effects


# --- the commands: (request, view) -> (answer, effects) ---------------------------------------------------------------


def _hello(request: "dict[str, object]", view: View) -> "tuple[dict[str, object], list[tuple[object, ...]]]":
    said: "dict[str, object]" = {"provisioned": 0, "line_max": LINE_MOST, "held": sum(view.held.values())}
    said.update(view.about)
    if view.fields is None:
        said["why"] = view.why
    else:
        said.update({"provisioned": 1, "dev": view.fields["dev"], "kind": view.fields["kind"]})
        if "board" in view.fields:
            said["board"] = view.fields["board"]
    if view.left_out:
        said["left_out"] = view.left_out
    return said, []


def _provision(request: "dict[str, object]", view: View) -> "tuple[dict[str, object], list[tuple[object, ...]]]":
    given = request.get("settings")
    fields, ignored = rules.known(given) if isinstance(given, dict) else ({}, [])
    _check(fields if isinstance(given, dict) else given)
    if view.boards is not None:
        _fits(str(fields.get("board", view.board)), str(fields["kind"]), view.boards)
    others = [dev for dev in view.held if dev != fields["dev"]]
    if others:
        raise Refused(
            "this device belongs to device %s and still holds %d of its events" % (others[0], view.held[others[0]]),
            'let it send them, or throw them away with {"cmd":"reset","events":1}',
            field="dev",
            held=view.held[others[0]],
        )
    said: "dict[str, object]" = {"dev": fields["dev"], "kind": fields["kind"], "ignored": ignored}
    if fields == view.fields:
        return said, []
    return said, [("save", fields), ("restart",)]


def _get(request: "dict[str, object]", view: View) -> "tuple[dict[str, object], list[tuple[object, ...]]]":
    return {"settings": rules.public(_provisioned(view))}, []


def _set(request: "dict[str, object]", view: View) -> "tuple[dict[str, object], list[tuple[object, ...]]]":
    given = request.get("settings")
    if not isinstance(given, dict) or not given:
        raise Refused("set needs settings", 'for example {"id":1,"cmd":"set","settings":{"consent":0}}')
    names, fields, effects = changed(given, view)
    if names:
        effects = [("save", fields)] + effects
    return {"changed": names}, effects


def changed(given: "dict[str, object]", view: View) -> "tuple[list[str], dict[str, object], list[tuple[object, ...]]]":
    """(names that change, the settings with them, [("restart",)] where that takes one). Raises Refused."""
    before = _provisioned(view)
    wrong = sorted([str(name) for name in given if name not in SETTABLE])
    if wrong:
        raise Refused(
            "%s cannot be set" % wrong[0],
            "set takes %s; all else comes with provision" % ", ".join(SETTABLE),
            field=wrong[0],
        )
    if "kv" in given:
        _newer_key(given["kv"], before["kv"], sum(view.held.values()))
    fields = {name: value for name, value in before.items() if name not in given}
    fields.update({name: value for name, value in given.items() if value is not None})
    _check(fields)
    names = sorted([name for name in given if fields.get(name) != before.get(name)])
    later: "list[tuple[object, ...]]" = [("restart",) for name in names if name not in AT_ONCE]
    return names, fields, later[:1]


def _newer_key(kv: object, before: object, held: int) -> None:
    """Held events are signed under the key in force, which ends at the county with the first word under the next."""
    if type(kv) is not int or type(before) is not int or kv < before:
        raise Refused("a key version never goes back", "name the one that the county made", field="kv")
    if kv > before and held:
        raise Refused("it still holds %d events under its key" % held, "let it send them first", field="kv", held=held)


def _test(request: "dict[str, object]", view: View) -> "tuple[dict[str, object], list[tuple[object, ...]]]":
    return {}, [("test",)]


def _logs(request: "dict[str, object]", view: View) -> "tuple[dict[str, object], list[tuple[object, ...]]]":
    return {"logs": view.logs}, []


def _reset(request: "dict[str, object]", view: View) -> "tuple[dict[str, object], list[tuple[object, ...]]]":
    wipe = request.get("events") == 1
    held = 0 if wipe else sum(view.held.values())
    said: "dict[str, object]" = {"held": held}
    if held:
        said["do"] = "the events stay: provision the same device again to send them"
    effects: "list[tuple[object, ...]]" = [("save", None), ("wipe",), ("restart",)]
    return said, effects if wipe else effects[:1] + effects[2:]


def _status(request: "dict[str, object]", view: View) -> "tuple[dict[str, object], list[tuple[object, ...]]]":
    return {"values": dict(view.values), "held": sum(view.held.values()), "links": view.links}, []


def _update(request: "dict[str, object]", view: View) -> "tuple[dict[str, object], list[tuple[object, ...]]]":
    """A piece of a bundle, or without `at` only how far it is."""
    _provisioned(view)
    bundle, size, at, data = request.get("bundle"), request.get("size"), request.get("at"), request.get("data", "")
    if at is None:
        return {}, [("progress",)]
    try:
        piece = a2b_base64(data) if isinstance(data, str) else b""
    except ValueError:
        piece = b""
    if not is_hex(bundle, 16) or type(size) is not int or type(at) is not int or not 0 <= at < size or not piece:
        raise Refused("a piece needs bundle, size, at and data", "send it again; nothing was changed")
    return {}, [("piece", bundle, size, at, piece)]


def _prove(request: "dict[str, object]", view: View) -> "tuple[dict[str, object], list[tuple[object, ...]]]":
    """That this device holds the root that the county made for it: without saying it, and for this claim only."""
    fields, claim = _provisioned(view), request.get("claim")
    if not isinstance(claim, str) or not 0 < len(claim) <= CLAIM_MOST:
        raise Refused("prove needs the claim's id", 'for example {"id":1,"cmd":"prove","claim":"…"}', field="claim")
    key = county_key(bytes.fromhex(str(fields["root"])), int(str(fields["kv"])))
    proof = hmac_sha256(key, ("claim:" + claim).encode()).hex()
    return {"dev": fields["dev"], "kv": fields["kv"], "proof": proof}, []


_DO = {
    "hello": _hello,
    "provision": _provision,
    "get": _get,
    "set": _set,
    "test": _test,
    "logs": _logs,
    "reset": _reset,
    "status": _status,
    "update": _update,
    "prove": _prove,
}


def _provisioned(view: View) -> "dict[str, object]":
    if view.fields is None:
        raise Refused("this device is not provisioned", "provision it first")
    return view.fields


def _fits(board: str, kind: str, boards: "dict[str, tuple[str, ...]]") -> None:
    """On a board's wrong pins nobody's press would be heard."""
    if board not in boards:
        wrong = "this firmware knows no board " + board if board else "the settings name no board, and it has none yet"
        raise Refused(wrong, "the boards are " + ", ".join(sorted(boards)), field="board")
    if kind not in boards[board]:
        wrong = "the board %s cannot be a %s" % (board, kind)
        raise Refused(wrong, "it can be " + ", ".join(boards[board]), field="kind")


def _check(fields: object) -> None:
    try:
        rules.check(fields)
    except rules.WrongField as error:
        raise Refused(str(error), "correct it and send all of it again; nothing was changed", field=error.field)
    except ValueError as error:
        raise Refused(str(error), "send the settings as an object; nothing was changed", field="settings")
