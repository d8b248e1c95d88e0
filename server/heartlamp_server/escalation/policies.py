"""Policies as rows and as JSON. What is changed is a new version; an older one is kept with its end."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from heartlamp_protocol.escalation.plan import DAY_MIN

from heartlamp_server.escalation.policy import EscalationPolicy, PolicyStep, Whom, one_three_five

Connection = psycopg.AsyncConnection[Any]

DEFAULT = EscalationPolicy("135", ("panic", "fire", "gas", "flood", "slope"), 0, DAY_MIN, 600, one_three_five())
"""Holds wherever no policy speaks of a matter, so that no call for help is nobody's. Of a silent alarm nobody is told
whom no policy names."""


@dataclass(frozen=True, slots=True)
class Kept:
    """`area` None: everywhere here; `place`: the lower stands before the higher within one area."""

    policy: EscalationPolicy
    version: int
    area: int | None
    place: int
    made_by: str
    made_at: datetime


class Malformed(ValueError):
    """What is read is no policy; for who wrote it."""


def to_fields(policy: EscalationPolicy) -> dict[str, Any]:
    return {
        "id": policy.id,
        "whats": list(policy.whats),
        "from_min": policy.from_min,
        "to_min": policy.to_min,
        "lapse_s": policy.lapse_s,
        "steps": _steps(policy.steps),
    }


def from_fields(fields: Mapping[str, Any]) -> EscalationPolicy:
    """The inverse; what may be left out: whats (all), from_min and to_min (always), lapse_s, again_s, times. Raises
    Malformed."""
    try:
        steps = tuple(
            PolicyStep(
                int(s["after_s"]),
                str(s["until"]),
                tuple(Whom(str(w["role"]), str(w["level"])) for w in s["whom"]),
                int(s.get("again_s", 0)),
                int(s.get("times", 1)),
            )
            for s in fields["steps"]
        )
        whats = tuple(map(str, fields.get("whats", ())))
        from_min, to_min = int(fields.get("from_min", 0)), int(fields.get("to_min", DAY_MIN))
        return EscalationPolicy(str(fields["id"]), whats, from_min, to_min, int(fields.get("lapse_s", 600)), steps)
    except KeyError as missing:
        raise Malformed(f"this is no policy: {missing} is missing") from missing
    except (TypeError, ValueError, AttributeError) as wrong:
        raise Malformed(f"this is no policy: {wrong}") from wrong


ID = "[a-z0-9-]{1,40}"
_WORDS = {"id", "area", "place", "whats", "from_min", "to_min", "lapse_s", "steps"}
_STEP_WORDS = {"after_s", "until", "whom", "again_s", "times"}


def written(fields: Any) -> EscalationPolicy:
    """As somebody typed it. A word that is not known is refused, not passed over: `agian_s` would be a step that calls
    once. Raises Malformed."""
    if not isinstance(fields, dict):
        raise Malformed("what begins with [[policy]] is a policy")
    policy = from_fields(fields)
    if not re.fullmatch(ID, policy.id):
        raise Malformed(f"an id is of 1 to 40 of a-z, 0-9 and -, not {policy.id!r}")
    unknown = set(fields) - _WORDS | {word for step in fields["steps"] for word in set(step) - _STEP_WORDS}
    if unknown:
        raise Malformed(f"{policy.id}: not known here: {', '.join(sorted(unknown))}")
    return policy


def _steps(steps: Sequence[PolicyStep]) -> list[dict[str, Any]]:
    return [
        {
            "after_s": s.after_s,
            "until": s.until,
            "whom": [{"role": w.role, "level": w.level} for w in s.whom],
            "again_s": s.again_s,
            "times": s.times,
        }
        for s in steps
    ]


_NOW = "SELECT id, whats, from_min, to_min, lapse_s, steps, version, area, place, made_by, made_at FROM \
escalation_policy p WHERE ended_at IS NULL"


async def that_hold(conn: Connection, areas: Sequence[int]) -> list[EscalationPolicy]:
    """Of these areas, the first ones' before, and then those that hold everywhere here."""
    return along(await of(conn, areas), areas)


async def of(conn: Connection, areas: Sequence[int]) -> list[Kept]:
    """Those of these areas, and those that hold everywhere here."""
    cursor = await conn.execute(f"{_NOW} AND (area IS NULL OR area = ANY(%s)) ORDER BY place, id", (list(areas),))
    return [_kept(row) for row in await cursor.fetchall()]


def along(found: Sequence[Kept], chain: Sequence[int]) -> list[EscalationPolicy]:
    """Those of them that hold along these areas, as `that_hold` has them."""
    nearest = {area: n for n, area in reversed(list(enumerate(chain)))}
    mine = [one for one in found if one.area is None or one.area in nearest]
    return [one.policy for one in sorted(mine, key=lambda one: len(chain) if one.area is None else nearest[one.area])]


async def all_now(conn: Connection) -> list[Kept]:
    cursor = await conn.execute(f"{_NOW} ORDER BY area NULLS LAST, place, id")
    return [_kept(row) for row in await cursor.fetchall()]


async def ever_spoke(conn: Connection, areas: Sequence[int]) -> bool:
    """Whether a policy holds or held for one of these areas, or everywhere."""
    cursor = await conn.execute(
        "SELECT EXISTS (SELECT FROM escalation_policy WHERE area IS NULL OR area = ANY(%s))", (list(areas),)
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def end(conn: Connection, id: str) -> int | None:
    """The version that held until now; None: none did. In a transaction."""
    cursor = await conn.execute(
        "UPDATE escalation_policy SET ended_at = now() WHERE id = %s AND ended_at IS NULL RETURNING version", (id,)
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else None


async def save(conn: Connection, policy: EscalationPolicy, area: int | None, place: int, by: str) -> int:
    """Its version; the one before it ends. In a transaction."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtext('escalation policy'), hashtext(%s))", (policy.id,))
    await conn.execute("UPDATE escalation_policy SET ended_at = now() WHERE id = %s AND ended_at IS NULL", (policy.id,))
    cursor = await conn.execute(
        "INSERT INTO escalation_policy (id, version, area, place, whats, from_min, to_min, lapse_s, steps, made_by) "
        "SELECT %(id)s, coalesce(max(version), 0) + 1, %(area)s, %(place)s, %(whats)s, %(from_min)s, %(to_min)s, "
        "%(lapse_s)s, %(steps)s, %(by)s FROM escalation_policy WHERE id = %(id)s RETURNING version",
        to_fields(policy)
        | {
            "whats": list(policy.whats),
            "steps": json.dumps(_steps(policy.steps)),
            "area": area,
            "place": place,
            "by": by,
        },
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


def _kept(row: Sequence[Any]) -> Kept:
    id, whats, from_min, to_min, lapse_s, steps, version, area, place, by, at = row
    read = from_fields(
        {"id": id, "whats": whats, "from_min": from_min, "to_min": to_min, "lapse_s": lapse_s, "steps": steps}
    )
    return Kept(read, version, area, place, by, at)
