"""What is wrong is found by trying, and said with what to do."""

import time
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from heartlamp_gateway.outputs.adapter import Report
from heartlamp_gateway.outputs.modem import trouble
from heartlamp_gateway.outputs.modem.bus import CALL_S

from tests.gateway.modem.rig import Box, Doing, order

MODEM = "org.freedesktop.ModemManager1.Modem"
MODEM_3GPP = MODEM + ".Modem3gpp"


def test_a_modem_that_works(box: Box) -> None:
    assert (box.voice.health(), box.sms.health()) == ("", "")
    assert [line for line in box.seen() if line[0] in ("Send", "Start")] == []
    assert box.there() == {}


def test_no_bus(box: Box) -> None:
    box.bus.kill()
    assert (box.voice.health(), box.sms.health()) == (trouble.NO_BUS, trouble.NO_BUS)


def test_modem_manager_does_not_run(box: Box) -> None:
    box.service.kill()
    assert (box.voice.health(), box.sms.health()) == (trouble.NO_SERVICE, trouble.NO_SERVICE)


def test_modem_manager_hangs_and_an_order_fails_in_seconds(box: Box) -> None:
    box.hang()
    began = time.monotonic()
    sending = Doing(box.sms, order("sms"))
    assert box.voice.health() == trouble.NO_ANSWER
    assert sending.end() == Report("failed", trouble.NO_ANSWER)
    assert time.monotonic() - began < CALL_S + 3


def test_no_modem(box: Box) -> None:
    box.tell("Unplug", "o", box.modem)
    assert (box.voice.health(), box.sms.health()) == (trouble.NO_MODEM, trouble.NO_MODEM)


def test_another_modem_than_the_one_that_is_meant(box: Box) -> None:
    box.make(replace(box.config, imei="867000000000002"))
    assert "867000000000002" in box.voice.health()
    box.replug(**{MODEM: {"EquipmentIdentifier": "867000000000002"}})
    assert box.voice.health() == ""


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({MODEM: {"State": -1, "StateFailedReason": 2}}, trouble.NO_SIM),
        ({MODEM: {"State": -1, "StateFailedReason": 3}}, trouble.BAD_SIM),
        ({MODEM: {"State": -1, "StateFailedReason": 1}}, trouble.BROKEN),
        ({MODEM: {"State": 2, "UnlockRequired": 2}}, trouble.PIN),
        ({MODEM: {"State": 2, "UnlockRequired": 4}}, trouble.PUK),
        ({MODEM: {"State": 1}}, trouble.STARTING),
        ({MODEM: {"State": 3}}, trouble.OFF),
        ({MODEM: {"State": 7}, MODEM_3GPP: {"RegistrationState": 2}}, trouble.NO_NETWORK),
        ({MODEM: {"State": 7}, MODEM_3GPP: {"RegistrationState": 3}}, trouble.DENIED),
    ],
    ids=["no card", "bad card", "broken", "PIN", "PUK", "starting", "off", "no network", "card refused"],
)
def test_what_the_modem_lacks(box: Box, fields: dict[str, Any], words: str) -> None:
    box.replug(**fields)
    assert (box.voice.health(), box.sms.health()) == (words, words)


def test_a_modem_for_data_only(box: Box) -> None:
    box.replug(without=[MODEM + ".Voice", MODEM + ".Messaging"])
    assert (box.voice.health(), box.sms.health()) == (trouble.NO_VOICE, trouble.NO_SMS)
    assert Doing(box.voice, order()).end().why == trouble.NO_VOICE


def test_a_box_that_may_not_use_the_modem(box: Box) -> None:
    refused = ["org.freedesktop.ModemManager1.Error.Core.Unauthorized", "PolicyKit authorization failed"]
    box.far(Create=refused, CreateCall=refused)
    assert (box.voice.health(), box.sms.health()) == (trouble.NOT_ALLOWED, trouble.NOT_ALLOWED)


def test_it_can_be_asked_while_a_call_is_on(box: Box) -> None:
    calling = Doing(box.voice, order())
    call = box.call()
    assert (box.voice.health(), box.sms.health()) == ("", "")
    box.press(call, "1")
    assert calling.end().state == "coming"


def test_the_record_of_the_card_is_no_part_of_it(box: Box) -> None:
    """A plan that has ended is a warning; whether the network still serves the card is what it says."""
    assert box.usage.warnings(date(2026, 11, 22)) == []
