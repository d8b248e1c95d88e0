"""Detectors, thermometer, tilt and rain on real boards, over a real broker."""

from collections.abc import Iterator
from time import monotonic, sleep

import pytest
from heartlamp_protocol.inbound import Alarm, Reading
from heartlamp_tech.virtual_board import VirtualBoard

from tests.firmware.parts import BoardMaker, Said, Village


def values(village: Village, kind: str, after: int = 0) -> Iterator[dict[str, int]]:
    for said in village.said[after:]:
        if said.what == "reading":
            content = said.frame.content
            if isinstance(content, Reading) and content.kind == kind:
                yield content.values


def wait_value(village: Village, name: str, value: int, after: int = 0, timeout: float = 20) -> Said:
    def has(said: Said) -> bool:
        content = said.frame.content
        return isinstance(content, Reading) and content.values.get(name) == value

    return village.wait("reading", has, after=after, timeout=timeout)


def alarms(village: Village) -> list[str]:
    ids = {said.id: said.alarm.what for said in village.said if said.what == "event" and is_alarm(said)}
    return list(ids.values())


def is_alarm(said: Said) -> bool:
    return isinstance(said.frame.content, Alarm)


def up(board: VirtualBoard) -> VirtualBoard:
    board.start()
    board.wait_trace("link", up=1)
    return board


def test_gas_is_an_alarm_and_a_door_only_a_reading(make_board: BoardMaker, village: Village) -> None:
    gas = up(make_board(village.broker, "gas0001", "gas"))
    gas.press("gas")
    assert village.wait("event").alarm.what == "gas"
    wait_value(village, "gas", 1)
    door = up(make_board(village.broker, "door001", "door"))
    door.press("door")
    wait_value(village, "door", 1)
    door.release("door")
    wait_value(village, "door", 0, after=len(village.said) - 1)
    assert alarms(village) == ["gas"]


def test_a_detector_that_is_wired_normally_closed_alarms_when_it_opens(
    make_board: BoardMaker, village: Village
) -> None:
    board = make_board(village.broker, "smoke01", "smoke", sensors={"smoke": {"nc": 1}})
    board.start()
    board.press("smoke")  # it is closed as the power comes
    board.wait_trace("link", up=1)
    sleep(2.5)
    assert alarms(village) == []
    board.release("smoke")
    assert village.wait("event").alarm.what == "fire"


def test_a_trembling_contact_asks_for_a_visit_and_red_is_heard_all_the_same(
    make_board: BoardMaker, village: Village
) -> None:
    board = up(make_board(village.broker, "smoke01", "smoke"))
    for _ in range(50):
        board.press("smoke")
        sleep(0.04)
        board.release("smoke")
        sleep(0.04)
    board.press("red")
    village.wait("event", lambda said: said.alarm.what == "panic", timeout=2)
    print("alarms of 50 closings:", alarms(village).count("fire"))
    assert 1 <= alarms(village).count("fire") <= 20
    wait_value(village, "smoke_trembles", 1)


def test_in_test_mode_the_detectors_button_is_a_test_and_red_is_help(make_board: BoardMaker, village: Village) -> None:
    board = up(make_board(village.broker, "smoke01", "smoke"))
    sleep(5)  # the recessed key, held at power-up, is another thing
    board.press("recessed")
    board.wait_trace("test", on=1)
    wait_value(village, "test", 1)
    board.release("recessed")
    board.press("smoke")
    marked = wait_value(village, "smoke", 1)
    assert isinstance(marked.frame.content, Reading)
    assert marked.frame.content.values["test"] == 1
    board.release("smoke")
    wait_value(village, "smoke_tested", 1)
    assert alarms(village) == []
    board.press("red")
    village.wait("event", lambda said: said.alarm.what == "panic")
    board.press("smoke")  # this one is no test: it stands when the technician ends the mode
    sleep(0.1)
    board.press("recessed")
    board.wait_trace("test", on=0)
    village.wait("event", lambda said: said.alarm.what == "fire")
    mark = board.mark()
    board.write({"serial": {"id": 1, "cmd": "test"}})
    board.wait_trace("test", on=1, after=mark)


def test_a_supervised_line_tells_a_cut_from_a_fire(make_board: BoardMaker, village: Village) -> None:
    wired = {"smoke": {"rest_ohm": 4700, "alarm_ohm": 680}}
    board = make_board(village.broker, "smoke01", "smoke", sensors=wired)
    board.start()
    board.measure("smoke_line_ohm", 4650)
    board.wait_trace("link", up=1)
    board.measure("smoke_line_ohm", 1_000_000)
    wait_value(village, "smoke_line_fault", 2)
    assert alarms(village) == []
    board.measure("smoke_line_ohm", 700)
    assert village.wait("event").alarm.what == "fire"
    board.measure("smoke_line_ohm", None)
    wait_value(village, "smoke_line_fault", 4)


def test_a_hot_room_is_a_fire(make_board: BoardMaker, village: Village) -> None:
    board = up(make_board(village.broker, "temp001", "temperature"))
    board.measure("temp_mc", 58_000)
    start = monotonic()
    said = village.wait("event", timeout=25)
    print(f"two samples of 58 °C: alarm after {said.at - start:.1f} s")
    assert said.alarm.what == "fire"


@pytest.mark.prove
def test_a_lost_thermometer_is_a_fault_and_red_is_help(make_board: BoardMaker, village: Village) -> None:
    board = up(make_board(village.broker, "temp001", "temperature"))
    board.measure("temp_mc", 48_000)
    wait_value(village, "temp_mc", 48_000, timeout=35)
    board.measure("temp_mc", None)
    wait_value(village, "temp_fault", 1, timeout=75)
    board.press("red")
    village.wait("event", lambda said: said.alarm.what == "panic")


@pytest.mark.prove
def test_rain_that_endangers_the_slope_is_an_alarm(make_board: BoardMaker, village: Village) -> None:
    """By the lowest setting that is allowed: 5 mm, in tips of 1 mm, one a second."""
    rain = {"rain": {"tip_um": 1000, "heavy_um": 5000}}
    board = up(make_board(village.broker, "slope01", "slope", sensors=rain))
    for _ in range(6):
        board.press("rain")
        sleep(0.02)
        board.release("rain")
        sleep(1)
    assert village.wait("event", timeout=70).alarm.what == "slope"


@pytest.mark.prove
def test_a_slope_device_without_a_probe_says_so(make_board: BoardMaker, village: Village) -> None:
    up(make_board(village.broker, "slope01", "slope"))
    wait_value(village, "probes_missing", 1, timeout=65)


@pytest.mark.prove
def test_a_probe_that_is_named_and_never_answers_is_a_fault(make_board: BoardMaker, village: Village) -> None:
    up(make_board(village.broker, "slope01", "slope", sensors={"tilt": {"alarm_mdeg": 500}}))
    wait_value(village, "tilt_fault", 1, timeout=80)
