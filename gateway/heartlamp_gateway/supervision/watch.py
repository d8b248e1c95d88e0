"""Every thread says that it lives. Where one fell silent the process ends, because half a gateway would lie; systemd's
watchdog sees to it that this very thread is not the one that hangs."""

import faulthandler
import os
import sys
from collections.abc import Callable

from heartlamp_gateway.clock import boottime
from heartlamp_gateway.rules.watch import LOOK_MS, late, overslept
from heartlamp_gateway.say import log

STUCK = 3
"""The exit code of a process that ended because one of its threads hung."""


class Watch:
    """`heart(name)` for each thread before it starts; then `run`, in a thread of its own."""

    def __init__(self, clock: Callable[[], int] = boottime) -> None:
        self._clock = clock
        self._seen: dict[str, int] = {}

    def heart(self, name: str) -> Callable[[], None]:
        """What this thread calls again and again, at least every half a minute."""
        self._seen[name] = self._clock()

        def alive() -> None:
            self._seen[name] = self._clock()

        return alive

    def run(self, pause: Callable[[float], bool], feed: Callable[[], object]) -> None:
        """`pause(seconds)`: waits, True when we stop; `feed`: tells the supervisor of the process that all live."""
        looked = self._clock()
        self._seen = dict.fromkeys(self._seen, looked)  # the start may have taken its time
        while True:
            now = self._clock()
            if overslept(looked, now):
                log.warning("the gateway stood still for %d s and goes on", (now - looked) // 1000)
                self._seen = dict.fromkeys(self._seen, now)
            looked = now
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
