"""What a device that asks for the time is told (RFC 4330, RFC 5905). Pure.

An answer has 48 bytes, as the question has: nobody is flooded by it whose address was forged.
"""

import struct
from dataclasses import dataclass, replace

from heartlamp_gateway.rules.dates import SET_FROM

PACKET = 48
CLIENT, SERVER = 3, 4
UNSYNCHRONISED = 3  # the leap indicator of a clock that nobody should follow
STRATUM = 3  # our source is one of the internet's, most often of stratum 2
TO_1900 = 2_208_988_800  # seconds from 1900, where NTP counts from, to 1970
RATE_MS, RATE_MOST = 2_000, 8  # one question in two seconds, a few at once
CLIENTS_MAX = 1_024
_FORM = struct.Struct("!BBbb II4s 8s 8s 8s 8s")


@dataclass(frozen=True, slots=True)
class Clock:
    """`now`: seconds since 1970; `synchronised`: by what the kernel says; `error`: seconds that it may be wrong by."""

    now: float
    synchronised: bool
    error: float


@dataclass(frozen=True, slots=True)
class Asked:
    """Of one address: what it may still ask at `at` (ms), and whether it was told that it asks too often."""

    left: float = float(RATE_MOST)
    at: int = 0
    told: bool = False


def answer(question: bytes, clock: Clock, kiss: bytes = b"") -> bytes | None:
    """None: not a client's question. `kiss`: four letters in place of the time, e.g. RATE."""
    if len(question) < PACKET:
        return None
    version, mode = question[0] >> 3 & 7, question[0] & 7
    if mode != CLIENT or not 1 <= version <= 4:
        return None
    good = clock.synchronised and clock.now >= SET_FROM
    if not good and not kiss:
        kiss = b"INIT"
    leap, stratum, name = (UNSYNCHRONISED, 0, kiss) if kiss else (0, STRATUM, b"LOCL")
    stamp = timestamp(clock.now)
    dispersion = min(0xFFFFFFFF, int(clock.error * 65536))
    head = leap << 6 | version << 3 | SERVER
    poll = question[2] - 256 if question[2] > 127 else question[2]
    return _FORM.pack(head, stratum, poll, -20, 0, dispersion, name, stamp, question[40:48], stamp, stamp)


def timestamp(seconds: float) -> bytes:
    """64 bits: seconds since 1900, and their fraction. They begin anew in 2036, as clients know."""
    whole = int(seconds)
    return struct.pack("!II", (whole + TO_1900) & 0xFFFFFFFF, int((seconds - whole) * 2**32))


def ask(before: Asked | None, now: int) -> tuple[Asked, str]:
    """(what is left, "" to answer, RATE to say once that it is too often, or "silent")."""
    was = before or Asked(at=now)
    left = min(float(RATE_MOST), was.left + (now - was.at) / RATE_MS)
    if left >= 1:
        return Asked(left - 1, now), ""
    return replace(was, left=left, at=now, told=True), "silent" if was.told else "RATE"
