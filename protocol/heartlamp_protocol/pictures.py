"""The village's side of pictures: the pieces that a camera sends, and the `have` that it gets (docs/protocol.md, 4)."""

from dataclasses import dataclass

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.limits import PIECE_MAX, STILL_MAX, VERSION
from heartlamp_protocol.device.names import is_event_id
from heartlamp_protocol.fields import read_integer, read_object

HEAD_MAX = 200  # bytes before the line feed


@dataclass(frozen=True, slots=True)
class Piece:
    """`still`: the event that announced the picture; `data`: its bytes from `at` on; `gone`: the device has it no
    more."""

    still: str
    at: int
    gone: bool
    data: bytes


def read_piece(payload: bytes) -> Piece:
    """Raises FrameError."""
    head, _, data = payload.partition(b"\n")
    if len(head) > HEAD_MAX or len(data) > PIECE_MAX:
        raise FrameError("a piece of a picture that is too long")
    fields = read_object(head)
    still = fields.get("still")
    if fields.get("kind") != "piece" or not is_event_id(still):
        raise FrameError("not a piece of a picture")
    gone = fields.get("gone") == 1
    if not data and not gone:
        raise FrameError("a piece without bytes")
    return Piece(str(still), read_integer(fields, "at", 0, STILL_MAX), gone, data)


def write_have(still: str, at: int) -> bytes:
    """Send the picture from this byte on; `at` = its size: it is complete, and the device may delete it."""
    return b'{"v":%d,"kind":"have","still":"%s","at":%d}' % (VERSION, still.encode(), at)
