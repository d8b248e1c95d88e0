"""Cells, mains and cases: what a board does when power is scarce, cut or nobody's business."""

import pytest
from heartlamp_tech.virtual_board import VirtualBoard

from tests.firmware.conftest import REPO
from tests.firmware.parts import BoardMaker, Said, Village


def values(village: Village, device: str, name: str, after: int = 0) -> int:
    """The first value of this name that the device tells, from the `after`-th message on."""

    def has(said: Said) -> bool:
        return said.device == device and name in said.fields["body"]["values"]

    value = village.wait("reading", has, after).fields["body"]["values"][name]
    assert isinstance(value, int)
    return value


def asleep(village: Village, make_board: BoardMaker, kind: str = "button") -> VirtualBoard:
    board = make_board(village.broker, "button01", kind)
    board.start()
    assert board.wait_trace("sleep", timeout=10)["held"] == 0
    return board


def test_a_button_sleeps_once_it_has_said_that_it_lives_and_takes_leave_of_the_broker(
    village: Village, make_board: BoardMaker
) -> None:
    asleep(village, make_board)
    assert values(village, "button01", "reset_cause") == 1
    village.publish("button01", "lamp", b"{}")  # whatever the broker says of it has been said before this
    assert [said.fields["online"] for said in village.said if said.what == "state"] == [1], "its last will was sent"


def test_a_press_wakes_it_and_it_sleeps_again_once_the_county_has_it(village: Village, make_board: BoardMaker) -> None:
    board = asleep(village, make_board)
    mark = board.mark()
    board.press("red")
    board.release("red")
    said = village.wait("event")
    assert said.alarm.what == "panic"
    assert board.wait_trace("boot", after=mark)["cause"] == 4
    village.hear(said)
    village.receive(said)
    board.wait_trace("received", after=mark)
    assert board.wait_trace("sleep", timeout=10, after=mark)["held"] == 0
    after = len(village.said)
    board.measure("battery_mv", 3000)  # any line wakes it
    assert 0 < values(village, "button01", "drill_ms", after) < 60_000, "the last press that went through is remembered"


@pytest.mark.prove
def test_what_the_village_has_and_the_county_not_is_offered_after_a_nap_without_a_word_of_trouble(
    village: Village, make_board: BoardMaker
) -> None:
    board = asleep(village, make_board)
    board.press("red")
    board.release("red")
    village.hear(village.wait("event"))
    mark = board.mark()
    assert board.wait_trace("sleep", timeout=40, after=mark)["held"] == 1
    mark, after = board.mark(), len(village.said)
    village.hear(village.wait("event", after=after, timeout=20))
    board.wait_trace("heard", after=mark)
    assert [line for line in board.lines(mark) if line.get("show", {}).get("trouble")] == []


@pytest.mark.prove
def test_what_nobody_has_is_offered_again_after_a_nap(village: Village, make_board: BoardMaker) -> None:
    board = asleep(village, make_board)
    mark = board.mark()
    board.press("red")
    board.release("red")
    said = village.wait("event")
    nap = board.wait_trace("sleep", timeout=40, after=mark)
    assert (nap["held"], nap["ms"]) == (1, 10_000)
    after = len(village.said)
    again = village.wait("event", after=after, timeout=20)
    assert again.frame.body == said.frame.body
    assert 30_000 <= again.frame.age < 60_000, "it is as old as it is: the nap counts"
    village.receive(again)
    board.wait_trace("received", after=mark)


def test_a_silent_button_shows_nothing_and_is_heard_all_the_same(village: Village, make_board: BoardMaker) -> None:
    board = asleep(village, make_board, "silent")
    board.press("red")
    said = village.wait("event")
    assert said.alarm.what == "silent"
    village.hear(said)
    village.receive(said)
    board.wait_trace("received")
    assert not [line for line in board.lines() if "show" in line]


def test_a_low_cell_is_told_and_still_sends(village: Village, make_board: BoardMaker) -> None:
    board = make_board(village.broker, "button01", "button")
    board.start()
    board.measure("battery_mv", 2200)
    board.wait_trace("sleep", timeout=10)
    board.press("red")
    assert village.wait("event").alarm.what == "panic"
    assert values(village, "button01", "battery_mv") == 2200
    assert values(village, "button01", "battery_low") == 1


def test_cancel_marks_and_stops_nothing(lamp: VirtualBoard, village: Village) -> None:
    lamp.press("red")
    lamp.release("red")
    alarm = village.wait("event")
    village.hear(alarm)
    lamp.wait_show("told")
    mark = lamp.mark()
    lamp.press("cancel")
    lamp.release("cancel")
    said = village.wait("event", lambda said: said.fields["body"]["kind"] == "cancel")
    village.hear(said)
    lamp.wait_trace("heard", event=said.id)
    assert [line["show"]["meaning"] for line in lamp.lines(mark) if "show" in line] == []
    assert lamp.showing["meaning"] == "told"


def test_a_power_cut_is_told_at_once(lamp: VirtualBoard, village: Village) -> None:
    lamp.measure("battery_mv", 3900)
    village.wait("reading")
    after = len(village.said)
    lamp.release("mains")
    assert values(village, "lamp0a1b", "mains", after) == 0
    assert values(village, "lamp0a1b", "battery_mv", after) == 3900
    after = len(village.said)
    lamp.press("mains")
    assert values(village, "lamp0a1b", "mains", after) == 1


def test_an_opened_case_is_told_at_once_and_counted(lamp: VirtualBoard, village: Village) -> None:
    village.wait("reading")
    after = len(village.said)
    lamp.press("tamper")
    assert values(village, "lamp0a1b", "tamper", after) == 1
    after = len(village.said)
    lamp.release("tamper")
    assert values(village, "lamp0a1b", "tamper", after) == 0
    assert values(village, "lamp0a1b", "tampered", after) == 1


def test_a_heartbeat_tells_what_a_technician_asks_first(lamp: VirtualBoard, village: Village) -> None:
    said = village.wait("reading", lambda said: said.fields["body"]["kind"] == "heartbeat").fields["body"]["values"]
    assert {"version", "reset_cause", "drill_ms", "heap_b", "held", "path_lan_ms", "mains", "tamper"} <= set(said)
    assert said["drill_ms"] == -1, "no press went through in this boot"


@pytest.mark.parametrize("kind", ["button", "lamp", "camera", "smoke", "temperature"])
def test_every_value_of_a_heartbeat_stands_in_the_protocol(village: Village, make_board: BoardMaker, kind: str) -> None:
    page = (REPO / "docs/protocol.md").read_text()
    board = make_board(village.broker, "device01", kind)
    board.start()
    board.measure("battery_mv", 3000)
    told = village.wait("reading", lambda said: said.fields["body"]["kind"] == "heartbeat").fields["body"]["values"]
    general = {name.replace(kind, "X", 1) for name in told if name == kind or name.startswith(kind + "_")}
    names = {name for name in told if not (name == kind or name.startswith(kind + "_"))} | general
    assert not [name for name in names if f"`{name}`" not in page]
