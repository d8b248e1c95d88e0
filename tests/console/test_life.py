"""What the desk offers at each stage is what the county's table allows there."""

import json

from heartlamp_server.incident.handover import NEXT
from heartlamp_server.incident.life import TABLE

from tests.console.browse import ROOT

NAMED = {"accepted": "accept", "closed": "close"}
LIFE = ROOT / "server/console/src/incident/life.json"
HANDING = ROOT / "server/console/src/incident/handing.json"


def test_the_desks_copy_of_the_table_is_the_table() -> None:
    for act, stages in json.loads(LIFE.read_text()).items():
        rule = TABLE[NAMED.get(act, act)]
        assert "operator" in rule.by, act
        assert stages == list(rule.stages), act


def test_no_act_of_an_operator_is_left_out() -> None:
    offered = {NAMED.get(act, act) for act in json.loads(LIFE.read_text())}
    elsewhere = {"cannot", "press"}  # who cannot go says so, here it is withdrawn; a press comes from who reports again
    assert {act for act, rule in TABLE.items() if "operator" in rule.by} - offered == elsewhere


def test_the_desks_copy_of_what_follows_in_a_hand_over_is_the_countys() -> None:
    assert {state: tuple(then) for state, then in json.loads(HANDING.read_text()).items()} == NEXT
