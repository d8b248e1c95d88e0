"""Values into readings that fit a frame."""

from heartlamp_protocol.device.limits import VALUES_MAX

BYTES_MAX = 700  # of the values as text: head, MAC and braces take less than the other 300 of a frame


def parcels(values: "list[tuple[str, int]]") -> "list[list[tuple[str, int]]]":
    """At least one parcel, in the same order, each within VALUES_MAX and BYTES_MAX."""
    out: "list[list[tuple[str, int]]]" = [[]]
    size = 0
    for name, value in values:
        more = len(name) + len(str(value)) + 4
        if len(out[-1]) >= VALUES_MAX or size + more > BYTES_MAX:
            out.append([])
            size = 0
        out[-1].append((name, value))
        size += more
    return out
