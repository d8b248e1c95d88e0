"""The recessed key: held from power-up on for five seconds it takes the settings away. No other key does.

At any other time it does nothing, because what was put against the device by accident must not make it mute.
"""

AT_START_MS = 1_000  # closed so soon after the start: it was held before
HOLD_MS = 5_000


class Hold:
    """since: when the key was found held at the start, None where it was not, or was let go."""

    def __init__(self, since: "int | None") -> None:
        self.since = since


RELEASED = Hold(None)


def edge(hold: Hold, level: int, at: int, boot_at: int) -> Hold:
    """Times in ms of one clock; `level` 1: pressed."""
    if not level:
        return RELEASED
    return Hold(boot_at) if at - boot_at <= AT_START_MS else hold


def fires_at(hold: Hold) -> "int | None":
    """When it takes the settings away, unless it is let go before."""
    return None if hold.since is None else hold.since + HOLD_MS
