"""When a task counts as hanging. Times in ms of one clock."""

ALIVE_MS = 10_000  # a task says at least this often that it lives
LATE_MS = 60_000  # six times missed
LOOK_MS = 5_000
STUCK = 71  # the exit code of a device that starts again because one of its tasks hung


def late(seen: "dict[str, int]", now: int) -> "str | None":
    """The first task that has been silent for too long. `seen`: task -> when it last said that it lives."""
    for name in seen:
        if now - seen[name] > LATE_MS:
            return name
    return None
