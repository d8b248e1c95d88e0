"""Which input lines may end a board's sleep, and what the start after it makes of them. An input is "pulled" where its
key is pressed or its contact closed."""

KEYS = ("red", "green", "cancel")  # of which a level is no news, but an edge is a press


def held(pulled: "list[str]") -> "list[str]":
    """Which keys fall asleep pressed: finding them so again means nothing."""
    return [name for name in KEYS if name in pulled]


def armed(wake: "list[str]", pulled: "list[str]", one: bool) -> "list[str]":
    """Which inputs end a sleep. Red alone while it is held (by being let go), or where the chip waits for `one` pin
    only; else all of `wake` that are not pulled, which would end it at once."""
    if one or "red" in pulled:
        return ["red"]
    return ["red"] + [name for name in wake if name != "red" and name not in pulled]


def found(
    pulled: "list[str]", held: "list[str]", armed: "list[str]", woke: "list[str] | None"
) -> "list[tuple[str, int]]":
    """The edges (input, level) that a start finds. `pulled`: now; held, armed: as it fell asleep, [] where it did not;
    `woke`: which of `armed` ended the sleep, [] none did, None: one of them, not known which.

    Who woke us and is let go already was pressed while the program started. Not known who, it was red: help first."""
    out = [(name, 1) for name in pulled if name not in held or name in (armed if woke is None else woke)]
    if woke is None:
        woke = [] if [name for name in armed if name in pulled] else ["red"]
    for name in woke:
        if name in armed and name not in pulled and name not in held:
            out += [(name, 1), (name, 0)]
    return out
