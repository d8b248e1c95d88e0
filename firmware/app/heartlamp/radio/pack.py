"""Payloads made small enough for the air, and made again byte for byte.

An alarm is 220 to 290 bytes of JSON with a hexadecimal MAC, a radio packet holds 250. So the MAC travels as its 32
bytes, and phrases that stand in every message as one byte each: control characters, which no JSON text holds. What does
not come back the same travels as it is.
"""

from heartlamp_protocol.device.frame import FrameError, split_frame, split_signed, write_frame, write_signed
from heartlamp_protocol.device.limits import UNKNOWN_AGE

PLAIN, SQUEEZED, FRAME, SIGNED = 0, 1, 2, 3
_NO_AGE = b"\xff" * 7

# The byte of a phrase is its place, from 1. This is the wire: never re-order, only append (31 are possible).
PHRASES = (
    b'{"v":1,"kind":"alarm","id":"',
    b'{"v":1,"kind":"answer","',
    b'{"v":1,"kind":"received","dev":"',
    b'{"v":1,"kind":"heard","event":"',
    b'{"v":1,"kind":"pulse","epoch":"',
    b'{"v":1,"kind":"lamp","epoch":"',
    b'{"v":1,"kind":"heartbeat","dev":"',
    b'{"v":1,"kind":"',
    b',"values":{"',
    b',"county":"{\\"mac\\":\\"',
    b'\\",\\"body\\":{\\"v\\":1,\\"kind\\":\\"answer\\",\\"dev\\":\\"',
    b'{"incident":"',
    b'"},{"incident":"',
    b'","incident":"',
    b'","role":"near","what":"',
    b'","role":"own","what":"',
    b'","answer":"',
    b'","county":"',
    b'","place":"',
    b'","event":"',
    b'","epoch":"',
    b'","heard":1,"ver":',
    b',"county":1,"answerable":1}',
    b',"calls":[',
    b',"what":"',
    b',"boot":"',
    b'","dev":"',
    b'","kv":',
    b'","seq":',
    b'","sum":"',
    b',"up":',
)


def pack(data: bytes) -> bytes:
    """Shorter where it can be. unpack() makes it again."""
    packed = _pack(data)
    return packed if len(packed) <= len(data) and unpack(packed) == data else bytes([PLAIN]) + data


def unpack(data: bytes, most: int = 4096) -> bytes:
    """Raises FrameError where these bytes are no payload, or one of more than `most`."""
    if not data:
        raise FrameError("an empty payload")
    form, rest = data[0], data[1:]
    if form == PLAIN:
        if len(rest) > most:
            raise FrameError("a payload over %d bytes" % most)
        return rest
    if form == SQUEEZED:
        return _expand(rest, most)
    if form == FRAME and len(rest) > 39:
        age = UNKNOWN_AGE if rest[:7] == _NO_AGE else int.from_bytes(rest[:7], "big")
        return write_frame(age, rest[7:39].hex(), _expand(rest[39:], most))
    if form == SIGNED and len(rest) > 32:
        return write_signed(rest[:32].hex(), _expand(rest[32:], most))
    raise FrameError("a payload of an unknown form")


def _pack(data: bytes) -> bytes:
    if not data or min(data) < 32:
        return bytes([PLAIN]) + data
    try:
        if data[:7] == b'{"age":':
            age, mac, body = split_frame(data)
            stamp = _NO_AGE if age == UNKNOWN_AGE else age.to_bytes(7, "big")
            return bytes([FRAME]) + stamp + bytes.fromhex(mac) + _squeeze(body)
        if data[:7] == b'{"mac":':
            mac, body = split_signed(data)
            return bytes([SIGNED]) + bytes.fromhex(mac) + _squeeze(body)
    except FrameError:
        pass
    return bytes([SQUEEZED]) + _squeeze(data)


def _squeeze(data: bytes) -> bytes:
    for i, phrase in enumerate(PHRASES):
        data = data.replace(phrase, bytes([i + 1]))
    return data


def _expand(data: bytes, most: int) -> bytes:
    """Counted before it is made: a packet of phrases would be 30 times its size."""
    size = 0
    for byte in data:
        size += len(PHRASES[byte - 1]) if 0 < byte < 32 else 1
    if size > most:
        raise FrameError("a payload over %d bytes" % most)
    for i, phrase in enumerate(PHRASES):
        data = data.replace(bytes([i + 1]), phrase)
    return data
