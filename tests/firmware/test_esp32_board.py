"""An ESP32's Board (hal/esp32/board.py) on MicroPython against stand-ins for the chip: no press is lost to a sleep or a
busy program, and none is made up."""

from typing import Any

import pytest

from tests.firmware.conftest import on_device

PRESS, TAP = [["red", 1]], [["red", 1], ["red", 0]]


@pytest.fixture(scope="module")
def button() -> dict[str, Any]:
    """An ESP32-C3."""
    told: dict[str, Any] = on_device("esp32_board.py", "gpio")
    return told


def test_an_edge_is_given_as_it_is_seen(button: dict[str, Any]) -> None:
    assert (button["held at power on"], button["let go"]) == (PRESS, [["red", 0]])
    assert button["pressed and let go"] == TAP


def test_a_tap_while_the_program_was_busy_is_a_press(button: dict[str, Any]) -> None:
    assert button["a tap that nobody saw"] == TAP


def test_who_presses_as_it_falls_asleep_keeps_it_awake(button: dict[str, Any]) -> None:
    assert button["pressed as it falls asleep"] == [None, PRESS]


def test_whatever_the_board_names_wakes_it_unless_it_is_pulled_already(button: dict[str, Any]) -> None:
    assert button["asleep"] == [[3, 4, 5], "low", 900_000]
    assert button["asleep, opened"] == [[3, 4], "low", 900_000]


def test_the_press_that_wakes_it_counts_also_where_it_is_over(button: dict[str, Any]) -> None:
    assert (button["a tap"], button["pressed"], button["pressed as the time came"]) == (TAP, PRESS, PRESS)
    assert button["the time came"] == []


def test_a_stuck_red_is_one_press_and_its_release_wakes(button: dict[str, Any]) -> None:
    assert button["asleep, stuck"] == [[3], "high", 300_000]
    assert button["stuck, the time came"] == button["let go while asleep"] == []
    assert button["let go while asleep, and pressed again"] == PRESS


def test_an_opened_case_is_told_at_each_wake(button: dict[str, Any]) -> None:
    assert button["opened, the time came"] == [["tamper", 1]]


def test_cancel_wakes_it_and_is_no_call_for_help_where_the_chip_says_which_pin_it_was(button: dict[str, Any]) -> None:
    assert button["cancel is pressed"] == [["cancel", 1]]
    assert button["cancel was tapped"] == [["cancel", 1], ["cancel", 0]]


def test_it_falls_asleep_with_more_events_than_it_can_remember_the_age_of(button: dict[str, Any]) -> None:
    assert button["too much to remember"] == [True, 5]


def test_after_a_crash_a_red_that_is_held_calls_again(button: dict[str, Any]) -> None:
    assert button["a watchdog, and red is held"] == PRESS


def test_a_chip_that_waits_for_one_pin_waits_for_red() -> None:
    lamp = on_device("esp32_board.py", "ext0")
    assert (lamp["asleep"], lamp["asleep, stuck"]) == ([[3], "low", 900_000], [[3], "high", 300_000])
    assert (lamp["a tap"], lamp["let go while asleep"]) == (TAP, [])


def test_a_chip_that_no_pin_can_wake_says_so_and_stays_awake() -> None:
    assert not on_device("esp32_board.py", "none")["can sleep"]


def test_a_board_that_has_lost_its_settings_still_knows_its_pins(button: dict[str, Any]) -> None:
    assert (button["without settings"], button["provisioned again"]) == (PRESS, [])


def test_without_an_nvs_it_alarms_all_the_same(button: dict[str, Any]) -> None:
    assert (button["a broken NVS"], button["a broken NVS, red is held"]) == (None, PRESS)
    assert button["a broken NVS, without settings"] == [[], None]
    assert button["complaint"] == "no board"


def test_who_waits_for_a_network_waits_for_one_try_and_not_for_everybodys(button: dict[str, Any]) -> None:
    """Each try may take most of a minute, and a task that says nothing for that long ends the program."""
    assert button["four at once"] == [["no address", *["no network just now"] * 3], 1]
    assert button["and later"] == ["no address", 2]
