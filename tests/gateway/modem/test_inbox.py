"""What comes to the modem: answers, rubbish, calls; and that it is heard again after whatever went away."""

import threading

import pytest
from heartlamp_gateway.outputs.modem.sim import MEGABYTE

from tests.gateway.modem.rig import HEAD, Box, Doing, order
from tests.gateway.rig.waiting import until

HEAD_E164 = "+86" + HEAD


@pytest.mark.parametrize(
    ("number", "text", "answer"),
    [(HEAD_E164, "1", "coming"), (HEAD, "２", "cannot"), ("8613800000007", "2 去不了", "cannot")],
)
def test_an_answer_is_handed_on_and_deleted(box: Box, number: str, text: str, answer: str) -> None:
    box.start_inbox()
    box.receives(number, text)
    until("the answer", lambda: box.answers)
    assert box.answers == [(HEAD_E164, answer, text)]
    until("an empty store", lambda: not box.there())


def test_an_advertisement_is_deleted_and_answers_nothing(box: Box) -> None:
    box.start_inbox()
    box.receives("10086", "您的套餐还剩 1 天，回复 1 续订，去不了营业厅也能办")
    until("an empty store", lambda: not box.there())
    box.receives(HEAD, "1")
    until("the answer after it", lambda: box.answers)
    assert [text for _, _, text in box.answers] == ["1"]


def test_an_answer_in_two_parts_is_read_when_it_is_whole(box: Box) -> None:
    box.start_inbox()
    path = box.tell("Arrive", "oisuu", box.modem, 1, HEAD, 0, 0)
    box.tell("Write", "oosb", box.modem, path, "1 我去，", False)
    box.receives("10086", "广告")  # proves that the inbox has looked since
    until("the other message's end", lambda: list(box.there()) == [path])
    assert box.answers == []
    box.tell("Write", "oosb", box.modem, path, "1 我去，不过孩子在家，可能不行", True)
    until("the answer", lambda: box.answers)
    assert box.answers[0][1] == "cannot"


def test_what_came_while_the_gateway_was_away_is_read_when_it_starts(box: Box) -> None:
    box.receives(HEAD, "1")
    box.start_inbox()
    until("the answer", lambda: box.answers)


def test_a_message_that_nobody_foresaw_does_not_keep_others_from_being_read(box: Box) -> None:
    strange = box.tell("Arrive", "oisuu", box.modem, 3, HEAD, 0, 0)
    box.tell("Write", "oosb", box.modem, strange, "", True)
    box.tell("Spoil", "os", strange, "DeliveryState")
    box.receives(HEAD, "1")
    box.start_inbox()
    until("the answer", lambda: box.answers)
    until("its end", lambda: list(box.there()) == [strange])


def test_who_changed_their_mind_while_the_gateway_was_away_is_heard_in_that_order(box: Box) -> None:
    box.receives(HEAD, "1")
    box.receives(HEAD, "2")
    box.start_inbox()
    until("both", lambda: len(box.answers) == 2)
    assert [answer for _, answer, _ in box.answers] == ["coming", "cannot"]


def test_a_message_that_the_modem_does_not_let_go_of_is_an_answer_once(box: Box) -> None:
    box.far(Delete=["org.freedesktop.ModemManager1.Error.Core.Failed", "memory failure"])
    box.start_inbox()
    box.receives(HEAD, "1")
    until("the answer", lambda: box.answers)
    box.receives(HEAD, "2")
    until("an empty store at the second try", lambda: not box.there())
    assert [answer for _, answer, _ in box.answers] == ["coming", "cannot"]


def test_an_answer_that_could_not_be_handed_on_stays_in_the_modem(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread's end is the gateway's, which is started again and finds it."""
    ended = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda args: ended.set())

    def disk_is_full(number: str, answer: str, text: str) -> None:
        raise OSError("no space left")

    box.start_inbox(disk_is_full)
    box.receives(HEAD, "1")
    assert ended.wait(8)
    assert len(box.there()) == 1


def test_who_calls_the_box_is_hung_up(box: Box) -> None:
    box.start_inbox()
    box.tell("RingIn", "os", box.modem, HEAD)
    until("hung up", lambda: ["Hangup", HEAD] in box.seen() and not box.there())


def test_a_call_that_nobody_owns_any_more_is_ended_when_the_gateway_starts(box: Box) -> None:
    Doing(box.voice, order())
    box.call()
    box.make()
    box.start_inbox()
    until("hung up", lambda: ["Hangup", HEAD] in box.seen())


def test_our_own_call_is_left_alone(box: Box) -> None:
    box.start_inbox()
    calling = Doing(box.voice, order())
    call = box.call()
    box.receives(HEAD, "1")
    until("the inbox has looked", lambda: box.answers)
    assert ["Hangup", HEAD] not in box.seen()
    box.press(call, "1")
    assert calling.end().state == "coming"


def test_it_is_found_after_a_replug(box: Box) -> None:
    box.start_inbox()
    before = box.modem
    box.replug()
    assert box.modem != before
    box.receives(HEAD, "1")
    until("the answer", lambda: box.answers)


def test_a_modem_that_is_off_is_switched_on(box: Box) -> None:
    box.start_inbox()
    box.replug(**{"org.freedesktop.ModemManager1.Modem": {"State": 3}})
    until("on", lambda: ["Enable", True] in box.seen())
    assert box.sms.health() == ""


def test_modem_manager_and_the_bus_may_die_and_come_back(box: Box) -> None:
    box.start_inbox()
    box.receives(HEAD, "1")
    until("the first answer", lambda: len(box.answers) == 1)
    box.service.kill()
    box.start_service()
    box.modem = box.tell("Plug", "s", "{}")
    box.receives(HEAD, "2")
    until("the second answer", lambda: len(box.answers) == 2)
    box.bus.kill()
    box.service.kill()
    box.start()
    box.receives(HEAD, "1")
    until("the third answer", lambda: len(box.answers) == 3, seconds=12.0)


def test_the_months_megabytes_are_counted_and_outlive_the_process_and_the_modem(box: Box) -> None:
    box.start_inbox()
    box.tell("Carry", "t", 85 * MEGABYTE)
    box.receives("10086", "广告")  # makes it look
    written = box.folder / "usage.json"  # with nothing, if the first look came before the reading
    until("counted and written", lambda: written.exists() and str(85 * MEGABYTE) in written.read_text())
    box.make()
    assert box.usage.octets() == 85 * MEGABYTE
    box.start_inbox()
    box.receives("10086", "广告")
    until("looked", lambda: not box.there())
    assert box.usage.octets() == 85 * MEGABYTE  # the same connection, read again
    box.replug()
    box.receives("10086", "广告")
    until("the new modem is met, and the old one forgotten", lambda: not box.there())
    box.tell("Carry", "t", 86 * MEGABYTE)  # over the new modem's own connection
    for _ in range(8):  # it may have looked when the new modem had no connection yet; each message makes it look
        box.receives("10086", "广告")
        until("looked", lambda: not box.there())
        if box.usage.octets() == (85 + 86) * MEGABYTE:
            break
    assert box.usage.octets() == (85 + 86) * MEGABYTE
