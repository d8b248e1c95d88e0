"""The box itself, looked at once in a while. A check that hangs is a fault of its part and holds up no other."""

import threading
from collections.abc import Callable, Collection, Mapping

from heartlamp_gateway.clock import boottime
from heartlamp_gateway.rules.health import ABSENT, FAULT, OK, WARN, Health, silent
from heartlamp_gateway.say import log

EACH_S = 60.0
FIRST_S = 15.0  # everybody has come up by then
STEP_S = 5.0
DEADLINE_S = 5.0
WARN_MS = 600_000

Check = Callable[[], Health]


class Box:
    """`checks`: part -> its check, which may hang or raise; `pause(seconds)`: waits, True when we stop; `slow`: parts
    that take their time to come up, as a modem does: a fault of theirs lasts once it is there at two looks."""

    def __init__(
        self,
        checks: Mapping[str, Check],
        pause: Callable[[float], bool],
        alive: Callable[[], None] = lambda: None,
        deadline_s: float = DEADLINE_S,
        clock: Callable[[], int] = boottime,
        each_s: float = EACH_S,
        slow: Collection[str] = (),
    ) -> None:
        self._each_s, self._slow = each_s, slow
        self._clock = clock
        self._since: dict[str, int] = {}  # BOOTTIME ms, of the present state
        self._checks, self._pause, self._alive, self._deadline_s = checks, pause, alive, deadline_s
        self._running: dict[str, threading.Thread] = {}
        self._found: dict[str, Health] = {}

    def healths(self) -> list[Health]:
        """As of the last look, worst first."""
        order = {FAULT: 0, WARN: 1, OK: 2, ABSENT: 3}
        return sorted(dict(self._found).values(), key=lambda h: (order[h.state], h.name))

    def lasting(self, told: Collection[str] = ()) -> tuple[list[Health], frozenset[str]]:
        """(What the county is to learn, parts that were looked at): faults, and what a person should come for only
        where it stays so, because a clock that was just started follows nobody yet. `told`: parts of which it was told
        before a restart too; they have lasted, and are not over because nobody has looked yet."""
        now, found = self._clock(), self.healths()
        lasts = [h for h in found if h.state in (FAULT, WARN) and self._lasts(h, told, now)]
        gone = set(told) - self._checks.keys()  # of a part that this box has no more, as after a modem was taken out
        return lasts, frozenset({h.name for h in found} | gone)

    def _lasts(self, health: Health, told: Collection[str], now: int) -> bool:
        if health.state == FAULT:
            wait = self._each_s * 1000 if health.name in self._slow else 0
        else:
            wait = WARN_MS
        return health.name in told or now - self._since[health.name] >= wait

    def run(self) -> None:
        left, step = min(FIRST_S, self._each_s), min(STEP_S, self._each_s)
        while not self._pause(step):
            self._alive()
            left -= step
            if left <= 0:
                self.look()
                left = self._each_s

    def look(self) -> None:
        """All at once, each in a thread of its own; one that hangs is not asked again until it has come back."""
        begun = []
        for name, check in self._checks.items():
            before = self._running.get(name)
            if before is None or not before.is_alive():
                thread = threading.Thread(target=self._ask, args=(name, check), name=f"check {name}", daemon=True)
                self._running[name] = thread
                thread.start()
                begun.append(name)
        for name in self._checks:
            self._alive()
            if name in begun:
                self._running[name].join(self._deadline_s)
            if self._running[name].is_alive():
                self._keep(silent(name))

    def _ask(self, name: str, check: Check) -> None:
        try:
            health = check()
        except Exception as wrong:  # whatever a driver or a file gives us: it is the part's fault, and only its own
            text = f"{type(wrong).__name__}: {wrong}"[:200]
            health = Health(name, FAULT, f"检查失败：{text}", f"The check failed: {text}")
        self._keep(health)

    def _keep(self, health: Health) -> None:
        before = self._found.get(health.name)
        if before is None or before.state != health.state:
            self._since[health.name] = self._clock()
        self._found[health.name] = health
        if (before.state if before else OK) != health.state and health.state != ABSENT:
            log.log(30 if health.state != OK else 20, "%s is %s: %s", health.name, health.state, health.en)
