"""When a certificate is old enough to ask for the next one. Pure."""


def is_due(begins: float, ends: float, now: float) -> bool:
    """In the last third of its life, seconds since 1970. A clock that stands before its beginning is wrong, and asks
    for nothing: so a box that wakes in 1970 does not ask every day."""
    return begins <= now and now > ends - (ends - begins) / 3
