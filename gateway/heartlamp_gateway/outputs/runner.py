"""Does orders: each channel in a thread of its own, so that one that hangs or lies never holds up another. Whether they
work is asked in one more, so that no order waits for that."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from heartlamp_gateway.outputs.adapter import ENDS, Adapter, Order, Report
from heartlamp_gateway.say import log, thread

URGENT = ("fire", "flood", "gas", "slope")
HEALTH_S = 60.0
HEALTH_MOST_S = 15.0  # of one question for it
HANGS = "it does not answer; restart its device, then the gateway"


class Channel:
    """One adapter's orders. `is_wanted(order)`: asked once more before it begins; `report(order, report)`: told of
    everything, from any thread; both may be slow and never raise. `failed()`: called after an order that did: was it
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
        self._changed = threading.Condition()
        self._stopping = False
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
                while not any(self._waiting) and not self._stopping:
                    self._changed.wait()
                if self._stopping:
                    return
                order = next(each.popleft() for each in self._waiting if each)
            if self._adapter.at_once:  # a fire must not wait until a panic was said
                thread(f"{self._adapter.channel} {order.key}", partial(self._do, order)).start()
            else:
                self._do(order)

    def _do(self, order: Order) -> None:
        if self._is_wanted(order):
            self._report(order, self._perform(order))
        else:
            self._report(order, Report("failed", "not wanted any more"))

    def _perform(self, order: Order) -> Report:
        log.info("%s: %s", self._adapter.channel, order.key)
        ended = _within(
            self._adapter.deadline_s,
            lambda: self._adapter.perform(order, lambda report: self._report(order, report)),
        )
        if ended is None:
            ended = Report("failed", f"given up after {self._adapter.deadline_s:g} s")
        elif ended.state not in ENDS:
            ended = Report("failed", f"it said {ended.state!r}")
        if ended.state == "failed":
            self._failed()
        else:
            self.fault = ""
        return ended

    def look(self) -> None:
        """Asks whether it works."""
        found = _within(min(HEALTH_MOST_S, self._adapter.deadline_s), lambda: Report("done", self._adapter.health()))
        said = HANGS if found is None else found.why
        if said != self.fault:
            log.warning("%s: %s", self._adapter.channel, said or "works")
        self.fault = said


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


def _within(seconds: float, work: Callable[[], Report]) -> Report | None:
    """What it returns, or why it raised; None where it takes longer: it is left to itself."""
    found: list[Report] = []

    def attempt() -> None:
        try:
            found.append(work())
        except Exception as wrong:  # whatever an output does, it ends no gateway
            log.exception("an output failed")
            found.append(Report("failed", str(wrong) or type(wrong).__name__))

    worker = threading.Thread(target=attempt, name="output", daemon=True)
    worker.start()
    worker.join(seconds)
    return found[0] if found else None
