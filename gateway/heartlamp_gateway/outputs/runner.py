"""Does orders: each channel in a thread of its own, so that one that hangs or lies never holds up another. Whether they
work is asked in one more, so that no order waits for that."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from heartlamp_gateway.outputs.adapter import ENDS, NOT_BEGUN, Adapter, Lines, Order, Report
from heartlamp_gateway.say import log, thread

URGENT = ("fire", "flood", "gas", "slope")
AT_ONCE_MOST = 16  # orders of one channel at the same time, of what is urgent and of all else: a plan may ask for more
HEALTH_S = 60.0
HEALTH_MOST_S = 15.0  # of one question for it
STUCK = "卡住了，没有回应：请重启该设备，再重启网关。 It is stuck: restart its device, then the gateway."


class Channel:
    """One adapter's orders. `is_wanted(order)`: asked once more before it begins, quick; `report(order, report)`: told
    of everything, from any thread, may be slow; both never raise. `failed()`: called after an order that did: was it
    this one, or would all fail?"""

    def __init__(
        self,
        adapter: Adapter,
        is_wanted: Callable[[Order], bool],
        report: Callable[[Order, Report], None],
        failed: Callable[[], None],
    ) -> None:
        self._adapter, self._is_wanted, self._report, self._failed = adapter, is_wanted, report, failed
        self._waiting: tuple[deque[Order], deque[Order]] = (deque(), deque())  # what is urgent, all else
        self._busy = [0, 0]  # orders under way, as they waited
        self._changed = threading.Condition()
        self._stopping = False
        self._left: list[_Attempt] = []  # given up, and not back yet
        self._asked: _Attempt | None = None
        self.fault = ""  # until it was asked: who is called in the first seconds after a start must not be passed over

    def give(self, order: Order) -> None:
        with self._changed:
            self._waiting[order.what not in URGENT].append(order)
            self._changed.notify()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def run(self) -> None:
        while True:
            with self._changed:
                while (which := self._next()) is None and not self._stopping:
                    self._changed.wait()
                if self._stopping or which is None:
                    return
                order = self._waiting[which].popleft()
                self._busy[which] += 1
            wanted = self._is_wanted(order)
            if wanted and isinstance(self._adapter, Lines):
                self._adapter.line_up(order)  # here, because threads of their own come to it in any order
            if self._adapter.at_once:  # a fire must not wait until a panic was said
                thread(f"{self._adapter.channel} {order.key}", partial(self._do, order, which, wanted)).start()
            else:
                self._do(order, which, wanted)

    def _next(self) -> int | None:
        """Of which queue the next order is; None: there is none, or too many are under way."""
        return next((n for n, each in enumerate(self._waiting) if each and self._busy[n] < AT_ONCE_MOST), None)

    def _do(self, order: Order, which: int, wanted: bool) -> None:
        self._report(order, self._perform(order) if wanted else NOT_BEGUN)
        with self._changed:
            self._busy[which] -= 1
            self._changed.notify()

    def _perform(self, order: Order) -> Report:
        log.info("%s: %s", self._adapter.channel, order.key)
        attempt = _Attempt(
            lambda: self._adapter.perform(order, lambda report: self._report(order, report)), self._failed
        )
        ended = attempt.within(self._adapter.deadline_s)
        if ended is None:
            self._left.append(attempt)
            ended = Report("failed", f"given up after {self._adapter.deadline_s:g} s")
        elif ended.state not in ENDS:
            ended = Report("failed", f"it said {ended.state!r}")
        if ended.state == "failed":
            self._failed()
        elif not self._is_stuck():
            self.fault = ""
        return ended

    def look(self) -> None:
        """Asks whether it works. One that has not come back from something is not asked, whatever it would say."""
        found: Report | None = None
        if not self._is_stuck():
            self._asked = _Attempt(lambda: Report("done", self._adapter.health()), lambda: None)
            found = self._asked.within(min(HEALTH_MOST_S, self._adapter.deadline_s))
        said = STUCK if found is None else found.why
        if said != self.fault:
            log.warning("%s: %s", self._adapter.channel, said or "works")
        self.fault = said

    def _is_stuck(self) -> bool:
        self._left = [attempt for attempt in self._left if attempt.goes_on]
        return bool(self._left) or (self._asked is not None and self._asked.goes_on)


class Runner:
    """`channels` without a fault are `working()`. `start()` begins their threads."""

    def __init__(
        self,
        adapters: Iterable[Adapter],
        is_wanted: Callable[[Order], bool],
        report: Callable[[Order, Report], None],
    ) -> None:
        self._report = report
        self._look, self._stopping = threading.Event(), False
        self._channels: Mapping[str, Channel] = {
            a.channel: Channel(a, is_wanted, report, self._look.set) for a in adapters
        }

    def start(self) -> None:
        for name, channel in self._channels.items():
            thread(name, channel.run).start()
        if self._channels:
            thread("outputs' health", self._examine).start()

    def stop(self) -> None:
        self._stopping = True
        self._look.set()
        for channel in self._channels.values():
            channel.stop()

    def _examine(self) -> None:
        while not self._stopping:
            self._look.clear()
            for channel in self._channels.values():
                channel.look()
            self._look.wait(HEALTH_S)

    def give(self, orders: Iterable[Order]) -> None:
        for order in orders:
            if channel := self._channels.get(order.channel):
                channel.give(order)
            else:
                self._report(order, Report("failed", f"this box has no {order.channel}"))

    def working(self) -> frozenset[str]:
        return frozenset(name for name, channel in self._channels.items() if not channel.fault)

    def faults(self) -> dict[str, str]:
        """By channel; "" none."""
        return {name: channel.fault for name, channel in self._channels.items()}


class _Attempt:
    """`work` in a thread of its own, begun at once; where it takes too long it is left to itself. `back()`: called when
    such a one has come back after all."""

    def __init__(self, work: Callable[[], Report], back: Callable[[], None]) -> None:
        self._work, self._back = work, back
        self._found: Report | None = None
        self._left = False
        self._thread = threading.Thread(target=self._run, name="output", daemon=True)
        self._thread.start()

    def within(self, seconds: float) -> Report | None:
        """What it returned, or why it raised; None: it has not come back."""
        self._thread.join(seconds)
        self._left = True  # first: it either calls `back`, or has come back by the next look
        return self._found

    @property
    def goes_on(self) -> bool:
        return self._found is None

    def _run(self) -> None:
        try:
            self._found = self._work()
        except Exception as wrong:  # whatever an output does, it ends no gateway
            log.exception("an output failed")
            self._found = Report("failed", str(wrong) or type(wrong).__name__)
        if self._left:
            self._back()
