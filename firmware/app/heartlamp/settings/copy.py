"""One copy of the settings as bytes: `<16 hex over the rest><6 digits: length of the body>` and the body,
`{"generation":…,"version":…,"settings":{…}}`.

The generation rises with each change, so that of two good copies the newer one counts; settings null: reset.
`version` is that of the firmware that found them good.
"""

import json

from heartlamp_protocol.device.mac import digest16

from heartlamp.version import VERSION

HEAD = 22
MOST = 6_144  # two generations of it fit ESP32's NVS, beside what the Wi-Fi keeps there


def write(generation: int, fields: "dict[str, object] | None") -> bytes:
    """Raises ValueError where it would be too long."""
    body = json.dumps({"generation": generation, "version": VERSION, "settings": fields}).encode()
    if len(body) > MOST:
        raise ValueError("the settings are %d bytes long; at most %d can be kept" % (len(body), MOST))
    rest = b"%06d" % len(body) + body
    return digest16(rest).encode() + rest


def length(head: bytes) -> int:
    """Of the whole copy, from its first HEAD bytes. Raises ValueError."""
    size = int(bytes(head[16:HEAD]))
    if len(head) < HEAD or not 0 < size <= MOST:
        raise ValueError("not a copy of settings")
    return HEAD + size


def read(data: bytes) -> "tuple[int, dict[str, object] | None, bool]":
    """(generation, settings, whether this very version of the firmware found them good). Raises ValueError where a
    byte is not as it was written."""
    if len(data) < HEAD or digest16(data[16:]).encode() != data[:16]:
        raise ValueError("a damaged copy of the settings")
    said = json.loads(data[HEAD:])
    return said["generation"], said["settings"], said["version"] == VERSION
