"""One thing that can make one sound at a time, and who may use it now."""

import threading
import time
from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class Turn:
    """`cut` is set when somebody more urgent waits: stop now, give the turn back, and ask for another."""

    urgency: int
    cut: threading.Event = field(default_factory=threading.Event)


class Turns:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._line: list[Turn] = []  # the first has its turn; the others in the order in which they will
        self._closed = False

    def take(self, urgency: int, until: float) -> Turn | None:
        """Waits for a turn; None: there was none by `until` (s, monotonic), or it is over for good."""
        mine = Turn(urgency)
        with self._changed:
            if self._closed:
                return None
            first = self._line[:1]
            ahead = [t for t in self._line[1:] if t.urgency >= urgency]
            self._line = [*first, *ahead, mine, *[t for t in self._line[1:] if t.urgency < urgency]]
            if first and first[0].urgency < urgency:
                first[0].cut.set()
            while self._line[0] is not mine or self._closed:
                left = until - time.monotonic()
                if left <= 0 or self._closed:
                    self._leave(mine)
                    return None
                self._changed.wait(left)
        return mine

    def give_back(self, turn: Turn) -> None:
        with self._changed:
            self._leave(turn)

    @property
    def busy(self) -> bool:
        return self.waiting > 0

    @property
    def waiting(self) -> int:
        """How many, with the one whose turn it is."""
        with self._changed:
            return len(self._line)

    def close(self, within_s: float) -> bool:
        """Whoever sounds is cut off, nobody comes after. True: it is quiet."""
        with self._changed:
            self._closed = True
            for turn in self._line:
                turn.cut.set()
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._line, within_s)

    def _leave(self, turn: Turn) -> None:
        self._line.remove(turn)
        self._changed.notify_all()
