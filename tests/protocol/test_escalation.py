"""Who is called when nobody answers: the plan as data, and the rule that village and county both run."""

import json
from dataclasses import replace
from typing import Any

import pytest
from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.escalation.decide import TAKEOVER_MS, Course, Due, State, course, decide
from heartlamp_protocol.escalation.plan import DAY_MIN, Plan, Policy, Reach, Step, Target

HEAD = Target("head3", "三组户长", "zh", (Reach("voice", "+8613800000003"), Reach("sms", "+8613800000003")))
GRID = Target("grid1", "网格员", "zh", (Reach("voice", "+8613800000001"),))
OFFICE = Target("office", "村委会", "zh", (Reach("voice", "+8613800000002"),))
TOWN = Target("town", "镇综治中心", "zh", (Reach("voice", "+8613800000004"), Reach("push", "town")))
COUNTY = Target("county", "县指挥中心", "zh", (Reach("push", "county"),))
SIREN = Target("siren", "村口警报", "zh", (Reach("siren", ""),))
PEOPLE = (HEAD, GRID, OFFICE, TOWN, COUNTY, SIREN)
STEPS = (
    Step(1, "village", 0, "accepted", ("siren", "head3", "grid1"), again_ms=20_000, times=3),
    Step(2, "village", 60_000, "accepted", ("office",)),
    Step(3, "county", 180_000, "coming", ("town",)),
    Step(4, "county", 300_000, "arrived", ("county",), again_ms=60_000, times=0),
)
DAY = Policy("day", (), (), 0, DAY_MIN, 300_000, STEPS)
NIGHT = Policy("night-panic", ("panic",), (), 22 * 60, 6 * 60, 300_000, STEPS[1:])
PLAN = Plan(7, 480, PEOPLE, (NIGHT, DAY))
COURSE = Course(7, DAY, PEOPLE)


def called(state: State, now: int, me: str = "village", away: int = 0) -> list[tuple[int, str]]:
    return [(due.step, due.target.id) for due in decide(COURSE, state, now, me, away)]


def begun(*keys: tuple[int, str], at: int = 0) -> dict[tuple[int, str], tuple[int, int]]:
    return dict.fromkeys(keys, (1, at))


FIRST = [(1, "siren"), (1, "head3"), (1, "grid1")]


def test_at_once_the_village_calls_its_own() -> None:
    assert called(State(), 0) == FIRST
    assert decide(COURSE, State(), 0, "village", 0)[1] == Due(1, HEAD, HEAD.reaches)


def test_what_was_begun_is_not_begun_again_until_its_time() -> None:
    done = begun(*FIRST)
    assert called(State(done=done), 19_999) == []
    assert called(State(done=done), 20_000) == FIRST
    assert called(State(done=dict.fromkeys(FIRST, (3, 40_000))), 59_999) == []


def test_nobody_accepts_within_a_minute() -> None:
    done = dict.fromkeys(FIRST, (3, 40_000))
    assert called(State(done=done), 60_000) == [(2, "office")]
    assert called(State(frozenset({"accepted"}), done=done), 60_000) == []


def test_a_neighbour_who_is_coming_does_not_end_the_calls_to_those_on_duty() -> None:
    neighbour = State(frozenset({"coming"}))
    assert called(neighbour, 60_000) == [*FIRST, (2, "office")]
    assert called(neighbour, 400_000, "county") == [(4, "county")]


def test_closed_ends_all() -> None:
    assert (
        called(State(frozenset({"closed"})), 400_000) == called(State(frozenset({"closed"})), 400_000, "county") == []
    )


def test_who_cannot_is_not_called_again_and_the_next_are_called_at_once() -> None:
    cannot = State(cannot=frozenset({"head3"}), done=begun(*FIRST))
    assert called(cannot, 5_000) == []
    assert called(cannot, 20_000) == [(1, "siren"), (1, "grid1")]
    nobody = replace(cannot, cannot=frozenset({"head3", "grid1"}))
    assert called(nobody, 5_000) == [(2, "office")]
    assert called(replace(nobody, cannot=nobody.cannot | {"office"}), 5_000, "county") == [(3, "town")]


def test_who_is_coming_and_lapses_is_followed_by_the_next_at_once() -> None:
    done = begun(*FIRST, (2, "office"))
    assert called(State(frozenset({"accepted", "coming"}), done=done), 200_000, "county") == []
    assert called(State(frozenset({"accepted"}), done=done), 200_000, "county") == [(3, "town")]


def test_the_last_step_is_repeated_without_end() -> None:
    later = State(done=begun((3, "town"), at=180_000) | {(4, "county"): (50, 3_300_000)})
    assert called(later, 3_360_000, "county") == [(4, "county")]


def test_the_counties_steps_pass_to_a_village_that_hears_nothing_of_it() -> None:
    done = begun(*FIRST, (2, "office"))
    over = State(frozenset({"accepted"}), done=done)
    assert called(over, 300_000, away=TAKEOVER_MS - 1) == []
    assert called(over, 300_000, away=TAKEOVER_MS) == [(3, "town")]  # the county's own screen it cannot reach
    assert decide(COURSE, over, 300_000, "village", TAKEOVER_MS)[0].reaches == TOWN.reaches[:1]


def test_the_villages_steps_pass_to_the_county_likewise() -> None:
    assert called(State(), 0, "county", TAKEOVER_MS) == FIRST


def test_the_first_policy_that_fits_counts() -> None:
    assert PLAN.policy("panic", "三组", 23 * 60) == NIGHT
    assert PLAN.policy("panic", "三组", 5 * 60 + 59) == NIGHT
    assert PLAN.policy("panic", "三组", 6 * 60) == DAY
    assert PLAN.policy("fire", "三组", 23 * 60) == DAY
    assert PLAN.policy("panic", "三组", None) == DAY  # nobody knows what time it is
    found = course(PLAN, "panic", "三组", 23 * 60)
    assert found is not None
    assert [t.id for t in found.targets] == ["office", "town", "county"]
    assert course(replace(PLAN, policies=()), "panic", "三组", 0) is None


def test_a_plan_and_a_course_come_back_as_they_went() -> None:
    assert Plan.from_json(PLAN.to_json()) == PLAN
    assert Course.from_fields(json.loads(json.dumps(COURSE.to_fields()))) == COURSE


@pytest.mark.parametrize(
    ("where", "name", "value", "what"),
    [
        ("step", "until", "soon", "until one of accepted"), ("step", "owner", "mayor", "village or county"),
        ("step", "targets", ["nobody"], "nobody, which is no target"), ("step", "at_ms", -1, "at_ms"),
        ("step", "n", 2, "same number"), ("policy", "lapse_ms", 0, "lapse_ms"), ("policy", "whats", "fire", "whats"),
        ("target", "reaches", [{"channel": "smoke", "address": ""}], "a channel is one of"),
        ("target", "id", "grid1", "same id"), ("plan", "version", None, "version"), ("plan", "targets", {}, "targets"),
    ],
)  # fmt: skip
def test_a_wrong_plan_is_refused_by_its_field(where: str, name: str, value: object, what: str) -> None:
    fields: dict[str, Any] = json.loads(PLAN.to_json())
    policy = fields["policies"][1]
    {"plan": fields, "policy": policy, "step": policy["steps"][0], "target": fields["targets"][0]}[where][name] = value
    with pytest.raises(FrameError, match=what):
        Plan.from_json(json.dumps(fields).encode())
