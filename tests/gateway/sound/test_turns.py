"""One sound at a time, the urgent one first."""

import threading
import time

from heartlamp_gateway.outputs.turns import Turn, Turns


def soon() -> float:
    return time.monotonic() + 10


class Waiting:
    """Somebody who waits for a turn in a thread of its own."""

    def __init__(self, turns: Turns, urgency: int, name: str, order: list[str]) -> None:
        self.turn: Turn | None = None
        self._order = order

        def wait() -> None:
            self.turn = turns.take(urgency, soon())
            order.append(name)

        self.thread = threading.Thread(target=wait, daemon=True)
        before = turns.waiting
        self.thread.start()
        while turns.waiting == before and self.thread.is_alive():
            time.sleep(0.001)


def test_the_urgent_one_cuts_off_and_goes_before_those_who_waited_longer() -> None:
    turns, order = Turns(), list[str]()
    panic = turns.take(1, soon())
    assert panic is not None
    second = Waiting(turns, 1, "second panic", order)
    assert not panic.cut.is_set()
    fire = Waiting(turns, 2, "fire", order)
    assert panic.cut.is_set()
    turns.give_back(panic)
    fire.thread.join(5)
    assert order == ["fire"]
    assert fire.turn is not None
    turns.give_back(fire.turn)
    second.thread.join(5)
    assert order == ["fire", "second panic"]


def test_who_stood_first_is_first_though_not_ready_and_who_was_cut_off_goes_on_before_the_others() -> None:
    turns, order = Turns(), list[str]()
    first = turns.stand(1)
    second = Waiting(turns, 1, "second", order)
    fire = turns.take(2, soon())  # waits for nobody who has not begun, and has nobody to cut off
    assert fire is not None
    assert not first.cut.is_set()
    turns.give_back(fire)
    assert turns.wait(first, soon())
    flood = turns.stand(2)
    assert first.cut.is_set()
    turns.give_back(first)
    again = turns.stand(1, first=True)
    assert turns.wait(flood, soon())
    turns.give_back(flood)
    assert turns.wait(again, soon())
    assert order == []
    turns.give_back(again)
    second.thread.join(5)
    assert order == ["second"]


def test_of_two_fires_the_first_goes_on() -> None:
    turns = Turns()
    first = turns.take(2, soon())
    assert first is not None
    second = Waiting(turns, 2, "second", [])
    assert not first.cut.is_set()
    turns.give_back(first)
    second.thread.join(5)
    assert second.turn is not None


def test_who_waits_in_vain_leaves_no_trace() -> None:
    turns = Turns()
    first = turns.take(2, soon())
    assert first is not None
    assert turns.take(1, time.monotonic() + 0.05) is None
    turns.give_back(first)
    assert not turns.busy


def test_when_the_box_stops_all_are_cut_off_and_nobody_comes_after() -> None:
    turns, order = Turns(), list[str]()
    first = turns.take(1, soon())
    assert first is not None
    waiting = Waiting(turns, 1, "waiting", order)
    assert not turns.close(0.05), "the first still sounds"
    assert first.cut.is_set()
    waiting.thread.join(5)
    assert waiting.turn is None
    turns.give_back(first)
    assert turns.close(1.0)
    assert turns.take(2, soon()) is None
