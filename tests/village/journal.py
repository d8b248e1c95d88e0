"""Everything the rig sees, in one list that can be waited on: what boards print, what the console's feed brings."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Seen:
    """`at`: time.time_ns() where it happened, by the clock of this machine; `source`: a device id or "feed"."""

    at: int
    source: str
    what: str
    fields: dict[str, Any]


@dataclass
class Journal:
    """Grows while the rig lives; `since` positions let a story look only at its own part."""

    entries: list[Seen] = field(default_factory=list)
    listeners: list[Callable[[Seen], None]] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, seen: Seen) -> None:
        with self._changed:
            self.entries.append(seen)
            self._changed.notify_all()
        for listener in self.listeners:
            listener(seen)

    def mark(self) -> int:
        """The position after the newest entry."""
        with self._changed:
            return len(self.entries)

    def wait(self, wanted: Callable[[Seen], bool], since: int = 0, seconds: float = 30, why: str = "") -> Seen:
        """The first wanted entry from `since` on, awaited. TimeoutError says what was waited for."""
        deadline = time.monotonic() + seconds
        position = since
        with self._changed:
            while True:
                while position < len(self.entries):
                    entry = self.entries[position]
                    position += 1
                    if wanted(entry):
                        return entry
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    if position < len(self.entries):
                        continue
                    raise TimeoutError(f"waited {seconds:g} s in vain: {why or wanted}")

    def all(self, wanted: Callable[[Seen], bool], since: int = 0) -> list[Seen]:
        with self._changed:
            return [e for e in self.entries[since:] if wanted(e)]
