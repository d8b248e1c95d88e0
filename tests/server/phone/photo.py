"""A photo as a phone sends it."""


def jpeg(extra: bytes = b"", tail: bytes = b"") -> bytes:
    """The smallest that has every segment that a decoder wants. `extra`: segments before; `tail`: behind its end."""
    frame = b"\xff\xc0\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00"
    quant = b"\xff\xdb\x00\x43\x00" + bytes([1]) * 64
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x11\xff\x00\x22\xff\xd0\x33"
    return b"\xff\xd8" + extra + quant + frame + scan + b"\xff\xd9" + tail
