"""A `piece` as it comes: what it says of itself, a line feed, bytes of the bundle. Pure."""

import json

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.limits import INTEGER_MAX, VERSION
from heartlamp_protocol.device.names import is_hex

BYTES_MAX = 2048


class Piece:
    """bundle: its id; size: of all of it; at: of the first byte of `data`; again: also where it was refused before."""

    def __init__(self, bundle: str, size: int, at: int, again: bool, data: bytes) -> None:
        self.bundle = bundle
        self.size = size
        self.at = at
        self.again = again
        self.data = data


def read(payload: bytes) -> Piece:
    """Raises FrameError."""
    end = payload.find(b"\n")
    try:
        fields = json.loads(payload[:end] if end >= 0 else payload)
    except (ValueError, RuntimeError):  # RuntimeError: nested too deep
        raise FrameError("not a piece of an update")
    if not isinstance(fields, dict) or fields.get("v") != VERSION or fields.get("kind") != "piece":
        raise FrameError("not a piece of an update")
    bundle, size, at = fields.get("bundle"), _whole(fields.get("size")), _whole(fields.get("at"))
    data = payload[end + 1 :] if end >= 0 else b""
    if not isinstance(bundle, str) or not is_hex(bundle, 16):
        raise FrameError("a piece of no bundle")
    if len(data) > BYTES_MAX or at + len(data) > size:
        raise FrameError("a piece that is longer than its bundle")
    return Piece(bundle, size, at, fields.get("again") == 1, data)


def write_want(bundle: str, at: int) -> bytes:
    """Send the bundle from this byte on; `at` its size: I run it now, do you hear me?"""
    return ('{"v":%d,"kind":"want","bundle":"%s","at":%d}' % (VERSION, bundle, at)).encode()


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value <= INTEGER_MAX:
        raise FrameError("a piece of no size or place")
    return value
