"""Sound for a telephone: G.711 and RTP (RFC 3551, RFC 3550), 20 ms in a packet. Pure."""

import struct
from array import array
from collections.abc import Iterator
from functools import cache

from heartlamp_gateway.outputs.speaker.sip_words import PCMA

PACKET_S = 0.020
_SAMPLES = 160
_A_ENDS = (0x1F, 0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF)
_U_ENDS = (0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF, 0x1FFF)


def packets(samples: "array[int]", payload: int, source: int, sequence: int, timestamp: int) -> Iterator[bytes]:
    """`samples`: at 8 kHz; `payload`: PCMA or PCMU; the rest: random starting points. The last one is filled up with
    silence."""
    for n in range(0, len(samples), _SAMPLES):
        some = samples[n : n + _SAMPLES]
        some.extend([0] * (_SAMPLES - len(some)))
        first = 0x80 if n == 0 else 0  # the marker: sound begins
        head = struct.pack(
            "!BBHII", 0x80, first | payload, (sequence + n // _SAMPLES) & 0xFFFF, (timestamp + n) & 0xFFFFFFFF, source
        )
        yield head + encoded(some, payload)


def encoded(samples: "array[int]", payload: int) -> bytes:
    """16 bit at 8 kHz → one byte each."""
    if payload == PCMA:
        table = _a_law()
        return bytes([table[s >> 3] for s in samples])  # a negative index counts from the end, where these stand
    table = _u_law()
    return bytes([table[s >> 2] for s in samples])


@cache
def _a_law() -> bytes:
    """By a sample's upper 13 bits: 0 to 4095, then -4096 to -1. G.711 table 1a, even bits inverted."""

    def byte(value: int) -> int:
        mask, size = (0xD5, value) if value >= 0 else (0x55, -value - 1)
        segment = next(i for i, end in enumerate(_A_ENDS) if size <= end)
        return ((segment << 4) | ((size >> max(1, segment)) & 0xF)) ^ mask

    return bytes([byte(v) for v in (*range(4096), *range(-4096, 0))])


@cache
def _u_law() -> bytes:
    """By a sample's upper 14 bits: 0 to 8191, then -8192 to -1. G.711 table 2a, all bits inverted."""

    def byte(value: int) -> int:
        mask, size = (0xFF, value) if value >= 0 else (0x7F, -value)
        size = min(size, 8158) + 33
        segment = next(i for i, end in enumerate(_U_ENDS) if size <= end)
        return ((segment << 4) | ((size >> (segment + 1)) & 0xF)) ^ mask

    return bytes([byte(v) for v in (*range(8192), *range(-8192, 0))])
