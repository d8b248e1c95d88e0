"""Whether a policy may be saved, as things are here now."""

from typing import Any

import psycopg

from heartlamp_server.escalation import duties
from heartlamp_server.escalation.policy import EscalationPolicy, Fault, faults


async def faults_of(conn: psycopg.AsyncConnection[Any], policy: EscalationPolicy, area: int | None) -> list[Fault]:
    """`area` None: everywhere here. [] where it may be saved."""
    row = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert row is not None
    last = policy.steps[-1].whom if policy.steps else ()
    return faults(policy, await duties.staffed_always(conn, last, area, row[0]))
