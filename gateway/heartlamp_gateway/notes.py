"""Notes that are worth no commit of the alarm file: they wait here for the county, and are made again where needed."""

import threading
from collections.abc import Collection

from heartlamp_protocol.uplink import Note

from heartlamp_gateway.rules.batch import Kept

NOTES_MAX = 10_000
_FIRST = 2**40  # above every row of the file of readings; only has to differ within a batch
_LESSER = ("online", "offline")


class Notes:
    """Touched by several threads. What is too much goes, oldest first, availability before troubles."""

    def __init__(self, most: int = NOTES_MAX) -> None:
        self._most = most
        self._rows: dict[int, Kept] = {}
        self._ids: set[str] = set()
        self._n = _FIRST
        self._lock = threading.Lock()

    def add(self, boot: str, at: int, id: str, what: str, subject: str) -> None:
        """`at`: BOOTTIME ms of `boot`, when it was so; `id`: the note's; fields as in uplink.Note."""
        with self._lock:
            if id in self._ids:
                return
            self._n += 1
            self._ids.add(id)
            self._rows[self._n] = Kept(self._n, boot, at, id, note=Note(self._n, 0, id, "", what, subject))
            if len(self._rows) > self._most:
                lesser = (n for n, kept in self._rows.items() if kept.note and kept.note.what in _LESSER)
                self._take(next(lesser, next(iter(self._rows))))

    def waiting(self) -> list[Kept]:
        with self._lock:
            return list(self._rows.values())

    def waits(self, id: str) -> bool:
        return id in self._ids

    def done(self, ns: Collection[int]) -> None:
        with self._lock:
            for n in ns:
                self._take(n)

    def _take(self, n: int) -> None:
        kept = self._rows.pop(n, None)
        if kept is not None:
            self._ids.discard(kept.event)
