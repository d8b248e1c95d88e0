"""What nobody can have meant by a plan is said before a village gets it."""

from dataclasses import replace

import pytest
from heartlamp_protocol.escalation.check import faults
from heartlamp_protocol.escalation.plan import Plan, Reach, Target

from tests.protocol.test_escalation import PLAN

GROUPS = {group for policy in PLAN.policies for group in policy.groups}
POLICY = PLAN.policies[-1]
STEP = POLICY.steps[0]


def test_a_plan_that_somebody_meant_has_no_fault() -> None:
    assert faults(PLAN, GROUPS) == []


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (replace(PLAN, policies=()), "nobody is ever called"),
        (replace(PLAN, policies=(replace(POLICY, whats=("panick",)),)), "'panick' is no kind of alarm"),
        (replace(PLAN, policies=(replace(POLICY, whats=("silent",)),)), "the village learns nothing"),
        (replace(PLAN, policies=(replace(POLICY, groups=("三组",)),)), "'三组' is no household group"),
        (replace(PLAN, policies=(replace(POLICY, steps=()),)), "it has no step"),
        (replace(PLAN, policies=(replace(POLICY, from_min=480, to_min=480),)), "never holds"),
        (replace(PLAN, policies=(replace(POLICY, steps=(replace(STEP, targets=()),)),)), "it calls nobody"),
        (replace(PLAN, policies=(replace(POLICY, steps=(replace(STEP, again_ms=1, times=0),)),)), "hung up"),
        (replace(PLAN, policies=(replace(POLICY, steps=(replace(STEP, again_ms=0, times=0),)),)), "without end"),
        (replace(PLAN, targets=(*PLAN.targets, Target("x", "户长", "zh", ()))), "no way leads to it"),
        (replace(PLAN, targets=(*PLAN.targets, Target("x", "户长", "zh", (Reach("voice", "abc"),)))), "'abc' is no"),
    ],
)
def test_what_nobody_can_have_meant_is_said(plan: Plan, said: str) -> None:
    found = faults(plan, GROUPS)
    assert len(found) == 1
    assert said in found[0]
