"""How a device reads what is said to it: receipts, the lamp's desired state, the pulse.

The village's word is plain JSON, carried by the broker it runs. The county's word is a signed frame that only this
device and the county can make; the gateway passes it on as it came.
"""

import json

from heartlamp_protocol.device.frame import FrameError, split_signed, verify
from heartlamp_protocol.device.limits import DOWN_MAX, VERSION

# --- the village's word -----------------------------------------------------------------------------------------


def read_plain(data: bytes) -> "dict[str, object]":
    """A village's word as a dict with at least `v` and `kind`. Raises FrameError."""
    if len(data) > DOWN_MAX:
        raise FrameError("message of %d bytes, at most %d are allowed" % (len(data), DOWN_MAX))
    return _object(data)


# --- the county's word ------------------------------------------------------------------------------------------


def read_signed(key: bytes, dev: str, data: bytes) -> "dict[str, object]":
    """The body of a county's frame for device `dev`, as a dict. Raises FrameError where it is not from the county,
    was changed on the way, or is for somebody else."""
    mac, body = split_signed(data)
    if not verify(key, body, mac):
        raise FrameError("not from the county: the mac does not match")
    fields = _object(body)
    if fields.get("dev") != dev:
        raise FrameError("a statement for another device")
    return fields


def _object(data: bytes) -> "dict[str, object]":
    try:
        fields = json.loads(data)
    except (ValueError, RuntimeError):  # RuntimeError: nested too deep
        raise FrameError("not JSON")
    if not isinstance(fields, dict) or fields.get("v") != VERSION or not isinstance(fields.get("kind"), str):
        raise FrameError("not a message of protocol version %d" % VERSION)
    return fields
