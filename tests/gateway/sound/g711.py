"""A decoder of G.711 written from the standard's formulas, to judge our encoder by."""

from array import array


def from_a_law(data: bytes) -> "array[int]":
    out = array("h")
    for byte in data:
        byte ^= 0x55
        segment, step = (byte >> 4) & 7, byte & 15
        size = (2 * step + 1) * 8 if segment == 0 else (2 * step + 33) << (segment + 2)
        out.append(size if byte & 0x80 else -size)
    return out


def from_u_law(data: bytes) -> "array[int]":
    out = array("h")
    for byte in data:
        byte ^= 0xFF
        size = ((2 * (byte & 15) + 33) << ((byte >> 4) & 7)) - 33
        out.append(-4 * size if byte & 0x80 else 4 * size)
    return out
