"""A press that no board noticed is found, and what excuses one is no fault."""

from tests.village.journal import Seen
from tests.village.presser import Press, swallowed

S = 1_000_000_000


def press(at_s: float, device: str = "lampliu1", counts: bool = True) -> Press:
    at = int(at_s * S)
    return Press(device, at, at + S // 20, 7, counts)


def noticed(at_s: float, device: str = "lampliu1") -> Seen:
    return Seen(int(at_s * S), device, "pressed", {})


def test_each_press_needs_a_trace_of_its_own() -> None:
    first, second = press(1), press(2)
    assert swallowed([first, second], [noticed(1.001), noticed(2.001)]) == []
    assert swallowed([first, second], [noticed(2.001)]) != []
    assert swallowed([first, second], []) == [first, second]


def test_a_trace_of_another_device_or_from_before_is_none() -> None:
    one = press(1)
    assert swallowed([one], [noticed(0.9), noticed(1.001, "lampliu2")]) == [one]


def test_a_board_that_said_nothing_until_it_was_killed_had_not_come_so_far() -> None:
    one = press(1)
    boot, other = Seen(2 * S, "lampliu1", "boot", {}), Seen(3 * S // 2, "lampliu1", "heard", {})
    assert swallowed([one], [boot]) == []
    assert swallowed([one], [other, boot]) == [one], "it was awake"


def test_an_excused_press_may_be_lost_and_takes_only_its_own_trace() -> None:
    excused, counted = press(1, counts=False), press(2)
    assert swallowed([excused], []) == []
    assert swallowed([excused, counted], [noticed(1.001)]) == [counted]
