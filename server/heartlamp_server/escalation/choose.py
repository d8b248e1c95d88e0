"""Which policy holds for a call, and the course that it makes of it with who is on duty now."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import psycopg
from heartlamp_protocol.escalation.decide import Course
from heartlamp_protocol.escalation.plan import Policy, Step

from heartlamp_server.escalation import duties, policies
from heartlamp_server.escalation.compile import course_of
from heartlamp_server.escalation.duties import Place
from heartlamp_server.escalation.memo import Memo
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


async def course_at(
    conn: Connection, seal: Seal, place: Place, what: str, version: int, now: datetime, memo: Memo | None = None
) -> Course | None:
    """What holds for a call from there now."""
    memo = memo or Memo()
    found = await memo.once(("policies", place.chain), lambda: policies.that_hold(conn, place.chain))
    policy = chosen(found, what, minute(now))
    return await course_by(conn, seal, place, policy, what, version, now, memo) if policy else None


async def course_by(
    conn: Connection,
    seal: Seal,
    place: Place,
    policy: EscalationPolicy,
    what: str,
    version: int,
    now: datetime,
    memo: Memo | None = None,
) -> Course:
    """What this policy makes of a call from there, with who has the duties at `now`."""
    duty = await duties.duties(conn, seal, [policy], [place], now, memo)
    steps, targets = course_of(policy, place.group, duty, family=what != "silent")
    return Course(version, as_plan(policy, steps), targets)
