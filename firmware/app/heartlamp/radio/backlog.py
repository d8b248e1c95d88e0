"""What a lamp holds for others until it has gone on: in RAM, bounded, events first. Pure; times in ms of one clock.

Nothing here is the only copy: who made an event keeps it on its flash until `received`, and offers it again.
"""

from heartlamp.radio.packet import Message

MOST = 24
MOST_BYTES = 12_288
SHARE, SHARE_BYTES = 8, 4_096  # of one child, with all that it carries: no child fills it for the others
KEPT_MS = {"event": 15_000, "receipt": 15_000, "pulse": 2_000}  # a pulse that is late would be a lie
KEPT_ELSE_MS = 6_000
ORDER = ("event", "receipt", "pulse", "shown", "ask", "state", "lamp", "reading")
NEWEST_ONLY = ("lamp", "pulse", "shown", "ask", "state")


class Item:
    """message for `peer` (the id of the next one down; "" up), since `at`. by: the child that gave it, "" none."""

    def __init__(self, message: Message, peer: str, at: int, by: str = "") -> None:
        self.message = message
        self.peer = peer
        self.at = at
        self.by = by
        self.not_before = at


class Backlog:
    def __init__(self) -> None:
        self.items: "list[Item]" = []
        self.dropped = 0

    def add(self, item: Item) -> bool:
        """False: there is no room, it was not taken, and all else is as before. What is newer takes the place of what
        it replaces; an event the place of the oldest reading."""
        kept = [old for old in self.items if not _replaces(item, old)]
        before = len(kept)
        crowd = _crowd(item, kept)
        while crowd is not None:
            worst = _least(item, crowd)
            if worst is None:
                self.dropped += 1
                return False
            kept.remove(worst)
            crowd = _crowd(item, kept)
        self.dropped += before - len(kept)
        self.items = kept + [item]
        return True

    def next(self, peer: str, now: int) -> "Item | None":
        """What goes to this peer next: the most urgent, of these the oldest."""
        best = None
        for item in self.items:
            if item.peer == peer and item.not_before <= now and (best is None or _rank(item) < _rank(best)):
                best = item
        return best

    def remove(self, item: Item) -> None:
        """It may have been replaced meanwhile."""
        self.items = [old for old in self.items if old is not item]

    def expire(self, now: int) -> None:
        kept = [i for i in self.items if now - i.at <= KEPT_MS.get(i.message.what, KEPT_ELSE_MS)]
        self.dropped += len(self.items) - len(kept)
        self.items = kept

    def peers(self) -> "list[str]":
        waiting = []
        for item in self.items:
            if item.peer not in waiting:
                waiting.append(item.peer)
        return waiting


def _crowd(item: Item, kept: "list[Item]") -> "list[Item] | None":
    """Those of whom one must go before `item` fits; None: it fits."""
    own = [old for old in kept if item.by and old.by == item.by]
    if item.by and (len(own) >= SHARE or _size(own) + _size([item]) > SHARE_BYTES):
        return own
    return kept if len(kept) >= MOST or _size(kept) + _size([item]) > MOST_BYTES else None


def _least(item: Item, crowd: "list[Item]") -> "Item | None":
    """The least urgent, of these the oldest, that is less urgent than `item`."""
    worst = None
    for old in crowd:
        if _rank(old) > _rank(item) and (worst is None or _rank(old) > _rank(worst)):
            worst = old
    return worst


def _size(items: "list[Item]") -> int:
    return sum([len(item.message.payload) for item in items])


def _rank(item: Item) -> int:
    return ORDER.index(item.message.what)


def _replaces(new: Item, old: Item) -> bool:
    a, b = new.message, old.message
    if a.what != b.what or a.device != b.device or new.peer != old.peer:
        return False
    # of a frame the first 8 bytes are its form and age; the rest is the same however often it is offered
    return a.what in NEWEST_ONLY or (a.what == "event" and a.payload[8:] == b.payload[8:])
