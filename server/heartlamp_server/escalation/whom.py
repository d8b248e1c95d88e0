"""Whom an operator calls about an incident, with their numbers: first those whom the policy names, in its order, then
who has a duty nearby. Of a silent alarm only who may learn of one."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import psycopg

from heartlamp_server.escalation import duties, policies
from heartlamp_server.escalation.choose import chosen, for_silent, minute
from heartlamp_server.escalation.duties import target_id
from heartlamp_server.escalation.policy import MACHINES, EscalationPolicy, PolicyStep, Whom
from heartlamp_server.incident.model import Incident
from heartlamp_server.responder import session
from heartlamp_server.seal import Seal

Connection = psycopg.AsyncConnection[Any]

NEARBY = tuple(
    Whom(role, level)
    for role, level in (
        ("group_head", "group"),
        ("grid_worker", "grid"),
        ("grid_worker", "village"),
        ("volunteer", "group"),
        ("volunteer", "village"),
        ("operator", "village"),
        ("grid_worker", "township"),
        ("volunteer", "township"),
        ("police", "township"),
        ("operator", "township"),
        ("police", "county"),
        ("operator", "county"),
    )
)
"""Who may be sent though no policy names them, the nearest first."""
_AROUND = EscalationPolicy("nearby", ("panic", "silent"), 0, 1440, 600, (PolicyStep(0, "closed", NEARBY),))


@dataclass(frozen=True, slots=True)
class Callee:
    """`after_s`: since the press, when the policy calls them, None: it does not; `until`: what ends that; `numbers`:
    (E.164, whether it answered a test call within 30 days), best first; `staffed`: is at a screen now; `calls`: how
    often something went out to them for this."""

    name: str
    role: str
    level: str
    after_s: int | None
    until: str
    numbers: tuple[tuple[str, bool], ...]
    staffed: bool
    calls: int


async def whom(conn: Connection, seal: Seal, incident: Incident, now: datetime) -> tuple[str, list[Callee]]:
    """(the policy's id, "" where none speaks of it; whom to call)."""
    row = await (await conn.execute("SELECT area FROM site WHERE id = %s", (incident.site,))).fetchone()
    assert row is not None
    place = await duties.place(conn, row[0], incident.site)
    policy = chosen(await policies.that_hold(conn, place.chain), incident.what, minute(now))
    around = for_silent(_AROUND) if incident.what == "silent" else _AROUND
    asked = [p for p in (policy, around) if p is not None]
    duty = await duties.duties(conn, seal, asked, [place], now)
    there = {target_id(p.name) for found in (await session.staffed(conn)).values() for p in found}
    calls = await _calls(conn, incident.id)
    found: dict[str, Callee] = {}
    for of in asked:
        for step in of.steps:
            for w in step.whom:
                if w.role in MACHINES or (w.role == "family" and incident.what == "silent"):
                    continue
                for person in duty.at(place.site)(w, place.group):
                    numbers = tuple((r.address, person.proven) for r in person.reaches if r.channel == "voice")
                    callee = Callee(
                        person.name, w.role, w.level, step.after_s, step.until, numbers, person.id in there,
                        calls.get(person.id, 0),
                    )  # fmt: skip
                    found.setdefault(person.id, callee if of is policy else replace(callee, after_s=None, until=""))
    return policy.id if policy else "", list(found.values())


async def _calls(conn: Connection, incident: str) -> dict[str, int]:
    """target -> how often something went out to them: what the engine asked for may not have been sent."""
    cursor = await conn.execute(
        "SELECT target, count(*) FROM notification WHERE incident = %s AND sent_at IS NOT NULL GROUP BY 1", (incident,)
    )
    return dict(await cursor.fetchall())
