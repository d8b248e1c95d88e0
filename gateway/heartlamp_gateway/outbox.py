"""What waits for the county, in memory: also what the disk refused, because the county may still take it."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from itertools import islice

from heartlamp_gateway.rules.batch import Kept, take

WINDOW = 10_000  # rows held in memory; the rest waits on the disk


class Outbox:
    """`put` from the alarm path, `take` and `done` from the uplink. Rows leave in the order of n."""

    def __init__(self) -> None:
        self._rows: OrderedDict[int, Kept] = OrderedDict()
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._fresh = False
        self.more_on_disk = False

    def put(self, rows: list[Kept], fresh: bool = True) -> None:
        with self._lock:
            for kept in rows:
                if self.more_on_disk or len(self._rows) >= WINDOW:
                    self.more_on_disk = True  # in its turn, from the disk
                else:
                    self._rows[kept.n] = kept
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
            return take((row for row in self._rows.values() if row.n not in without), most)

    def done(self, rows: list[int]) -> None:
        with self._lock:
            for n in rows:
                self._rows.pop(n, None)

    def refill(self, load: Callable[[int, int], list[Kept]], anew: bool = False) -> None:
        """`load(after n, most)`: rows of the disk. `anew`: all of them, whatever is here."""
        with self._lock:
            if anew:
                self._rows.clear()
            elif not self.more_on_disk or len(self._rows) > WINDOW // 2:
                return
            most = WINDOW - len(self._rows)
            rows = load(next(reversed(self._rows), 0), most)
            self._rows.update((kept.n, kept) for kept in rows)
            self.more_on_disk = len(rows) == most
            if rows:
                self._fresh = True
                self._changed.notify()

    def has_event(self) -> bool:
        """Among the first rows: an alarm, answer or cancel waits."""
        with self._lock:
            return any(row.item is not None for row in islice(self._rows.values(), 200))

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self) -> tuple[list[Kept], bool]:
        """What waits, and whether more of it is on the disk."""
        with self._lock:
            return list(self._rows.values()), self.more_on_disk

    def wait(self, seconds: float) -> bool:
        """Until something fresh was put, or so long. True: something fresh."""
        with self._lock:
            if not self._fresh:
                self._changed.wait(seconds)
            fresh, self._fresh = self._fresh, False
            return fresh
