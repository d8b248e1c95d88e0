"""Calls, through the real D-Bus to a service that answers as ModemManager does. The far telephone is the test's."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from heartlamp_gateway.outputs.adapter import Report
from heartlamp_gateway.outputs.modem import call as rule
from heartlamp_gateway.outputs.modem import speech, trouble
from heartlamp_gateway.outputs.modem.config import Audio

from tests.gateway.modem.rig import HEAD, Box, Doing, order
from tests.gateway.rig.waiting import until

CONNECTION = "org.freedesktop.ModemManager1.Error.Connection."
EQUIPMENT = "org.freedesktop.ModemManager1.Error.MobileEquipment."


def hurried(box: Box) -> None:
    """For stories in which nobody does anything in time; the others have time enough on any machine."""
    box.make(replace(box.config, ring_s=2.0, answer_s=1.0))


def answered(box: Box, calling: Doing) -> str:
    """It rings and somebody takes it."""
    call = box.call()
    box.state(call, 2)
    calling.says("rang")
    box.state(call, 4)
    calling.says("answered")
    return call


def test_the_head_takes_the_call_presses_1_and_is_coming(box: Box) -> None:
    calling = Doing(box.voice, order())
    box.press(answered(box, calling), "1")
    assert calling.end() == Report("coming")
    assert calling.states == ["rang", "answered"]
    assert box.seen() == [["Start", HEAD], ["Hangup", HEAD]]
    assert box.there() == {}


def test_the_head_presses_a_wrong_key_and_then_2(box: Box) -> None:
    calling = Doing(box.voice, order())
    call = answered(box, calling)
    box.press(call, "5")
    box.press(call, "2")
    assert calling.end() == Report("cannot")
    assert ["Hangup", HEAD] in box.seen()


def test_a_machine_answers_and_that_is_no_answer(box: Box) -> None:
    hurried(box)
    calling = Doing(box.voice, order())
    answered(box, calling)
    assert calling.end() == Report("voicemail", rule.NO_KEY)
    assert ["Hangup", HEAD] in box.seen()


def test_somebody_answers_and_hangs_up_without_a_key(box: Box) -> None:
    calling = Doing(box.voice, order())
    box.state(answered(box, calling), 7, 0)
    assert calling.end() == Report("voicemail", rule.HUNG_UP)
    assert ["Hangup", HEAD] not in box.seen()
    assert box.there() == {}


def test_the_line_is_busy(box: Box) -> None:
    box.far(Start=[CONNECTION + "Busy", "Busy"])
    assert Doing(box.voice, order()).end() == Report("busy")
    assert box.there() == {}


def test_the_call_is_refused_while_it_rings(box: Box) -> None:
    calling = Doing(box.voice, order())
    call = box.call()
    box.state(call, 2)
    calling.says("rang")
    box.state(call, 7, 5)
    assert calling.end() == Report("busy")


def test_nobody_takes_it(box: Box) -> None:
    hurried(box)
    calling = Doing(box.voice, order())
    box.state(box.call(), 2)
    assert calling.end() == Report("unanswered", rule.RANG_OUT)
    assert ["Hangup", HEAD] in box.seen()


@pytest.mark.parametrize("error", ["NoCarrier", "NoAnswer", "NoDialtone"])
def test_the_telephone_is_switched_off(box: Box, error: str) -> None:
    box.far(Start=[CONNECTION + error, "so it says"])
    assert Doing(box.voice, order()).end() == Report("unanswered", rule.AWAY)


def test_a_start_that_never_returns_holds_nothing_up(box: Box) -> None:
    """A modem may answer Start only when somebody has taken the call, after up to 90 s."""
    box.far(Start="hang")
    calling = Doing(box.voice, order())
    box.press(answered(box, calling), "1")
    assert calling.end() == Report("coming")


def test_a_modem_that_cannot_see_the_far_end_does_not_say_that_somebody_answered(box: Box) -> None:
    hurried(box)
    calling = Doing(box.voice, order())
    box.state(box.call(), 4, 1)  # active, for the reason that it was dialled
    assert calling.end() == Report("unanswered", rule.BLIND)
    assert calling.states == []


def test_on_such_a_modem_a_key_is_an_answer(box: Box) -> None:
    calling = Doing(box.voice, order())
    call = box.call()
    box.state(call, 4, 1)
    box.press(call, "1")
    assert calling.end() == Report("coming")
    assert calling.states == ["answered"]


def test_its_time_is_over_while_it_rings(box: Box) -> None:
    box.make(replace(box.config, ring_s=90.0))
    box.voice.deadline_s = 11.0  # hung up 10 s before, because the runner gives it up then and nobody would
    calling = Doing(box.voice, order())
    box.state(box.call(), 2)
    assert calling.end() == Report("failed", rule.TOO_LONG)
    assert ["Hangup", HEAD] in box.seen()


def test_a_call_that_is_not_wanted_any_more_is_hung_up(box: Box) -> None:
    calling = Doing(box.voice, order())
    box.state(box.call(), 2)
    calling.says("rang")
    box.wanted = False
    assert calling.end() == Report("failed", rule.UNWANTED)
    assert ["Hangup", HEAD] in box.seen()


def test_who_has_taken_it_is_heard_out_though_nobody_needs_them_any_more(box: Box) -> None:
    calling = Doing(box.voice, order())
    call = answered(box, calling)
    box.wanted = False
    box.press(call, "5")  # at which it looks again
    box.press(call, "2")
    assert calling.end() == Report("cannot")


def test_the_modem_is_pulled_out_in_the_middle_of_a_call_and_the_next_call_finds_it_again(box: Box) -> None:
    calling = Doing(box.voice, order())
    answered(box, calling)
    before = box.modem
    box.replug()
    assert calling.end() == Report("failed", trouble.VANISHED)
    assert box.modem != before
    calling = Doing(box.voice, order())
    box.press(answered(box, calling), "1")
    assert calling.end() == Report("coming")


def test_modem_manager_dies_in_the_middle_of_a_call(box: Box) -> None:
    calling = Doing(box.voice, order())
    answered(box, calling)
    box.service.kill()
    assert calling.end() == Report("failed", trouble.LEFT)
    assert box.voice.health() == trouble.NO_SERVICE


def test_the_bus_dies_in_the_middle_of_a_call_and_comes_back(box: Box) -> None:
    calling = Doing(box.voice, order())
    answered(box, calling)
    box.bus.kill()
    assert calling.end() == Report("failed", trouble.LEFT)
    assert box.voice.health() == trouble.NO_BUS
    box.service.kill()
    box.start()
    assert box.voice.health() == ""


def test_two_orders_are_called_one_after_the_other(box: Box) -> None:
    first = Doing(box.voice, order(address="13800000001", key="a"))
    one = answered(box, first)
    second = Doing(box.voice, order(address="13800000002", key="b"))
    until("the second waits", lambda: box.turn.length == 2)
    assert ["Start", "13800000002"] not in box.seen()
    box.press(one, "2")
    assert first.end() == Report("cannot")
    box.press(answered(box, second), "1")
    assert second.end() == Report("coming")


def test_a_call_left_over_by_a_gateway_that_was_killed_is_hung_up_first(box: Box) -> None:
    Doing(box.voice, order(address="13800000001"))
    box.call()
    box.make()  # the new gateway knows nothing of it
    calling = Doing(box.voice, order())
    until("the old one hung up", lambda: ["Hangup", "13800000001"] in box.seen())
    until("the new one", lambda: ["Start", HEAD] in box.seen())
    box.press(answered(box, calling), "1")
    assert calling.end() == Report("coming")


def test_an_operator_that_bars_calls_is_told_of_until_one_goes_out(box: Box) -> None:
    box.far(Start=[EQUIPMENT + "CallBarred", "Call barred"])
    assert Doing(box.voice, order()).end() == Report("failed", trouble.BARRED)
    assert box.voice.health() == trouble.BARRED
    calling = Doing(box.voice, order())
    box.press(answered(box, calling), "1")
    calling.end()
    assert box.voice.health() == ""


def test_what_is_no_number_is_told(box: Box) -> None:
    ended = Doing(box.voice, order(address="村口")).end()
    assert ended.state == "failed"
    assert "村口" in ended.why


def test_a_silent_alarm_calls_nobody(box: Box) -> None:
    assert Doing(box.voice, order(what="silent")).end() == Report("failed", trouble.SILENT)
    assert box.seen() == []


def player(folder: Path) -> tuple[tuple[str, ...], Path]:
    """What stands for the modem's sound card: writes down what it is given, and plays for as long as it takes."""
    program, played = folder / "player", folder / "played"
    program.write_text(f'#!/bin/sh\necho "$@" >> {played}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    played.touch()
    return (str(program),), played


def test_who_answers_is_told_where_and_which_keys_again_and_again(box: Box) -> None:
    prompts = box.folder / "prompts"
    for clip in ("zh/drill", "zh-wenzhou/calls-for-help", "zh/calls-for-help", "zh/places/三组7号", "zh/call-keys"):
        (prompts / clip).parent.mkdir(parents=True, exist_ok=True)
        (prompts / f"{clip}.wav").touch()
    program, played = player(box.folder)
    box.make(replace(box.config, audio=Audio("hw:modem", prompts)), program)
    calling = Doing(box.voice, order(lang="zh-wenzhou", drill=1))
    call = box.call()
    box.state(call, 2)
    calling.says("rang")
    assert played.read_text() == ""
    box.state(call, 4)
    until("a second round", lambda: played.read_text().count("\n") >= 2)
    said = played.read_text().splitlines()[0].replace(f"{prompts}/", "")
    assert said == "zh/drill.wav zh/places/三组7号.wav zh-wenzhou/calls-for-help.wav zh/call-keys.wav"
    box.press(call, "1")
    assert calling.end() == Report("coming")
    assert box.voice.health() == ""


def test_a_place_is_said_by_its_numbers_where_nobody_recorded_it_whole() -> None:
    there = {f"zh/{clip}.wav" for clip in ("3", "7", "group", "house", "fire", "call-keys")}
    said = speech.clips(order(what="fire"), there.__contains__)
    assert [path.removeprefix("zh/").removesuffix(".wav") for path in said] == [
        "3",
        "group",
        "7",
        "house",
        "fire",
        "call-keys",
    ]
    assert speech.clips(order(place="四组 7号"), there.__contains__) == ("zh/call-keys.wav",)  # never half an address


def test_a_drill_that_cannot_say_so_is_said_by_the_sms_alone() -> None:
    assert speech.clips(order(drill=1), lambda path: "drill" not in path) == ()
    assert speech.clips(order(drill=1), lambda path: True)[0] == "zh/drill.wav"


def test_a_sound_card_that_fails_leaves_a_call_that_rings(box: Box) -> None:
    box.make(replace(box.config, audio=Audio("hw:modem", box.folder)), ("/nowhere/aplay",))
    assert "aplay" in box.voice.health()
    calling = Doing(box.voice, order())
    box.press(answered(box, calling), "1")
    assert calling.end() == Report("coming")
