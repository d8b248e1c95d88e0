"""How an ESP32 dials a modem (hal/esp32/modem.py), on MicroPython against stand-ins for UART and PPP."""

from typing import Any

import pytest

from tests.firmware.conftest import on_device

DIAL = ["AT", "ATE0", "AT+CPIN?", 'AT+CGDCONT=1,"IP","cmiot"', "ATD*99#"]


@pytest.fixture(scope="module")
def dialled() -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = on_device("modem_dials.py")
    return told


def test_it_dials_once_and_stays_joined(dialled: list[dict[str, Any]]) -> None:
    assert dialled[0] == {"said": DIAL, "came": "joined", "ppp": [["active 1", "connect 0 None"]], "key": None}


def test_a_modem_that_sleeps_is_woken_by_its_key_and_the_contracts_name_is_used(dialled: list[dict[str, Any]]) -> None:
    woken = dialled[1]
    assert (woken["came"], woken["key"]) == ("joined", [1, 0])
    assert woken["said"][-5:] == DIAL
    assert woken["ppp"] == [["active 1", "connect 2 u"]]


def test_what_went_wrong_is_said(dialled: list[dict[str, Any]]) -> None:
    assert [one["came"] for one in dialled[2:]] == [
        "the modem does not answer",
        "the modem refused AT+CPIN?",
        "the modem dialled, and got no address",
    ]
    assert dialled[4]["ppp"] == [["active 1", "connect 0 None", "disconnect", "active 0"]], "hung up, to dial anew"
