"""One thing that can make one sound at a time, and who may use it now."""

import threading
import time
from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class Turn:
    """`cut` is set when somebody more urgent waits: stop now, give the turn back, and ask for another. `begun`: it is
    theirs, and they took it."""

    urgency: int
    cut: threading.Event = field(default_factory=threading.Event)
    begun: bool = False


class Turns:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._line: list[Turn] = []  # the first has its turn; the others in the order in which they will
        self._closed = False

    def stand(self, urgency: int, first: bool = False) -> Turn:
        """A place in the line, kept until it is given back; whoever is before, and not ready yet, is waited for by
        those who are no more urgent. `first`: before others of the same urgency."""
        mine = Turn(urgency)
        with self._changed:
            begun = [t for t in self._line if t.begun]
            ahead = [t for t in self._line if not t.begun and (t.urgency, not first) >= (urgency, True)]
            after = [t for t in self._line if not t.begun and t not in ahead]
            self._line = [*begun, *ahead, mine, *after]
            for turn in begun:
                if turn.urgency < urgency:
                    turn.cut.set()
            self._changed.notify_all()
        return mine

    def wait(self, turn: Turn, until: float) -> bool:
        """Until it is theirs. False: it was not by `until` (s, monotonic), or it is over for good; it is given back."""
        with self._changed:
            while self._closed or self._line[0] is not turn:
                left = until - time.monotonic()
                if left <= 0 or self._closed:
                    self._leave(turn)
                    return False
                self._changed.wait(left)
            turn.begun = True
        return True

    def take(self, urgency: int, until: float) -> Turn | None:
        """Stands and waits."""
        turn = self.stand(urgency)
        return turn if self.wait(turn, until) else None

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
            self._line = [turn for turn in self._line if turn.begun]
            for turn in self._line:
                turn.cut.set()
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._line, within_s)

    def _leave(self, turn: Turn) -> None:
        """Also where it has left already."""
        self._line = [t for t in self._line if t is not turn]
        self._changed.notify_all()
