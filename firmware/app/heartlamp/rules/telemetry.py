"""When a device says its values unasked: now and then, soon after one changed, and never a whole village at once."""

EVERY_MS = 300_000
CHANGE_MS = 30_000  # between two readings that a change called for


class Said:
    """values: said last; at: when; next_at: of the next one, whatever happens."""

    def __init__(self, values: "list[tuple[str, int]]", at: int, next_at: int) -> None:
        self.values = values
        self.at = at
        self.next_at = next_at


def begin(now: int, random16: int) -> Said:
    """A first reading comes within CHANGE_MS: the end of a power cut starts all devices of a village together."""
    return Said([], now, now + CHANGE_MS * random16 // 65536)


def due(said: Said, values: "list[tuple[str, int]]", steps: "dict[str, int]", now: int) -> bool:
    """`steps`: name -> how far it must move to be worth a reading; any change of a name that is not there is."""
    return now >= said.next_at or (now - said.at >= CHANGE_MS and is_changed(said, values, steps))


def is_changed(said: Said, values: "list[tuple[str, int]]", steps: "dict[str, int]") -> bool:
    before = dict(said.values)
    if len(before) != len(values):
        return True
    return any(name not in before or abs(value - before[name]) >= steps.get(name, 1) for name, value in values)


def say(values: "list[tuple[str, int]]", now: int, random16: int) -> Said:
    """Said now; the next one EVERY_MS later, give or take a fifth."""
    return Said(values, now, now + EVERY_MS * 4 // 5 + EVERY_MS * 2 // 5 * random16 // 65536)


def look_at(said: Said, values: "list[tuple[str, int]]", steps: "dict[str, int]") -> int:
    return min(said.next_at, said.at + CHANGE_MS) if is_changed(said, values, steps) else said.next_at
