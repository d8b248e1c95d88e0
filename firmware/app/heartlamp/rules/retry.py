"""When an event is offered again (docs/protocol.md, section 4). Times in ms of one clock."""

FIRST_MS = 1_000
MOST_MS = 30_000
HEARD_MS = 60_000
FRESH_MS = 60_000  # pressed so short a time ago: it goes before all that is older
WINDOW = 8  # of what is older, as many are on their way at once
UNDER_WAY_MS = 3_000  # so long, without a receipt, one counts as on its way
QUIET_MS = 200  # a receipt takes some 5 ms; who pulses and has not receipted by now was away, or has a slow disk


def missed(sent_at: "int | None", heard: bool, now: int) -> bool:
    """Whether a gateway that pulses now missed it: to be offered at once, and not in up to 30 s."""
    return not heard and sent_at is not None and now - sent_at >= QUIET_MS


def next_at(tries: int, sent_at: "int | None", heard: bool) -> int:
    """When to offer it next. `tries`: how often it was sent since the last connect; `sent_at`: when last, None never
    in this connection: at once."""
    if sent_at is None:
        return 0
    if heard:
        return sent_at + HEARD_MS
    return sent_at + min(MOST_MS, FIRST_MS << min(tries - 1, 16))
