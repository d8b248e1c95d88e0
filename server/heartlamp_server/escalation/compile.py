"""From policies and duties to the plan that a village is handed, and to the course of one incident. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from heartlamp_protocol.escalation.plan import Plan, Policy, Reach, Step, Target

from heartlamp_server.escalation.policy import MACHINES, WAKING, EscalationPolicy, Whom

COUNTYS = 500
"""Added to the number of a policy's step where the county alone does a part of it."""


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Somebody who has a duty now. `id`: of the person; `name`: as lamps and timelines may show it; `reaches`: best
    first; `proven`: a call to them was answered within 30 days."""

    id: str
    name: str
    lang: str
    reaches: tuple[Reach, ...]
    proven: bool = True


@dataclass(frozen=True, slots=True)
class Gap:
    """A step that calls nobody, or somebody who may never wake."""

    group: str
    policy: str
    step: int
    whom: Whom
    zh: str
    en: str


Duty = Callable[[Whom, str], Sequence[OnDuty]]
"""(duty, household group) -> who has it now, in the order of calling."""


def village_plan(policies: Sequence[EscalationPolicy], groups: Sequence[str], duty: Duty, utc_offset_min: int) -> Plan:
    """What a village is handed, without a version. `policies`: the special before the general. A silent alarm has none:
    of it the village learns nothing. Groups whose people are the same share one policy."""
    shared: dict[tuple[str, tuple[Step, ...]], tuple[EscalationPolicy, list[str]]] = {}
    targets: dict[str, Target] = {}
    for policy in policies:
        whats = tuple(what for what in policy.whats if what != "silent")
        if policy.whats and not whats:
            continue
        for group in groups:
            steps, called = course_of(policy, group, duty, family=False)
            targets |= {target.id: target for target in called}
            shared.setdefault((policy.id, steps), (replace(policy, whats=whats), []))[1].append(group)
    made = []
    for (_, steps), (policy, of) in shared.items():
        everywhere = set(of) == set(groups)
        made.append(
            Policy(
                policy.id if everywhere else f"{policy.id}@{of[0]}"[:60],
                policy.whats,
                () if everywhere else tuple(of),
                policy.from_min,
                policy.to_min,
                policy.lapse_s * 1000,
                steps,
            )
        )
    return Plan(0, utc_offset_min, tuple(targets.values()), tuple(made))


def course_of(
    policy: EscalationPolicy, group: str, duty: Duty, family: bool
) -> tuple[tuple[Step, ...], tuple[Target, ...]]:
    """(steps, whom they call) for a call from this group. `family`: with those whom the household chose, which the
    county alone knows. Where nobody has a duty, the next are called when these would have been."""
    steps: list[Step] = []
    targets: dict[str, Target] = {}
    early: int | None = None
    for n, step in enumerate(policy.steps, 1):
        at = step.after_s if early is None else early
        found = {whom: _targets(whom, group, duty) for whom in step.whom if family or whom.level != "site"}
        people = [t for whom, those in found.items() if whom.role not in MACHINES for t in those]
        early = at if not people and any(whom.role not in MACHINES for whom in found) else None
        for owner, number in (("village", n), ("county", COUNTYS + n)):
            mine = tuple(dict.fromkeys(t.id for whom, those in found.items() if _owner(whom) == owner for t in those))
            if mine:
                targets |= {t.id: t for those in found.values() for t in those if t.id in mine}
                steps.append(Step(number, owner, at * 1000, step.until, mine, step.again_s * 1000, step.times))
    return tuple(steps), tuple(targets.values())


def gaps(policies: Iterable[EscalationPolicy], groups: Sequence[str], duty: Duty) -> list[Gap]:
    """Where a plan would call nobody, or nobody who is proven to wake."""
    found = []
    for policy in policies:
        for group in groups:
            for n, step in enumerate(policy.steps, 1):
                found += [gap for whom in step.whom if (gap := _gap(policy, n, whom, group, duty))]
    return found


def _gap(policy: EscalationPolicy, n: int, whom: Whom, group: str, duty: Duty) -> Gap | None:
    if whom.role in MACHINES or whom.level == "site":
        return None
    people = duty(whom, group)
    if not people:
        return Gap(group, policy.id, n, whom, "无人值班", "nobody has this duty")
    if not any(p.proven and any(r.channel in WAKING for r in p.reaches) for p in people):
        return Gap(group, policy.id, n, whom, "30 天内没有接通过测试电话", "no call to them was answered in 30 days")
    return None


def _targets(whom: Whom, group: str, duty: Duty) -> list[Target]:
    if whom.role in MACHINES:
        return [Target(whom.role, "村口警报" if whom.role == "siren" else "大喇叭", "zh", (Reach(whom.role, ""),))]
    return [Target(p.id, p.name, p.lang, p.reaches) for p in duty(whom, group) if p.reaches]


def _owner(whom: Whom) -> str:
    return "village" if whom.level in ("group", "grid", "village") else "county"
