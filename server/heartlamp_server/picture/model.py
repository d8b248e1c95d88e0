"""A picture on its way in. Pure."""

import re
from dataclasses import dataclass

from heartlamp_protocol.device.limits import STILL_MAX

PART_MAX = 65_536  # bytes in one request
DEVICE_MAX = 200  # pictures of one camera that are kept at a time
WRONG_MOST = 3
_RANGE = re.compile(r"bytes (?:([0-9]{1,9})-([0-9]{1,9})|\*)/([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `at` to `end` (not included) of `size`; both 0: none, it is asked how far we are."""

    at: int
    end: int
    size: int


def read_range(text: str) -> Part | None:
    """Of a Content-Range header; None where it is none that makes sense here."""
    found = _RANGE.fullmatch(text)
    if found is None or not 1 <= int(found[3]) <= STILL_MAX:
        return None
    size = int(found[3])
    if found[1] is None:
        return Part(0, 0, size)
    part = Part(int(found[1]), int(found[2]) + 1, size)
    return part if part.at < part.end <= size and part.end - part.at <= PART_MAX else None


@dataclass(frozen=True, slots=True)
class Announced:
    """What a verified still says, and who may bring it. `wanted`: of a camera of the incident's own site; `ours`: the
    asking gateway is of its village; `kind`, `house`: of the device."""

    incident: str
    device: str
    kind: str
    house: str
    sum: str
    size: int
    wanted: bool
    ours: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """`at`: bytes that are here; `fits`: False where the part was another than the next; `wrong`: all were here, and
    were not what was announced."""

    at: int
    fits: bool = True
    wrong: bool = False
