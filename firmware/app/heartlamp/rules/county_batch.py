"""What a gateway of one says to the county, and what the answer means (docs/protocol.md, section 8)."""

import json
from binascii import b2a_base64

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.names import is_hex

from heartlamp.rules.reconnect import delay_ms

NO_ENTRY_MS = 30_000  # the token is refused: somebody must act
BUSY_FIRST_MS = 200
BUSY_MOST_MS = 5_000
URGENT_MOST_MS = 1_000


def addressed(what: str) -> "tuple[str, str]":
    """(the device that we carry, "" ourselves; what it is) of a link's `what`."""
    parts = what.split("/")
    return (parts[1], parts[2]) if len(parts) == 3 and parts[0] == "relay" else ("", what)


def user_of(dev: str, frame: bytes) -> str:
    """The user name of a device that we carry, its key version as its frame says; "" of nobody."""
    at = frame.find(b'"kv":') + 5
    kv = ""
    while at >= 5 and frame[at : at + 1].isdigit() and len(kv) < 7:
        kv += str(frame[at : at + 1], "ascii")
        at += 1
    return dev + "." + (kv or "1") if dev else ""


def item(user: str, frame: bytes) -> str:
    """A frame of our own; its age stands in it, and we had it at once."""
    return '{"n":1,"age":0,"user":"%s","frame":"%s"}' % (user, str(b2a_base64(frame), "ascii").strip())


def lit(n: int, id: str, incident: str, dev: str) -> str:
    """A note: the lamp shows this call. `id`: of the note."""
    note = '{"n":%d,"age":0,"id":"%s","incident":"%s","what":"lit","subject":"%s"}'
    return note % (n, id, incident, dev)


def batch(gateway: str, boot: str, cursor: str, items: str, notes: str) -> bytes:
    """`boot`: we have no store that outlives it, so it stands for the epoch; `items`, `notes`: with commas, or ""."""
    text = '{"v":1,"gateway":"%s","epoch":"%s","cursor":"%s","items":[%s],"notes":[%s]}'
    return (text % (gateway, boot + boot, cursor, items, notes)).encode()


def read_answer(body: bytes) -> "tuple[str, str, str]":
    """(the county's epoch, verdict, receipt) of the only item; verdict "" where there was none. Raises FrameError."""
    try:
        said = json.loads(body)
    except (ValueError, RuntimeError):  # RuntimeError: nested too deep
        raise FrameError("not JSON")
    verdicts = said.get("verdicts") if isinstance(said, dict) else None
    if not isinstance(verdicts, list) or not is_hex(said.get("epoch"), 16):
        raise FrameError("not the county's answer to a batch")
    verdict, receipt = "", ""
    for v in verdicts:
        if isinstance(v, dict) and v.get("n") == 1 and isinstance(v.get("verdict"), str):
            verdict = v["verdict"][:16]
            receipt = v["receipt"] if isinstance(v.get("receipt"), str) else ""
    return str(said["epoch"]), verdict, receipt


def again_ms(status: int, attempt: int, holds_event: bool, random16: int) -> int:
    """How long to wait after a failure. `status`: HTTP's, 0 where the line broke; `attempt`: failures in a row before
    this one. An event hurries us, but not where we are refused by name."""
    if status in (401, 403):
        return NO_ENTRY_MS
    if status:
        return min(URGENT_MOST_MS if holds_event else BUSY_MOST_MS, BUSY_FIRST_MS << min(attempt, 10))
    return delay_ms(attempt, holds_event, random16)
