"""What the lamp shows, who may change it, and what the keys say back."""

from time import sleep

from heartlamp_protocol.device.mac import county_key, device_key
from heartlamp_tech.virtual_board import VirtualBoard

from tests.firmware.parts import DEVICE_KEY, BoardMaker, Village, call, county_says

NEAR = "lamp0c2d-00000000000000a1"


def test_the_alarm_goes_its_whole_way_on_the_victims_lamp(lamp: VirtualBoard, village: Village) -> None:
    lamp.press("red")
    said = village.wait("event")
    event = said.alarm.id
    lamp.wait_show("sending")
    village.hear(said)
    lamp.wait_show("told", answer="none")
    village.light(lamp_id(lamp), [call(event)])
    village.light(lamp_id(lamp), [call(event, county=county_says(event, 1, 1, "accepted", "城关派出所"))])
    lamp.wait_show("told", answer="accepted", who="城关派出所", received=1)
    village.light(lamp_id(lamp), [call(event, answer="coming", who="三组 9号")])
    lamp.wait_show("coming", who="三组 9号")
    village.receive(said)
    lamp.wait_trace("received")
    mark = lamp.mark()
    village.light(lamp_id(lamp), [call(event, county=county_says(event, 2, 9, "closed"))])
    lamp.wait_show("working", after=mark)


def test_what_the_lamp_shows_is_reported_by_version(lamp: VirtualBoard, village: Village) -> None:
    ver = village.light(lamp_id(lamp), [call(NEAR, "near")])
    village.wait("shown", lambda said: said.fields == {"v": 1, "kind": "shown", "epoch": village.epoch, "ver": ver})


def test_an_older_version_is_not_shown_and_a_new_epoch_is(lamp: VirtualBoard, village: Village) -> None:
    village.light(lamp_id(lamp), [call(NEAR, "near")], ver=9)
    lamp.wait_show("near")
    place, mark = len(village.said), lamp.mark()
    village.light(lamp_id(lamp), [], ver=8)
    village.wait("shown", lambda said: said.fields["ver"] == 9, after=place)
    assert lamp.showing["meaning"] == "near"
    village.epoch = "e2" * 8
    village.light(lamp_id(lamp), [], ver=1)
    lamp.wait_show("working", after=mark)


def test_the_countys_lower_version_never_takes_an_answer_back(lamp: VirtualBoard, village: Village) -> None:
    village.light(lamp_id(lamp), [call(NEAR, county=county_says(NEAR, 1, 3, "coming", "120"))])
    lamp.wait_show("coming", who="120")
    ver = village.light(lamp_id(lamp), [call(NEAR, county=county_says(NEAR, 1, 2, "accepted", "城关派出所"))])
    village.wait("shown", lambda said: said.fields["ver"] == ver)
    assert lamp.showing["who"] == "120"


def test_a_neighbour_goes_and_the_victims_house_says_here_they_are(lamp: VirtualBoard, village: Village) -> None:
    village.light(lamp_id(lamp), [call(NEAR, "near", "fire", "三组 2号")])
    shown = lamp.wait_show("near")["show"]
    assert shown["calls"][0]["place"] == "三组 2号"
    lamp.press("green")
    sleep(0.1)
    lamp.release("green")
    said = village.wait("event").answer
    assert (said.incident, said.answer) == (NEAR, "coming")
    village.light(lamp_id(lamp), [call(NEAR, "own")])
    lamp.wait_show("told")
    place = len(village.said)
    lamp.press("green")
    said = village.wait("event", lambda s: s.answer.id != said.id, after=place).answer  # still held
    assert (said.incident, said.answer) == (NEAR, "arrived")
    lamp.release("green")


def test_red_is_help_during_a_neighbours_call(lamp: VirtualBoard, village: Village) -> None:
    village.light(lamp_id(lamp), [call(NEAR, "near")])
    lamp.wait_show("near")
    lamp.press("red")
    assert village.wait("event").alarm.what == "panic"
    lamp.wait_show("sending")


def test_forged_receipts_are_ignored_and_counted(lamp: VirtualBoard, village: Village) -> None:
    lamp.press("red")
    said = village.wait("event")
    village.receive(said, key=DEVICE_KEY)
    lamp.wait_trace("forged", reason="not from the county: the mac does not match")
    village.receive(said, key=county_key(bytes(32), 1))
    village.receive(said, dev="lamp0c2d")
    lamp.wait_trace("forged", reason="a statement for another device")
    village.receive(said, sum16="0" * 16)
    lamp.wait_trace("forged", reason="a receipt for other bytes")
    assert len([line for line in lamp.lines() if line.get("trace") == "forged"]) == 4
    place = len(village.said)
    village.wait("event", lambda again: again.alarm.id == said.alarm.id, after=place)  # it kept the event
    village.receive(said)
    lamp.wait_trace("received")
    lamp.kill()


def test_a_forged_answer_lights_nothing(lamp: VirtualBoard, village: Village) -> None:
    forged = county_says(NEAR, 5, 5, "coming", "somebody", key=device_key(bytes(32), 1))
    ver = village.light(lamp_id(lamp), [call(NEAR, county=forged)])
    lamp.wait_trace("forged")
    village.wait("shown", lambda said: said.fields["ver"] == ver)
    shown = lamp.wait_show("told")["show"]
    assert (shown["answer"], shown["received"]) == ("none", 0)


def test_trouble_when_nobody_could_answer_and_not_when_only_the_county_is_cut_off(
    lamp: VirtualBoard, village: Village
) -> None:
    village.pulse(county=0, answerable=1)
    village.pulse(county=0, answerable=0)
    lamp.wait_show("shout", trouble=1)
    mark = lamp.mark()
    village.pulse(county=0, answerable=1)
    lamp.wait_show("working", after=mark)
    assert [line["show"]["meaning"] for line in lamp.lines() if "show" in line] == [
        "dark",
        "working",
        "shout",
        "working",
    ]


def test_trouble_when_the_line_is_down_for_five_seconds(lamp: VirtualBoard, village: Village) -> None:
    village.broker.kill()
    down = lamp.wait_trace("link", up=0)
    shout = lamp.wait_show("shout", timeout=8)
    assert 4.9 < (shout["t"] - down["t"]) / 1e9 < 6


def test_trouble_lies_over_a_neighbours_call_until_the_line_is_back(lamp: VirtualBoard, village: Village) -> None:
    village.light(lamp_id(lamp), [call(NEAR, "near")])
    lamp.wait_show("near")
    mark = lamp.mark()
    village.broker.kill()
    down = lamp.wait_trace("link", up=0, after=mark)
    shout = lamp.wait_show("shout", timeout=8, after=mark)
    assert 4.9 < (shout["t"] - down["t"]) / 1e9 < 6  # until then the neighbour's call stayed lit
    assert shout["show"]["calls"][0]["incident"] == NEAR
    assert len([line for line in lamp.lines(mark) if "show" in line]) == 1
    mark = lamp.mark()
    village.broker.start()
    lamp.wait_show("near", timeout=20, after=mark)  # an idle board may wait up to 12 s with its third attempt


def test_nonsense_from_the_village_is_counted_and_kills_nothing(lamp: VirtualBoard, village: Village) -> None:
    for what in ("lamp", "receipt"):
        for payload in (
            b"",
            b"\xff\xfe",
            b"{",
            b"[]",
            b"[" * 3000,
            b'{"v":1}',
            b'{"v":1,"kind":"lamp","ver":[]}',
            b"x" * 4096,
        ):
            village.publish(lamp_id(lamp), what, payload)
    village.light(lamp_id(lamp), [call(NEAR, "near")[:-1] + ',"place":7}', call(NEAR, "near")])
    lamp.wait_show("near")
    assert len([line for line in lamp.lines() if line.get("trace") == "malformed"]) == 16


def test_a_button_shows_the_receipt_without_a_lamps_state(make_board: BoardMaker, village: Village) -> None:
    board = make_board(village.broker, "button01", "button")
    board.start()
    board.press("red")
    village.hear(village.wait("event"))
    board.wait_show("told", heard=1)


def lamp_id(board: VirtualBoard) -> str:
    return str(board.wait_trace("boot")["dev"])


def test_green_that_answers_nobody_is_told_as_a_press_each_with_its_own_number(
    lamp: VirtualBoard, village: Village
) -> None:
    numbers = []
    for _ in range(2):
        place = len(village.said)
        lamp.press("green")
        sleep(0.1)  # a finger
        lamp.release("green")
        said = village.wait("reading", lambda said: b'"green":' in said.payload, after=place)
        numbers.append(said.payload.partition(b'"green":')[2])
        sleep(2.1)
    assert numbers[0] != numbers[1]


def test_green_on_a_neighbours_call_is_an_answer_and_no_press_for_a_phone(lamp: VirtualBoard, village: Village) -> None:
    village.light(lamp_id(lamp), [call(NEAR, "near")])
    lamp.wait_show("near")
    place = len(village.said)
    lamp.press("green")
    sleep(0.1)  # a finger
    lamp.release("green")
    village.wait("event", lambda said: b'"answer":"coming"' in said.payload, after=place)
    assert not any(b'"green":' in said.payload for said in village.said[place:])
