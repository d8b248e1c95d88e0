"""The line to the county: an expired certificate never silences a village, a wrong one never gets an alarm."""

import pytest

from tests.gateway.rig.certificates import Authority
from tests.gateway.rig.village import Rig


def test_an_expired_certificate_is_reported_and_alarms_go_up(rig: Rig) -> None:
    button = rig.device("butt7")
    rig.county.stop()
    rig.county.start(rig.authority.certificate("expired", days=-3))
    button.is_received(button.press())
    rig.gateway.says("the county's certificate expired on")


@pytest.mark.parametrize("wrong", ["another authority", "another name", "another authority's, expired"])
def test_a_certificate_that_is_not_the_countys_gets_nothing(rig: Rig, wrong: str) -> None:
    button = rig.device("butt7")
    rig.county.stop()
    if wrong == "another name":
        bad = rig.authority.certificate("elsewhere", host="127.0.0.2")
    else:
        bad = Authority(rig.folder, "stranger").certificate("bad", days=-3 if "expired" in wrong else 30)
    rig.county.start(bad)
    press = button.press()
    button.is_heard(press)
    rig.gateway.says("CERTIFICATE_VERIFY_FAILED")
    assert rig.county.store.items == []
    rig.county.stop()
    rig.county.start()
    button.is_received(press)
