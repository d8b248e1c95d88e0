"""What waits for the county, in memory: also what the disk refused, because the county may still take it."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from itertools import chain

from heartlamp_gateway.rules.batch import Kept, take

WINDOW = 10_000  # rows held in memory; the rest waits on the disk
FOR_ITEMS = 1_000  # more of them, for what is pressed while so many wait


class Outbox:
    """`put` from the alarm path, `take` and `done` from the uplink. What devices said leaves first: the county wants to
    know who calls before what was done about it all night. Otherwise rows leave in the order of n."""

    def __init__(self) -> None:
        self._items: OrderedDict[int, Kept] = OrderedDict()
        self._notes: OrderedDict[int, Kept] = OrderedDict()
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._fresh = False
        self._upto = 0  # n: up to here all that waits is in memory
        self.more_on_disk = False

    def put(self, rows: list[Kept], fresh: bool = True) -> None:
        with self._lock:
            for kept in rows:
                self.more_on_disk = self.more_on_disk or len(self) >= WINDOW
                if not self.more_on_disk:
                    self._upto = kept.n
                if not self.more_on_disk or (kept.item is not None and len(self) < WINDOW + FOR_ITEMS):
                    self._keep(kept)  # else in its turn, from the disk
            if rows and fresh:
                self._fresh = True
                self._changed.notify()

    def poke(self) -> None:
        """Something else has to be told to the county: a cursor to confirm, or that we stop."""
        with self._lock:
            self._fresh = True
            self._changed.notify()

    def take(self, without: set[int], most: int) -> list[Kept]:
        """The first rows that fit a batch of at most so many."""
        with self._lock:
            self._fresh = False
            rows = chain(self._items.values(), self._notes.values())
            return take((row for row in rows if row.n not in without), most)

    def done(self, rows: list[int]) -> None:
        with self._lock:
            for n in rows:
                self._items.pop(n, None)
                self._notes.pop(n, None)

    def refill(self, load: Callable[[int, int], list[Kept]], anew: bool = False) -> None:
        """`load(after n, most)`: rows of the disk. `anew`: all of them, whatever is here."""
        with self._lock:
            if anew:
                self._items.clear()
                self._notes.clear()
                self._upto = 0
            elif not self.more_on_disk or len(self) > WINDOW // 2:
                return
            most = WINDOW - len(self)
            rows = load(self._upto, most)
            for kept in rows:
                self._keep(kept)
                self._upto = kept.n
            self.more_on_disk = len(rows) == most
            if rows:
                self._fresh = True
                self._changed.notify()

    def has_event(self) -> bool:
        """An alarm, answer or cancel waits."""
        return bool(self._items)

    def __len__(self) -> int:
        return len(self._items) + len(self._notes)

    def rows(self) -> tuple[list[Kept], bool]:
        """What waits, in the order of its leaving, and whether more of it is on the disk."""
        with self._lock:
            return [*self._items.values(), *self._notes.values()], self.more_on_disk

    def wait(self, seconds: float) -> bool:
        """Until something fresh was put, or so long. True: something fresh."""
        with self._lock:
            if not self._fresh:
                self._changed.wait(seconds)
            fresh, self._fresh = self._fresh, False
            return fresh

    def _keep(self, kept: Kept) -> None:
        (self._notes if kept.item is None else self._items)[kept.n] = kept
