"""Policies: when one may be saved, what a village is handed of it, and who would be called when."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from heartlamp_protocol.escalation.decide import Course, State, course, decide
from heartlamp_protocol.escalation.plan import DAY_MIN, Plan, Reach
from heartlamp_server.escalation import policies
from heartlamp_server.escalation.compile import COUNTYS, Duty, OnDuty, course_of, gaps, village_plan
from heartlamp_server.escalation.policy import EscalationPolicy, PolicyStep, Whom, faults, one_three_five
from heartlamp_server.escalation.simulate import calls
from hypothesis import given
from hypothesis import strategies as st

COUNTY = Whom("operator", "county")
DEFAULT = EscalationPolicy("135", (), 0, DAY_MIN, 600, one_three_five())
PEOPLE = {
    ("group_head", "group"): "户长",
    ("grid_worker", "grid"): "网格员",
    ("operator", "village"): "村值班员",
    ("operator", "township"): "镇值班员",
    ("operator", "county"): "县值班员",
    ("family", "site"): "家人",
}
GROUPS = ("g1", "g2", "g3")


def somebody(whom: Whom, group: str) -> Sequence[OnDuty]:
    """One for each duty, each group with a head of its own."""
    name = PEOPLE.get((whom.role, whom.level))
    if name is None:
        return ()
    own = group if whom.level in ("group", "site") else "all"
    id = f"{whom.role.replace('_', '-')}-{whom.level}-{own}"
    return (OnDuty(id, name, "zh", (Reach("voice", "+8613800000001"),)),)


def nobody_at(*levels: str) -> Duty:
    return lambda whom, group: () if whom.level in levels else somebody(whom, group)


def course_for(group: str, duty: Duty = somebody, family: bool = True) -> Course:
    steps, targets = course_of(DEFAULT, group, duty, family)
    (policy,) = village_plan([replace(DEFAULT, steps=DEFAULT.steps)], [group], duty, 480).policies
    return Course(1, replace(policy, steps=steps), targets)


def test_the_default_is_fit_to_be_saved() -> None:
    assert faults(DEFAULT, frozenset({COUNTY})) == []


STEP = one_three_five()


@pytest.mark.parametrize(
    ("steps", "zh"),
    [
        ((), "没有任何步骤"),
        ((STEP[0], STEP[-1]), "一开始就要打给人"),
        ((replace(STEP[1], after_s=10), STEP[-1]), "第一步应立即开始"),
        (STEP[:-1], "最后一步须打给全天有人的岗位"),
        ((*STEP[:-1], replace(STEP[-1], times=3)), "最后一步须一直重复"),
        ((*STEP[:-1], replace(STEP[-1], again_s=0)), "最后一步须一直重复"),
        ((STEP[1], replace(STEP[2], after_s=70), replace(STEP[3], after_s=65), STEP[-1]), "比前一步早"),
        ((STEP[1], replace(STEP[2], until="told"), STEP[-1]), "不知道何时结束"),
        ((STEP[1], replace(STEP[2], whom=()), STEP[-1]), "没有呼叫对象"),
        ((STEP[1], replace(STEP[2], whom=(COUNTY, COUNTY)), STEP[-1]), "同一对象写了两次"),
        ((STEP[1], replace(STEP[2], whom=(Whom("operator", "moon"),)), STEP[-1]), "没有这一级"),
        ((STEP[1], replace(STEP[2], again_s=5), STEP[-1]), "重复间隔短于 15 秒"),
        ((STEP[1], replace(STEP[2], times=0, again_s=0), STEP[-1]), "无限次却没有间隔"),
        ((STEP[1],) * 41, "步骤超过"),
        ((STEP[1], replace(STEP[2], whom=(Whom("groop_head", "group"),)), STEP[-1]), "没有这个角色：groop_head"),
        ((STEP[1], replace(STEP[2], whom=(Whom("siren", "county"),)), STEP[-1]), "警报器和大喇叭属于村"),
        ((STEP[1], replace(STEP[2], whom=(Whom("family", "group"),)), STEP[-1]), "亲属"),
        ((STEP[1], replace(STEP[2], whom=(Whom("operator", "site"),)), STEP[-1]), "亲属"),
    ],
)
def test_what_may_not_be_saved(steps: tuple[PolicyStep, ...], zh: str) -> None:
    found = faults(replace(DEFAULT, steps=steps), frozenset({COUNTY}))
    assert any(zh in fault.zh for fault in found), found
    assert all(fault.en for fault in found)


def test_a_matter_that_there_is_not_is_refused() -> None:
    found = faults(replace(DEFAULT, whats=("panik",)), frozenset({COUNTY}))
    assert [fault.zh for fault in found] == ["没有这类警情：panik"]


POLICE = Whom("police", "county")


@pytest.mark.parametrize(
    ("first", "last", "at"),
    [
        ((Whom("group_head", "group"),), (COUNTY,), [1]),  # who may not learn of it is nobody
        ((Whom("operator", "village"), POLICE), (COUNTY,), []),
        ((COUNTY,), (Whom("operator", "village"),), [2]),
    ],
)
def test_of_a_silent_alarm_somebody_who_may_learn_of_it_is_told_at_once_and_at_the_last(
    first: tuple[Whom, ...], last: tuple[Whom, ...], at: list[int]
) -> None:
    steps = PolicyStep(0, "accepted", first), PolicyStep(60, "accepted", last, 30, 0)
    quiet = replace(DEFAULT, whats=("silent",), steps=steps)
    assert [fault.step for fault in faults(quiet, frozenset(last))] == at


def test_a_word_that_is_mistyped_is_no_policy() -> None:
    fields = policies.to_fields(DEFAULT)
    assert policies.written(fields | {"place": 1, "area": "x"}) == DEFAULT
    fields["steps"][-1]["agian_s"] = 30
    with pytest.raises(policies.Malformed, match="agian_s"):
        policies.written(fields)
    with pytest.raises(policies.Malformed, match="'steps' is missing"):
        policies.written({"id": "a"})
    with pytest.raises(policies.Malformed, match="an id is of"):
        policies.written(policies.to_fields(DEFAULT) | {"id": ""})


def test_a_post_that_is_not_always_staffed_cannot_be_the_last() -> None:
    assert [fault.step for fault in faults(DEFAULT, frozenset())] == [len(DEFAULT.steps)]


def test_one_three_five_if_nobody_answers() -> None:
    told = calls(course_for("g1"), 420)
    first = {name: next(c.at_s for c in told if c.name == name) for name in PEOPLE.values()}
    assert first == {"户长": 0, "网格员": 0, "家人": 0, "村值班员": 60, "镇值班员": 180, "县值班员": 300}
    assert [c.at_s for c in told if c.name == "户长"] == [0, 30, 60, 90]
    assert [c.at_s for c in told if c.name == "县值班员"] == [300, 420]


def test_who_cannot_is_not_waited_for() -> None:
    told = calls(course_for("g1"), 200, frozenset({"group-head-group-g1", "grid-worker-grid-all", "family-site-g1"}))
    assert next(c.at_s for c in told if c.name == "村值班员") == 0


def test_a_level_where_nobody_is_is_passed_over_at_once() -> None:
    told = calls(course_for("g1", nobody_at("village")), 400)
    assert next(c.at_s for c in told if c.name == "镇值班员") == 60
    assert next(c.at_s for c in told if c.name == "县值班员") == 300, "only what was empty is passed over"


def test_the_village_does_its_own_and_the_county_the_rest() -> None:
    found = course_for("g1")
    owners = {c.name: c.owner for c in calls(found, 400)}
    assert owners["户长"] == owners["网格员"] == owners["村值班员"] == "village"
    assert owners["家人"] == owners["镇值班员"] == owners["县值班员"] == "county"
    assert {s.n for s in found.policy.steps if s.owner == "county"} >= {COUNTYS + 2, COUNTYS + 4, COUNTYS + 5}


def test_a_village_is_handed_no_family_and_nothing_of_silent_alarms() -> None:
    silent = replace(DEFAULT, id="quiet", whats=("silent",))
    plan = village_plan([silent, DEFAULT], GROUPS, somebody, 480)
    assert not any("family" in target.id for target in plan.targets)
    assert not any(policy.id.startswith("quiet") for policy in plan.policies)


def test_groups_share_a_policy_where_their_people_are_the_same() -> None:
    def same(whom: Whom, group: str) -> Sequence[OnDuty]:
        return somebody(whom, "g1" if group in ("g1", "g2") else group)

    plan = village_plan([DEFAULT], GROUPS, same, 480)
    assert [policy.groups for policy in plan.policies] == [("g1", "g2"), ("g3",)]
    assert Plan.from_json(plan.to_json()) == plan
    (everywhere,) = village_plan([DEFAULT], ("g1", "g2"), same, 480).policies
    assert everywhere.groups == ()


def test_gaps_are_told() -> None:
    def unproven(whom: Whom, group: str) -> Sequence[OnDuty]:
        return [replace(p, proven=whom.level != "township") for p in nobody_at("grid")(whom, group)]

    found = gaps([DEFAULT], ("g1",), unproven)
    assert {(gap.whom.level, gap.zh) for gap in found} == {
        ("grid", "无人值班"),
        ("village", "无人值班"),  # its volunteers
        ("township", "30 天内没有接通过测试电话"),
    }


LEVELS_GONE = st.sets(st.sampled_from(["group", "grid", "village", "township"]))


@given(LEVELS_GONE)
def test_whatever_is_missing_somebody_is_called_at_once_and_the_last_without_end(gone: set[str]) -> None:
    told = calls(course_for("g1", nobody_at(*gone), family=False), 1200)
    people = [c for c in told if c.name not in ("村口警报", "大喇叭")]
    assert people[0].at_s == 0
    assert sum(c.name == "县值班员" for c in people) >= 8
    assert [c.at_s for c in told] == sorted(c.at_s for c in told)


def test_village_and_county_follow_the_same_steps() -> None:
    plan = replace(village_plan([DEFAULT], GROUPS, somebody, 480), version=7)
    villages = course(plan, "panic", "g2", 600)
    assert villages is not None
    countys = course_for("g2", family=False)
    assert villages.policy.steps == countys.policy.steps
    for now in (0, 60_000, 180_000, 300_000):
        assert decide(villages, State(), now, "village", 0) == decide(countys, State(), now, "village", 0)
