"""Every thread says that it lives. Where one of the chain's fell silent the process ends, because half a gateway would
lie; systemd's watchdog sees to it that this very thread is not the one that hangs. A thread that no alarm needs ends
nothing: that it hangs is said, and people decide."""

import faulthandler
import os
import sys
import threading
from collections.abc import Callable

from heartlamp_gateway.clock import boottime
from heartlamp_gateway.rules.watch import LOOK_MS, PART_LATE_MS, Looks, late, looked, lost, overslept
from heartlamp_gateway.say import log, thread

STUCK = 3
"""The exit code of a process that ended because one of its threads hung."""


def breathing(pause: Callable[[float], bool], alive: Callable[[], None]) -> Callable[[float], bool]:
    """The same pause, and a sign of life at each: what waits now and then lives."""

    def breathe(seconds: float) -> bool:
        alive()
        return pause(seconds)

    return breathe


class Watch:
    """`heart(name)` for each thread of the chain, `part(name)` for each other one, before it starts; then `run`, in a
    thread of its own."""

    def __init__(self, clock: Callable[[], int] = boottime) -> None:
        self._clock = clock
        self._seen: dict[str, int] = {}
        self._parts: dict[str, int] = {}
        self._hanging: list[str] = []
        now = clock()
        self._looks = Looks(now, now)  # replaced whole: read by other threads

    def awake(self) -> int:
        """A clock of ms that stands still whenever we do: a silence that we could not have heard is none. It is right
        also before our own thread has noticed that it slept."""
        looks, now = self._looks, self._clock()
        return now - lost(looks.at, now) - looks.slept

    def woke(self) -> int:
        """BOOTTIME ms since which we run without having stood still."""
        looks, now = self._looks, self._clock()
        return now if overslept(looks.at, now) else looks.woke

    def heart(self, name: str) -> Callable[[], None]:
        """What this thread calls again and again, at least every half a minute."""
        self._seen[name] = self._clock()

        def alive() -> None:
            self._seen[name] = self._clock()

        return alive

    def part(self, name: str) -> Callable[[], None]:
        """As `heart`, at least every four minutes, of a thread that ends no gateway where it hangs."""
        self._parts[name] = self._clock()

        def alive() -> None:
            if name in self._parts:
                self._parts[name] = self._clock()

        return alive

    def thread(self, name: str, work: Callable[[], None]) -> threading.Thread:
        """Of a part; when its work is over it is missed by nobody."""

        def watched() -> None:
            work()
            self._parts.pop(name, None)

        return thread(name, watched)

    def hanging(self) -> list[str]:
        """Parts that hang."""
        return list(self._hanging)

    def run(self, pause: Callable[[float], bool], feed: Callable[[], object]) -> None:
        """`pause(seconds)`: waits, True when we stop; `feed`: tells the supervisor of the process that all live."""
        now = self._clock()
        self._looks = Looks(now, now)
        self._all_live(now)  # the start may have taken its time
        while True:
            before, now = self._looks, self._clock()
            self._looks = looked(before, now)
            if overslept(before.at, now):
                log.warning("the gateway stood still for %d s and goes on", (now - before.at) // 1000)
                self._all_live(now)
            if hanging := late(self._seen, now):
                self._end(hanging)
            self._look_at_parts(now)
            feed()
            if pause(LOOK_MS / 1000):
                return

    def _all_live(self, now: int) -> None:
        for seen in (self._seen, self._parts):
            for name in list(seen):
                seen[name] = now

    def _look_at_parts(self, now: int) -> None:
        hanging = late(dict(self._parts), now, PART_LATE_MS)
        if new := sorted(set(hanging) - set(self._hanging)):
            faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
            log.error("%s: no sign of life for 5 minutes; alarms go on without it", ", ".join(new))
        if back := sorted(set(self._hanging) - set(hanging)):
            log.info("%s: moves again", ", ".join(back))
        self._hanging = hanging

    def _end(self, hanging: list[str]) -> None:
        faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
        log.critical(
            "%s: no sign of life for a minute; what is committed is kept, the gateway stops to be restarted",
            ", ".join(hanging),
        )
        sys.stderr.flush()
        os._exit(STUCK)
