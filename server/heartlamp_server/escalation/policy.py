"""What a policy is, and when it may be saved: whom to call at which silence, by area, matter and hour. Pure.

A policy names duties (the head of the group, the operator of the township), never people: who has the duty is asked
when it is compiled.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from heartlamp_protocol.device.names import WHATS
from heartlamp_protocol.escalation.plan import DAY_MIN, MILESTONES, STEPS_MAX

from heartlamp_server.responder.presence import STAFFING
from heartlamp_server.responder.scope import ROLES

WAKING = ("voice",)
"""Channels that wake somebody. A message and a push do not: they go along."""
MACHINES = ("siren", "speaker")
LEVELS = ("site", "group", "grid", "village", "township", "county", "city")
"""Of whose area the duty is, from the call upward."""
SILENT_LEVELS = ("township", "county", "city")


@dataclass(frozen=True, slots=True)
class Whom:
    """Who has the duty `role` at `level` of the place that calls; or one of MACHINES of its village, at level
    "village"."""

    role: str
    level: str


@dataclass(frozen=True, slots=True)
class PolicyStep:
    """From `after_s` on, unless `until` was reached; again every `again_s` (0: never), `times` times each (0: without
    end)."""

    after_s: int
    until: str
    whom: tuple[Whom, ...]
    again_s: int = 0
    times: int = 1


@dataclass(frozen=True, slots=True)
class EscalationPolicy:
    """`whats`: matters, () all; `from_min` until `to_min` of the day, may wrap; `lapse_s`: who is coming and has not
    arrived by then is not coming any more."""

    id: str
    whats: tuple[str, ...]
    from_min: int
    to_min: int
    lapse_s: int
    steps: tuple[PolicyStep, ...]


def one_three_five() -> tuple[PolicyStep, ...]:
    """The default: accepted within one minute, somebody coming within three, there within five."""
    group, grid, village = Whom("group_head", "group"), Whom("grid_worker", "grid"), Whom("operator", "village")
    township, county = Whom("operator", "township"), Whom("operator", "county")
    return (
        PolicyStep(0, "accepted", (Whom("siren", "village"), Whom("speaker", "village"))),
        PolicyStep(0, "accepted", (group, grid, Whom("family", "site")), 30, 4),
        PolicyStep(60, "accepted", (village, Whom("volunteer", "village")), 60, 3),
        PolicyStep(180, "coming", (township,), 60, 3),
        PolicyStep(300, "arrived", (county,), 120, 0),
    )


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a policy cannot be saved. `step`: counted from 1, 0 of the whole."""

    step: int
    zh: str
    en: str


def faults(policy: EscalationPolicy, staffed_always: frozenset[Whom]) -> list[Fault]:
    """() where it may be saved. `staffed_always`: duties that somebody has at every hour of every day."""
    return [*_of_the_whole(policy, staffed_always), *_of_the_steps(policy.steps)]


def _of_the_whole(policy: EscalationPolicy, staffed_always: frozenset[Whom]) -> Iterator[Fault]:
    if not policy.steps:
        yield Fault(0, "没有任何步骤", "it has no step")
        return
    if len(policy.steps) > STEPS_MAX:
        yield Fault(0, f"步骤超过 {STEPS_MAX} 个", f"more than {STEPS_MAX} steps")
    if not (0 <= policy.from_min <= DAY_MIN and 0 <= policy.to_min <= DAY_MIN) or policy.from_min == policy.to_min:
        yield Fault(0, "时段无效", "the hours are none")
    if policy.lapse_s < 60:
        yield Fault(0, "到场时限短于一分钟", "nobody arrives within less than a minute")
    if policy.steps[0].after_s:
        yield Fault(1, "第一步应立即开始", "the first step begins at once")
    if not any(persons(step) for step in policy.steps if not step.after_s):
        yield Fault(1, "一开始就要打给人，警报器和大喇叭不会应答", "people are called at once: a siren answers nobody")
    if unknown := [what for what in policy.whats if what not in WHATS]:
        yield Fault(0, f"没有这类警情：{'、'.join(unknown)}", f"a matter is one of {', '.join(WHATS)}")
    if "silent" in policy.whats:
        yield from _of_silent(policy)
    last = policy.steps[-1]
    if not any(whom in staffed_always for whom in last.whom):
        yield Fault(
            len(policy.steps), "最后一步须打给全天有人的岗位", "the last step is a post that is staffed day and night"
        )
    if not last.again_s or last.times:
        yield Fault(len(policy.steps), "最后一步须一直重复", "the last step is repeated without end")


def _of_silent(policy: EscalationPolicy) -> Iterator[Fault]:
    """Whom it names and who may not learn of a silent alarm is left out when one comes: nobody else may be missing."""
    if not any(discreet(whom) for step in policy.steps if not step.after_s for whom in step.whom):
        yield Fault(
            1,
            "静默报警时，一开始就要告知警察，或乡镇以上的值班员、指挥员",
            "of a silent alarm police, or operators or commanders of township, county or city, are told at once",
        )
    if policy.steps and not any(discreet(whom) for whom in policy.steps[-1].whom):
        yield Fault(
            len(policy.steps),
            "最后一步没有可以知道静默报警的人",
            "the last step has nobody who may learn of a silent alarm",
        )


def _of_the_steps(steps: Sequence[PolicyStep]) -> Iterator[Fault]:
    before = 0
    for n, step in enumerate(steps, 1):
        if step.after_s < before:
            yield Fault(n, "比前一步早", "it begins before the step above it")
        before = max(before, step.after_s)
        if step.until not in MILESTONES:
            yield Fault(n, "不知道何时结束", f"it ends at one of {', '.join(MILESTONES)}")
        if not step.whom:
            yield Fault(n, "没有呼叫对象", "it calls nobody")
        if len(set(step.whom)) < len(step.whom):
            yield Fault(n, "同一对象写了两次", "it names somebody twice")
        if any(whom.level not in LEVELS for whom in step.whom):
            yield Fault(n, "没有这一级", f"a level is one of {', '.join(LEVELS)}")
        if unknown := [w.role for w in step.whom if w.role not in ROLES and w.role not in MACHINES]:
            roles = ", ".join((*ROLES, *MACHINES))
            yield Fault(n, f"没有这个角色：{'、'.join(unknown)}", f"a role is one of {roles}")
        if any(w.role in MACHINES and w.level != "village" for w in step.whom):
            yield Fault(n, "警报器和大喇叭属于村（village）", "sirens and speakers are the village's: level village")
        if any((w.role == "family") != (w.level == "site") for w in step.whom):
            yield Fault(n, "亲属（family）属于住户（site）", "family, and nobody else, is at the level site")
        if step.again_s and step.again_s < 15:
            yield Fault(n, "重复间隔短于 15 秒", "who is called again within 15 s has not hung up yet")
        if step.times < 0 or step.again_s < 0 or step.after_s < 0:
            yield Fault(n, "出现负数", "a number below 0")
        if not step.times and not step.again_s:
            yield Fault(n, "无限次却没有间隔", "without end, but never again")


def persons(step: PolicyStep) -> tuple[Whom, ...]:
    """Who of it can answer."""
    return tuple(whom for whom in step.whom if whom.role not in MACHINES)


def discreet(whom: Whom) -> bool:
    """Whether who has this duty may learn of a silent alarm."""
    return whom.role == "police" or (whom.level in SILENT_LEVELS and whom.role in STAFFING)
