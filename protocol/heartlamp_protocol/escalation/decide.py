"""What the plan wants done now. Pure. Village and county both run it: each does its own steps, and those of the other
that it can do once the other has been away for TAKEOVER_MS."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.escalation.plan import (
    BY_VILLAGE,
    Plan,
    Policy,
    Reach,
    Step,
    Target,
    read_target,
    target_fields,
)
from heartlamp_protocol.fields import read_integer, read_objects

TAKEOVER_MS = 20_000
PERSONAL = ("voice", "sms", "push")  # channels to somebody who can answer


@dataclass(frozen=True, slots=True)
class Course:
    """What holds for one incident, whatever becomes of the plan meanwhile. `version`: of the plan that it is from."""

    version: int
    policy: Policy
    targets: tuple[Target, ...]

    def target(self, id: str) -> Target | None:
        return next((t for t in self.targets if t.id == id), None)

    def to_fields(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "policy": self.policy.to_fields(),
            "targets": [target_fields(t) for t in self.targets],
        }

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> "Course":
        policy = fields.get("policy")
        if not isinstance(policy, dict):
            raise FrameError("a course without a policy")
        targets = tuple(read_target(t) for t in read_objects(fields, "targets"))
        return cls(read_integer(fields, "version"), Policy.from_fields(policy), targets)


def course(plan: Plan, what: str, group: str, minute: int | None) -> Course | None:
    """For an incident that opens now. None: the plan has nothing for it."""
    policy = plan.policy(what, group, minute)
    if policy is None:
        return None
    called = {target for step in policy.steps for target in step.targets}
    return Course(plan.version, policy, tuple(t for t in plan.targets if t.id in called))


@dataclass(frozen=True, slots=True)
class State:
    """`reached`: the milestones that stand now, each for itself: a neighbour who is coming has accepted nothing;
    `cannot`: targets who said so; `mute`: to whom no way seems to lead, which are tried all the same; `done`: (step,
    target) -> (how often, ms since the incident was opened when it was last begun), by whichever side."""

    reached: frozenset[str] = frozenset()
    cannot: frozenset[str] = frozenset()
    mute: frozenset[str] = frozenset()
    done: Mapping[tuple[int, str], tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Due:
    """To be done now, once: `reaches` all at the same time."""

    step: int
    target: Target
    reaches: tuple[Reach, ...]


def decide(course: Course, state: State, now: int, me: str, other_away_ms: int) -> list[Due]:
    """`now`: ms since the incident was opened. `me`: one of plan.OWNERS; `other_away_ms`: since the other side was last
    heard of, 0 while it is there. What is due is due again until `done` says that it was begun."""
    found: list[Due] = []
    before: set[str] = set()  # who is called earlier; where none of them can come, the next are called at once
    for step in sorted(course.policy.steps, key=lambda s: (s.at_ms, s.n)):
        persons = {t for t in step.targets if _is_person(course, t)}
        if (now >= step.at_ms or (persons and before and before <= state.cannot | state.mute)) and not _is_over(
            step, state
        ):
            mine = step.owner == me or other_away_ms >= TAKEOVER_MS
            found += [due for t in step.targets if mine and (due := _due(course, state, step, t, now, me))]
        before |= persons
    return found


def next_at(course: Course, state: State, now: int, me: str, other_away_ms: int) -> int | None:
    """When time alone may make something due, ms since the incident was opened; None: never. Arguments of decide()."""
    times: list[int] = []
    for step in course.policy.steps:
        if _is_over(step, state):
            continue
        times.append(step.at_ms)
        if step.owner != me:
            times.append(now + TAKEOVER_MS - other_away_ms)
        for id in step.targets:
            often, at = state.done.get((step.n, id), (0, 0))
            if often and step.again_ms and (not step.times or often < step.times):
                times.append(at + step.again_ms)
    return min((t for t in times if t > now), default=None)


def _due(course: Course, state: State, step: Step, id: str, now: int, me: str) -> Due | None:
    target = course.target(id)
    if target is None or id in state.cannot:
        return None
    times, at = state.done.get((step.n, id), (0, 0))
    if times and (not step.again_ms or now - at < step.again_ms or (step.times and times >= step.times)):
        return None
    reaches = tuple(r for r in target.reaches if me == "county" or r.channel in BY_VILLAGE)
    return Due(step.n, target, reaches) if reaches else None


def _is_over(step: Step, state: State) -> bool:
    return step.until in state.reached or "closed" in state.reached


def _is_person(course: Course, id: str) -> bool:
    target = course.target(id)
    return target is not None and any(r.channel in PERSONAL for r in target.reaches)
