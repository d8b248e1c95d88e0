"""A picture goes up in pieces, each after the `have` for the one before. Times in ms of one clock."""

from heartlamp_protocol.device.limits import STILL_MAX

PIECE = 2_048  # bytes; the protocol allows twice that, but a device makes three copies of one on its way out
FIRST_MS = 5_000  # without a `have` the piece is sent again
MOST_MS = 60_000


class Sending:
    """still: the event id; size: bytes; at: what the other side has; tries, sent_at: of the piece from `at` on."""

    def __init__(self, still: str, size: int, at: int = 0, tries: int = 0, sent_at: int = 0) -> None:
        self.still = still
        self.size = size
        self.at = at
        self.tries = tries
        self.sent_at = sent_at


def due_at(sending: Sending, now: int) -> int:
    """When the piece is to be sent; not after `now`: at once."""
    if not sending.tries:
        return now
    return sending.sent_at + min(MOST_MS, FIRST_MS << min(sending.tries - 1, 8))


def sent(sending: Sending, now: int) -> Sending:
    return Sending(sending.still, sending.size, sending.at, sending.tries + 1, now)


def have(sending: Sending, at: int) -> "Sending | None":
    """After a `have`; None where the picture is complete there. One that says what we know already starts nothing: the
    piece is on its way, and an answer to each repeated answer would double the traffic for ever."""
    if at == sending.size:
        return None
    if not 0 <= at < sending.size or (at == sending.at and sending.tries):
        return sending
    return Sending(sending.still, sending.size, at)


def again(sending: Sending) -> Sending:
    """There is a new session: what was on its way may be lost."""
    return Sending(sending.still, sending.size, sending.at)


def header(still: str, at: int) -> bytes:
    """The line before a piece's bytes."""
    return ('{"v":1,"kind":"piece","still":"%s","at":%d}\n' % (still, at)).encode()


def gone(still: str) -> bytes:
    """The answer to a `have` for a picture that is no more: nobody is to wait for it."""
    return ('{"v":1,"kind":"piece","still":"%s","at":0,"gone":1}\n' % still).encode()


def read_have(fields: "dict[str, object]") -> "tuple[str, int] | None":
    """(event id, bytes) of a `have`, None where it is none."""
    still, at = fields.get("still"), fields.get("at")
    if fields.get("kind") != "have" or not isinstance(still, str) or not isinstance(at, int):
        return None
    return (still, at) if 0 <= at <= STILL_MAX and at is not True and at is not False else None
