"""How an output's orders are done: some at the same time, never without bound, what is urgent first."""

import threading
from collections.abc import Callable

from heartlamp_gateway.outputs.adapter import Order, Report
from heartlamp_gateway.outputs.runner import AT_ONCE_MOST, Runner

from tests.gateway.rig.waiting import until
from tests.gateway.sound.orders import order


class Slow:
    """Says all at the same time, and each until it is let go."""

    channel, at_once, deadline_s = "speaker", True, 60.0

    def __init__(self) -> None:
        self.go, self.lock = threading.Event(), threading.Lock()
        self.now = self.most = 0
        self.begun: list[str] = []

    def perform(self, order: Order, report: Callable[[Report], None]) -> Report:
        with self.lock:
            self.begun.append(order.key)
            self.now += 1
            self.most = max(self.most, self.now)
        self.go.wait(30)
        with self.lock:
            self.now -= 1
        return Report("done")

    def health(self) -> str:
        return ""

    def troubles(self) -> dict[str, str]:
        return {}


def test_a_plan_that_asks_for_more_than_anybody_can_hear_does_not_fill_the_box() -> None:
    slow, ended = Slow(), list[str]()
    runner = Runner([slow], lambda order: True, lambda order, said: ended.append(order.key))
    runner.start()
    try:
        runner.give(order("panic", key=f"p{n}") for n in range(3 * AT_ONCE_MOST))
        until("as many as may", lambda: slow.now == AT_ONCE_MOST)
        runner.give([order("fire", key="fire")])
        until("a fire waits for no panic", lambda: "fire" in slow.begun)
        slow.go.set()
        until("all are done", lambda: len(ended) == 3 * AT_ONCE_MOST + 1)
        assert slow.most <= AT_ONCE_MOST + 1
    finally:
        slow.go.set()
        runner.stop()
