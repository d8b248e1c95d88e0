"""What goes up together."""

from collections.abc import Iterable
from dataclasses import dataclass

from heartlamp_protocol.uplink import BATCH_BYTES_MAX, BATCH_ITEMS_MAX, Batch, Item, Note


@dataclass(frozen=True, slots=True)
class Kept:
    """A row that waits for the county. `boot`, `at`: the machine's boot and its BOOTTIME in ms when it came; `event`:
    its id, "" for evidence; exactly one of `item` and `note` is there, their `age` still 0."""

    n: int
    boot: str
    at: int
    event: str = ""
    device: str = ""
    item: Item | None = None
    note: Note | None = None


def size(kept: Kept) -> int:
    """Upper bound of its bytes in a batch."""
    if kept.item is not None:
        return 160 + len(kept.item.frame) * 4 // 3 + len(kept.item.user)
    return 2900  # a note's longest texts, escaped


def take(waiting: Iterable[Kept], most: int = BATCH_ITEMS_MAX) -> list[Kept]:
    """The first rows that fit one batch."""
    taken: list[Kept] = []
    room = BATCH_BYTES_MAX - 1000
    for kept in waiting:
        room -= size(kept)
        if len(taken) == most or room < 0:
            break
        taken.append(kept)
    return taken


def envelope(gateway: str, epoch: str, cursor: str, rows: list[Kept], boot: str, now: int) -> Batch:
    """`boot`, `now`: this machine's boot and BOOTTIME; a row of an earlier boot has an unknown age."""
    items = []
    notes = []
    for kept in rows:
        age = max(0, now - kept.at) if kept.boot == boot else -1
        if kept.item is not None:
            items.append(Item(kept.n, age, kept.item.user, kept.item.frame))
        elif kept.note is not None:
            m = kept.note
            notes.append(Note(kept.n, age, m.id, m.incident, m.what, m.subject))
    return Batch(gateway, epoch, cursor, tuple(items), tuple(notes))
