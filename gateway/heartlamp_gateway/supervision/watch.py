"""Every thread says that it lives. Where one fell silent the process ends, because half a gateway would lie; systemd's
watchdog sees to it that this very thread is not the one that hangs."""

import faulthandler
import os
import sys
from collections.abc import Callable

from heartlamp_gateway.clock import boottime
from heartlamp_gateway.rules.watch import LOOK_MS, Looks, late, looked, overslept
from heartlamp_gateway.say import log

STUCK = 3
"""The exit code of a process that ended because one of its threads hung."""


class Watch:
    """`heart(name)` for each thread before it starts; then `run`, in a thread of its own."""

    def __init__(self, clock: Callable[[], int] = boottime) -> None:
        self._clock = clock
        self._seen: dict[str, int] = {}
        now = clock()
        self._looks = Looks(now, now)  # replaced whole: read by other threads

    def awake(self) -> int:
        """A clock of ms that stands still whenever we do: a silence that we could not have heard is none. It is right
        also before our own thread has noticed that it slept."""
        looks, now = self._looks, self._clock()
        return (looks.at if overslept(looks.at, now) else now) - looks.slept

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

    def run(self, pause: Callable[[float], bool], feed: Callable[[], object]) -> None:
        """`pause(seconds)`: waits, True when we stop; `feed`: tells the supervisor of the process that all live."""
        now = self._clock()
        self._seen, self._looks = dict.fromkeys(self._seen, now), Looks(now, now)  # the start may have taken its time
        while True:
            before, now = self._looks, self._clock()
            self._looks = looked(before, now)
            if self._looks.slept > before.slept:
                log.warning("the gateway stood still for %d s and goes on", (now - before.at) // 1000)
                self._seen = dict.fromkeys(self._seen, now)
            if hanging := late(self._seen, now):
                self._end(hanging)
            feed()
            if pause(LOOK_MS / 1000):
                return

    def _end(self, hanging: list[str]) -> None:
        faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
        log.critical(
            "%s: no sign of life for a minute; what is committed is kept, the gateway stops to be restarted",
            ", ".join(hanging),
        )
        sys.stderr.flush()
        os._exit(STUCK)
