"""The village's side of updates: what a device wants, and what it gets (docs/protocol.md, section 13)."""

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.limits import VERSION
from heartlamp_protocol.device.names import is_hex
from heartlamp_protocol.fields import read_integer, read_object


def read_want(payload: bytes) -> tuple[str, int]:
    """(bundle's id, the byte from which on). Raises FrameError."""
    fields = read_object(payload)
    if fields.get("kind") != "want" or not is_hex(fields.get("bundle"), 16):
        raise FrameError("not a want of a bundle")
    return str(fields["bundle"]), read_integer(fields, "at")


def write_piece(bundle: str, size: int, at: int, data: bytes, again: bool = False) -> bytes:
    """`size`: of the whole bundle; `data`: at most 2,048 bytes of it from `at` on; `again`: also where it was refused
    before."""
    more = b',"again":1' if again else b""
    head = b'{"v":%d,"kind":"piece","bundle":"%s","size":%d,"at":%d%s}\n'
    return head % (VERSION, bundle.encode(), size, at, more) + data
