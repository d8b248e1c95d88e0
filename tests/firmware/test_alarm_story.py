"""One press on a real board, over a real broker."""

import os
import signal
from time import sleep

from heartlamp_protocol.device.frame import verify
from heartlamp_tech.virtual_board import VirtualBoard

from tests.firmware.parts import DEVICE_KEY, EPOCH, BoardMaker, Village


def test_a_press_is_stored_before_it_is_sent_or_shown(lamp: VirtualBoard, village: Village) -> None:
    mark = lamp.mark()
    lamp.press("red")
    said = village.wait("event")
    lamp.wait_show("sending", after=mark)
    lamp.wait_trace("sent", after=mark)
    lines = [line for line in lamp.lines(mark) if "trace" in line or "show" in line]
    story = [line.get("trace") or line["show"]["meaning"] for line in lines]
    assert story.index("pressed") < story.index("stored") < story.index("sent")
    assert story.index("stored") < story.index("sending")
    assert said.alarm.what == "panic"
    assert said.alarm.id == lamp.wait_trace("pressed")["event"]
    assert verify(DEVICE_KEY, said.frame.body, said.frame.mac)
    assert 0 <= said.frame.age < 1000


def test_heard_then_received_are_shown_and_the_event_leaves_the_flash(lamp: VirtualBoard, village: Village) -> None:
    lamp.press("red")
    said = village.wait("event")
    village.hear(said)
    assert lamp.wait_show("told", heard=1)["show"]["received"] == 0
    village.receive(said)
    lamp.wait_show("told", heard=1, received=1)
    lamp.kill()
    mark = lamp.mark()
    lamp.start()
    assert lamp.wait_trace("boot", after=mark)["held"] == 0


def test_received_without_heard_is_legal(lamp: VirtualBoard, village: Village) -> None:
    lamp.press("red")
    village.receive(village.wait("event"))
    lamp.wait_show("told", heard=0, received=1)


def test_a_puback_is_no_receipt_the_event_is_offered_again_with_the_same_body(
    lamp: VirtualBoard, village: Village
) -> None:
    lamp.press("red")
    first = village.wait("event")
    again = village.wait("event", after=village.said.index(first) + 1)
    assert again.frame.body == first.frame.body
    assert again.frame.mac == first.frame.mac
    assert 900 < again.frame.age - first.frame.age < 2000


def test_a_gateway_that_comes_back_is_offered_it_at_its_first_pulse(lamp: VirtualBoard, village: Village) -> None:
    lamp.press("red")
    event = village.wait("event").id
    lamp.wait_trace("sent", event=event, tries=3)  # the fourth would be 4 s after this one
    sleep(0.6)  # the quiet after which the board takes a pulse for a gateway's return
    mark = lamp.mark()
    village.pulse()
    assert lamp.wait_trace("sent", after=mark, event=event)["tries"] == 1


def test_killed_between_stored_and_sent_it_is_offered_after_the_restart_with_unknown_age(
    make_board: BoardMaker, village: Village
) -> None:
    board = make_board(village.broker)
    village.broker.kill()
    board.start()
    board.press("red")
    event = board.wait_trace("stored", flash=1)["event"]
    board.kill()
    village.broker.start()
    board.start()
    said = village.wait("event")
    assert said.alarm.id == event
    assert said.frame.age == -1


def test_ten_boards_killed_right_after_stored_lose_nothing(make_board: BoardMaker, village: Village) -> None:
    """kill -9 at ten moments spread over the first milliseconds after the press."""
    board = make_board(village.broker)
    pressed = []
    for i in range(10):
        mark = board.mark()
        board.start()
        board.wait_trace("boot", after=mark)
        board.press("red")
        pressed.append(board.wait_trace("stored", after=mark)["event"])
        sleep(i * 0.002)  # not a wait for something: the kill's moment
        board.kill()
    mark = board.mark()
    board.start()
    assert board.wait_trace("boot", after=mark)["held"] == 10
    for event in pressed:
        village.wait_event(event)


def test_every_press_is_an_event_of_its_own_and_bounce_is_none(lamp: VirtualBoard, village: Village) -> None:
    for _ in range(3):
        for level in (1, 0, 1, 0, 1):  # the contact bounces
            (lamp.press if level else lamp.release)("red")
        sleep(0.05)
        lamp.release("red")
        sleep(0.05)
    ids = {lamp_line["event"] for lamp_line in lamp.lines() if lamp_line.get("trace") == "pressed"}
    assert len(ids) == 3
    for event in ids:
        village.wait_event(event)


def test_two_presses_while_the_board_is_busy_are_two(lamp: VirtualBoard, village: Village) -> None:
    mark = lamp.mark()
    os.kill(lamp.pid, signal.SIGSTOP)  # as a slow write does; a real key's edges have the interrupt's time
    for _ in range(2):
        for level in (1, 0):
            (lamp.press if level else lamp.release)("red")
            sleep(0.05)
    os.kill(lamp.pid, signal.SIGCONT)
    first = lamp.wait_trace("pressed", after=mark)["event"]
    second = lamp.wait_for(lambda line: line.get("trace") == "pressed" and line["event"] != first, after=mark)["event"]
    for event in (first, second):
        village.wait_event(str(event))


def test_a_new_epoch_of_the_gateway_is_offered_everything_not_received(lamp: VirtualBoard, village: Village) -> None:
    lamp.press("red")
    first = village.wait("event")
    village.hear(first)
    lamp.wait_trace("heard")
    place = len(village.said)
    village.epoch = "e2" * 8  # a new SD card
    village.pulse()
    again = village.wait("event", after=place)
    assert again.alarm.id == first.alarm.id
    assert village.epoch != EPOCH


def test_a_smoke_contact_is_a_fire_and_a_spark_is_none(make_board: BoardMaker, village: Village) -> None:
    board = make_board(village.broker, "smoke01", "smoke")
    board.start()
    board.wait_trace("link", up=1)
    board.press("smoke")
    board.release("smoke")
    sleep(0.1)
    board.press("smoke")
    assert village.wait("event").alarm.what == "fire"
    board.wait_trace("pressed")
    village.wait("reading", lambda said: said.fields["body"]["values"] == {"smoke": 1})
    assert len([line for line in board.lines() if line.get("trace") == "pressed"]) == 1


def test_water_is_a_flood(make_board: BoardMaker, village: Village) -> None:
    board = make_board(village.broker, "flood01", "flood")
    board.start()
    board.press("flood")
    assert village.wait("event").alarm.what == "flood"
