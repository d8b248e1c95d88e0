"""The village's first answer by the county's plan: the real gateway, its county and devices."""

from dataclasses import replace

from heartlamp_protocol.escalation.plan import DAY_MIN, Plan, Policy, Reach, Step, Target

from tests.gateway.rig.village import Rig
from tests.gateway.rig.waiting import until

SIREN = Target("siren", "村口警报", "zh", (Reach("siren", ""),))
GRID = Target("grid1", "网格员", "zh", (Reach("voice", "+8613800000001"),))
TOWN = Target("town", "镇综治中心", "zh", (Reach("sms", "+8613800000004"),))
STEPS = (
    Step(1, "village", 0, "accepted", ("siren", "grid1")),
    Step(2, "village", 600_000, "accepted", ("town",)),
)
PLAN = Plan(3, 480, (SIREN, GRID, TOWN), (Policy("day", (), (), 0, DAY_MIN, 300_000, STEPS),))


def planned(rig: Rig) -> None:
    rig.county.plan_is(PLAN)
    rig.gateway.says("plan version 3: 1 policies, 3 targets")


def test_the_plan_is_followed_with_the_county_away_and_the_county_learns_what_was_done(rig: Rig) -> None:
    planned(rig)
    rig.county.stop()
    button = rig.device("butt7")
    press = button.press("panic")
    button.is_heard(press)
    rig.county.start()
    assert rig.county.noted("step", "3/1/siren/siren/0 failed 村口警报 · this box has no siren") == press
    # Who cannot be reached is passed over: the next are called at once.
    assert rig.county.noted("step", "3/2/town/sms/0 failed 镇综治中心 · this box has no sms") == press


def started_anew(rig: Rig, times: int) -> None:
    rig.gateway.kill()
    rig.gateway.start()
    until("a session", lambda: rig.gateway.said("gateway-alarms: session with the broker") == times + 1)


def test_a_plan_outlives_a_kill_and_a_step_is_done_once(rig: Rig) -> None:
    planned(rig)
    rig.county.plan = replace(PLAN, policies=())  # were it fetched again, nothing would be done
    started_anew(rig, 1)
    press = rig.device("butt7").press("fire")
    subject = "3/1/grid1/voice/0 failed 网格员 · this box has no voice"
    assert rig.county.noted("step", subject) == press
    started_anew(rig, 2)
    again = rig.device("lamp9").press("fire")
    rig.county.has(again)
    told = [n[2] for n in rig.county.store.notes.values() if n[0] == press and n[1] == "step"]
    assert sorted(told) == sorted(set(told))


def test_a_silent_alarm_begins_nothing(rig: Rig) -> None:
    planned(rig)
    silent = rig.device("hush7").press("silent")
    loud = rig.device("butt7").press("panic")
    rig.county.noted("step", "3/1/siren/siren/0 failed 村口警报 · this box has no siren")
    assert {n[0] for n in rig.county.store.notes.values() if n[1] == "step"} == {loud}
    assert silent in rig.county.store.events
