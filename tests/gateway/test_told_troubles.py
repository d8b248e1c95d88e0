"""What is wrong with outputs and with the county reaches whoever can mend it: the county, `status`, the village."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from heartlamp_gateway.rules.health import ABSENT, FAULT, OK, WARN
from heartlamp_gateway.supervision import outputs, plan
from heartlamp_gateway.supervision.box import Box
from heartlamp_protocol.escalation.plan import NO_PLAN, Plan, Step

from tests.gateway.faults.villages import planned, village
from tests.gateway.rig.village import Rig
from tests.gateway.rig.waiting import until

NO_BUS = '[modem]\nbus = "unix:path=/nowhere/bus"\n'
NO_SIREN = '[siren]\nchip = "/dev/gpiochip-that-is-not-there"\nline = 17\n'


def told(rig: Rig) -> dict[str, str]:
    """What the running gateway left for `status`: code -> English."""
    try:
        return {each["code"]: each["en"] for each in json.loads((rig.data / "troubles.json").read_text())}
    except FileNotFoundError:
        return {}


def status(config: Path) -> str:
    command = [sys.executable, "-m", "heartlamp_gateway", "status", "--config", str(config)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.prove
def test_the_county_is_told_of_a_broken_modem_and_siren_and_that_they_are_gone() -> None:
    with village(f"[supervision]\nlook_s = 1\n{NO_BUS}{NO_SIREN}") as rig:
        for part in ("voice", "sms", "siren"):
            rig.county.noted("trouble", f"box fault {part}", 20)
        until("`status` knows", lambda: {"voice", "sms", "siren"} <= told(rig).keys(), 20)
        assert "! siren            siren: The siren's line cannot be had" in status(rig.config)
        rig.gateway.end()
        rig.config.write_text(rig.config.read_text().replace(NO_SIREN, ""))
        rig.gateway.start()

        def restored() -> list[str]:
            return [note[2] for note in rig.county.store.notes.values() if note[1] == "restored"]

        rig.county.board.wait("no siren, no trouble", lambda: [s for s in restored() if s.endswith("siren")], 20)
        assert [subject for subject in restored() if not subject.endswith("siren")] == []


@pytest.mark.prove
def test_a_village_without_a_plan_is_not_well() -> None:
    with village(f"[supervision]\nlook_s = 1\n{NO_SIREN}") as rig:

        def doctor() -> str:
            command = [sys.executable, "-m", "heartlamp_gateway", "doctor", "--config", str(rig.config)]
            return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout

        until("it is told", lambda: "plan" in told(rig), 25)
        assert "! plan             This village has no plan" in status(rig.config)
        assert "✗ plan         This village has no plan" in doctor()
        assert "heartlamp-server plan load gwliu1" in doctor()
        planned(rig, Step(1, "village", 0, "accepted", ("all",)))
        until("it is over", lambda: "plan" not in told(rig), 25)
        assert "plan               version 3: 1 policies, 2 targets" in status(rig.config)
        assert "! plan" not in status(rig.config)
        assert "✓ plan         version 3: 1 policies, 2 targets" in doctor()


def test_a_box_that_can_only_light_lamps_needs_no_plan() -> None:
    assert plan.judge(NO_PLAN, has_outputs=False).state == ABSENT
    assert plan.judge(NO_PLAN, has_outputs=True).state == WARN
    empty = Plan(7, 480, (), ())  # the county may hand down an empty one
    assert plan.judge(empty, has_outputs=True).state == WARN


@pytest.mark.prove
def test_a_county_that_refuses_us_is_said_with_what_to_do(rig: Rig) -> None:
    until("all is well", lambda: (rig.data / "troubles.json").exists(), 20)
    rig.county.stop()
    rig.county.refuse_token = True
    rig.county.start()
    until("it refuses us", lambda: "refused" in told(rig), 30)
    said = next(line for line in status(rig.config).splitlines() if line.startswith("! refused"))
    assert "setup --again" in said
    assert "goes up later" not in said


def test_an_ending_card_and_a_loudspeaker_that_fails_are_told_once_they_last_ten_minutes() -> None:
    now = [0]
    warned = ["SIM 卡套餐 2027-01-01 到期，还有 3 天。 The SIM card's plan ends on 2027-01-01, in 3 days."]
    box = Box(
        {
            "card": lambda: outputs.card(warned),
            "speakers": lambda: outputs.speakers("", {"北坡": "坏了。 It broke."}),
            "voice": lambda: outputs.channel("voice", ""),
        },
        lambda seconds: True,
        clock=lambda: now[0],
    )
    box.look()
    assert box.lasting()[0] == []
    now[0] = 600_000
    box.look()
    assert {(h.name, h.state) for h in box.lasting()[0]} == {("card", WARN), ("speakers", WARN)}
    warned.clear()
    box.look()
    lasts, seen = box.lasting({"card", "modem of before"})
    assert [h.name for h in lasts] == ["speakers"]
    assert {"card", "modem of before"} <= seen  # over: the one is well, the other is not here any more


def test_a_modem_that_takes_its_time_to_come_up_is_no_trouble() -> None:
    now, why = [0], ["正在启动。 It is starting."]
    box = Box(
        {"voice": lambda: outputs.channel("voice", why[0])},
        lambda seconds: True,
        clock=lambda: now[0],
        each_s=60.0,
        slow=("voice",),
    )
    box.look()
    assert [h.name for h in box.healths() if h.state == FAULT] == ["voice"]  # the page has it at once
    assert box.lasting()[0] == []
    now[0] = 60_000
    box.look()
    assert [h.name for h in box.lasting()[0]] == ["voice"]
    why[0] = ""
    box.look()
    assert box.lasting({"voice"}) == ([], frozenset({"voice"}))


def test_a_loudspeakers_trouble_is_said_once() -> None:
    assert outputs.speakers("all of them", {"北坡": "坏了。 It broke."}).state == OK  # the channel says it
    assert outputs.channel("speaker", "一个都不响：北坡：坏了。 None of them works: 北坡: It broke.").zh == (
        "大喇叭：一个都不响：北坡：坏了。"
    )
    broke = outputs.channel("siren", "division by zero")
    assert (broke.state, broke.zh) == (FAULT, "警报器：检查时出错，详情见 heartlamp-gateway doctor。")
