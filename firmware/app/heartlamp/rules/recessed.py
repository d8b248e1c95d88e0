"""The recessed key: held from power-up on for five seconds it takes the settings away. No other key does.

At any other time it does nothing, because what was put against the device by accident must not make it mute.
"""

AT_START_MS = 1_000  # closed so soon after the start: it was held before
HOLD_MS = 5_000


def fires_at(before: "int | None", level: int, at: int, boot_at: int) -> "int | None":
    """When it takes the settings away, unless it is let go before. before: what this said of the edge before; `level`
    1: pressed. Times in ms of one clock."""
    if not level:
        return None
    return boot_at + HOLD_MS if at - boot_at <= AT_START_MS else before
