"""Short messages, sent through the real D-Bus to a service that answers as ModemManager does."""

from dataclasses import replace

from heartlamp_gateway.outputs.adapter import Report
from heartlamp_gateway.outputs.modem import sms, trouble

from tests.gateway.modem.rig import HEAD, Box, Doing, order
from tests.gateway.rig.waiting import until

MESSAGE = "org.freedesktop.ModemManager1.Error.Message."
REPORT = 3  # a PDU type


def test_the_head_is_written_to_and_the_network_says_that_it_is_delivered(box: Box) -> None:
    box.start_inbox()
    sending = Doing(box.sms, order("sms"))
    sending.says("sent")
    box.receives("+86" + HEAD, "", REPORT, reference=1)
    assert sending.end() == Report("done")
    assert sending.states == ["sent", "delivered"]
    assert ["Send", HEAD, "心灯报警：三组 7号 求助！能去回1，不能去回2。", True] in box.seen()
    until("an empty store", lambda: not box.there())


def test_a_number_that_does_not_exist_is_told_by_the_delivery_report(box: Box) -> None:
    box.start_inbox()
    sending = Doing(box.sms, order("sms"))
    sending.says("sent")
    box.receives("+86" + HEAD, "", REPORT, reference=1, delivery=0x30)  # goes on trying
    box.receives("+86" + HEAD, "", REPORT, reference=1, delivery=0x43)
    ended = sending.end()
    assert (ended.state, ended.why.split()[0]) == ("failed", "号码不存在或停机")
    assert sending.states == ["sent"]


def test_a_telephone_that_is_off_holds_up_nobody_and_its_report_counts_when_it_is_on_again(box: Box) -> None:
    box.make(replace(box.config, delivery_s=0.2))
    box.start_inbox()
    sending = Doing(box.sms, order("sms"))
    assert sending.end() == Report("done", sms.NO_REPORT)
    assert sending.states == ["sent"]
    box.receives(HEAD, "", REPORT, reference=1)
    sending.says("delivered")


def test_the_network_does_not_take_it(box: Box) -> None:
    box.far(Send=[MESSAGE + "NetworkTimeout", "Network timeout"])
    assert Doing(box.sms, order("sms")).end() == Report("failed", trouble.NO_NETWORK)
    assert box.there() == {}


def test_a_refusal_that_nobody_knows_is_told_in_the_modems_words(box: Box) -> None:
    box.far(Send=[MESSAGE + "Unknown", "+CMS ERROR: 38"])
    ended = Doing(box.sms, order("sms")).end()
    assert "+CMS ERROR: 38" in ended.why


def test_a_card_without_credit_is_told_of_until_a_message_goes_out(box: Box) -> None:
    box.make(replace(box.config, delivery_s=0.1))
    box.far(Send=[MESSAGE + "NotAllowed", "Operation not allowed"])
    assert Doing(box.sms, order("sms")).end() == Report("failed", trouble.BARRED)
    assert box.sms.health() == trouble.BARRED
    assert Doing(box.sms, order("sms")).end().state == "done"
    assert box.sms.health() == ""


def test_a_message_goes_out_during_a_call(box: Box) -> None:
    box.make(replace(box.config, delivery_s=0.1))
    calling = Doing(box.voice, order())
    call = box.call()
    assert Doing(box.sms, order("sms", address="13800000008")).end().state == "done"
    assert calling.states == []
    box.press(call, "2")
    assert calling.end() == Report("cannot")


def test_a_silent_alarm_is_written_to_nobody(box: Box) -> None:
    assert Doing(box.sms, order("sms", what="silent")).end() == Report("failed", trouble.SILENT)
    assert box.seen() == []
