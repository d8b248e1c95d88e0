"""Whether a policy may be saved, as things are here now."""

from typing import Any

import psycopg

from heartlamp_server.escalation import duties
from heartlamp_server.escalation.policies import DEFAULT
from heartlamp_server.escalation.policy import EscalationPolicy, Fault, faults


async def faults_of(conn: psycopg.AsyncConnection[Any], policy: EscalationPolicy, area: int | None) -> list[Fault]:
    """`area` None: everywhere here. [] where it may be saved."""
    row = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert row is not None
    last = policy.steps[-1].whom if policy.steps else ()
    found = faults(policy, await duties.staffed_always(conn, last, area, row[0]))
    if policy.id == DEFAULT.id:
        zh, en = (
            f"{DEFAULT.id} 是内置预案的编号，请另取一个",
            f"{DEFAULT.id} is the built-in one's: take another id",
        )
        found.insert(0, Fault(0, zh, en))
    return found
