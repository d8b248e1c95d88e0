"""Which policy holds for a call, and the course that it makes of it with who is on duty now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

import psycopg
from heartlamp_protocol.escalation.decide import Course
from heartlamp_protocol.escalation.plan import Policy, Step

from heartlamp_server.escalation import duties, policies
from heartlamp_server.escalation.compile import course_of
from heartlamp_server.escalation.duties import Duties, Place
from heartlamp_server.escalation.policy import EscalationPolicy, discreet
from heartlamp_server.seal import Seal

Connection = psycopg.AsyncConnection[Any]

BEIJING = timezone(timedelta(hours=8))


def for_silent(policy: EscalationPolicy) -> EscalationPolicy | None:
    """What is left of it for a silent alarm: nobody of the village but police may learn of one, and no machine. None:
    it does not speak of silent alarms by name."""
    if "silent" not in policy.whats:
        return None
    steps = tuple(
        replace(step, whom=left) for step in policy.steps if (left := tuple(w for w in step.whom if discreet(w)))
    )
    return replace(policy, steps=steps) if steps else None


def chosen(found: list[EscalationPolicy], what: str, minute: int) -> EscalationPolicy | None:
    """The first that fits, the nearest before the general; what nobody speaks of goes by the default."""
    if what == "silent":
        found = [left for policy in found if (left := for_silent(policy))]
    else:
        found = [*found, policies.DEFAULT]
    return next((p for p in found if as_plan(p, ()).fits(what, "", minute)), None)


def as_plan(policy: EscalationPolicy, steps: tuple[Step, ...]) -> Policy:
    return Policy(policy.id, policy.whats, (), policy.from_min, policy.to_min, policy.lapse_s * 1000, steps)


def minute(now: datetime) -> int:
    local = now.astimezone(BEIJING)
    return local.hour * 60 + local.minute


@dataclass(frozen=True, slots=True)
class Call:
    """Of which a course is made. `place`: with its site; `version`: of its village's plan, 0 none."""

    place: Place
    what: str
    version: int = 0


async def course_at(conn: Connection, seal: Seal, call: Call, now: datetime) -> Course | None:
    """What holds for it now."""
    return (await courses_at(conn, seal, [call], now))[0]


async def courses_at(conn: Connection, seal: Seal, calls: Sequence[Call], now: datetime) -> list[Course | None]:
    """What holds for each of them now: policies, duties and numbers are asked once for all of them."""
    if not calls:
        return []
    kept = await policies.of(conn, sorted({area for call in calls for area in call.place.chain}))
    mine = [chosen(policies.along(kept, call.place.chain), call.what, minute(now)) for call in calls]
    duty = await duties.duties(conn, seal, dict.fromkeys(p for p in mine if p), [call.place for call in calls], now)
    return [_course(policy, call, duty) if policy else None for policy, call in zip(mine, calls, strict=True)]


async def course_by(conn: Connection, seal: Seal, call: Call, policy: EscalationPolicy, now: datetime) -> Course:
    """What this policy makes of it, with who has the duties at `now`."""
    return _course(policy, call, await duties.duties(conn, seal, [policy], [call.place], now))


def _course(policy: EscalationPolicy, call: Call, duty: Duties) -> Course:
    steps, targets = course_of(policy, call.place.group, duty.at(call.place.site), family=call.what != "silent")
    return Course(call.version, as_plan(policy, steps), targets)
