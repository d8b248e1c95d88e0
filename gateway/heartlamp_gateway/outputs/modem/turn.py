"""Whose call it is: a modem does one at a time, and they wait in the order in which they came."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turn:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[object] = []

    @property
    def length(self) -> int:
        """Of the queue, with whose turn it is."""
        with self._changed:
            return len(self._waiting)

    @property
    def taken(self) -> bool:
        return self.length > 0

    @contextmanager
    def taking(self, within_s: float) -> Iterator[bool]:
        """Whether it is ours; False: it did not come in time."""
        me = object()
        with self._changed:
            self._waiting.append(me)
            ours = self._changed.wait_for(lambda: self._waiting[0] is me, within_s)
        try:
            yield ours
        finally:
            with self._changed:
                self._waiting.remove(me)
                self._changed.notify_all()
