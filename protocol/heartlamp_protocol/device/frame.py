"""Frames: the signed body last, so that its bytes are a slice and nobody has to write them again.

device -> county   {"age":<ms|-1>,"mac":"<64 hex>","body":{...}}
county -> device   {"mac":"<64 hex>","body":{...}}

`age` is how long ago the event was when these bytes were sent. It stands outside the MAC: a retry changes the age and
leaves body and MAC alone.
"""

from heartlamp_protocol.device.limits import FRAME_MAX, INTEGER_MAX, STATEMENT_MAX, UNKNOWN_AGE
from heartlamp_protocol.device.mac import hmac_sha256, same
from heartlamp_protocol.device.names import is_hex


class FrameError(ValueError):
    """What is wrong with a frame, in words for the person who will read it in the quarantine list."""


def sign(key: bytes, body: bytes) -> str:
    return hmac_sha256(key, body).hex()


def verify(key: bytes, body: bytes, mac: str) -> bool:
    return same(sign(key, body), mac)


def write_frame(age: int, mac: str, body: bytes) -> bytes:
    return b'{"age":%d,"mac":"%s","body":' % (age, mac.encode()) + body + b"}"


def split_frame(data: bytes) -> "tuple[int, str, bytes]":
    """(age, mac, body bytes) of a device's frame. Raises FrameError; does not look into the body."""
    if len(data) > FRAME_MAX:
        raise FrameError("frame of %d bytes, at most %d are allowed" % (len(data), FRAME_MAX))
    comma = data.find(b",")
    if data[:7] != b'{"age":' or comma < 8 or comma > 24:
        raise FrameError("not a frame: it must begin with the age")
    digits = data[7:comma]
    age = UNKNOWN_AGE
    if digits != b"-1":
        if not all(48 <= b <= 57 for b in digits) or (len(digits) > 1 and digits[0] == 48):
            raise FrameError("the age is not a whole number of milliseconds")
        age = int(digits)
        if age > INTEGER_MAX:
            raise FrameError("the age is out of range")
    mac, body = _split_signed(data[comma + 1 :])
    return age, mac, body


def write_signed(mac: str, body: bytes) -> bytes:
    return b'{"mac":"%s","body":' % mac.encode() + body + b"}"


def split_signed(data: bytes) -> "tuple[str, bytes]":
    """(mac, body bytes) of a county's frame. Raises FrameError; does not look into the body."""
    if len(data) > STATEMENT_MAX:
        raise FrameError("statement of %d bytes, at most %d are allowed" % (len(data), STATEMENT_MAX))
    if data[:1] != b"{":
        raise FrameError("not a signed statement")
    return _split_signed(data[1:])


def _split_signed(rest: bytes) -> "tuple[str, bytes]":
    """Of `"mac":"<64 hex>","body":{...}}`."""
    if rest[:7] != b'"mac":"' or rest[71:80] != b'","body":' or rest[80:81] != b"{" or rest[-2:] != b"}}":
        raise FrameError("not a frame: mac and body must follow in this order")
    try:
        mac = str(rest[7:71], "ascii")
    except (UnicodeError, ValueError):
        raise FrameError("the mac is not 64 hex characters")
    if not is_hex(mac, 64):
        raise FrameError("the mac is not 64 hex characters")
    return mac, rest[80:-1]
