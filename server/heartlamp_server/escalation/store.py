"""Villages' escalation plans, as they are handed down. A plan is kept whole, as the gateway gets it."""

from dataclasses import replace
from typing import Any

import psycopg
from heartlamp_protocol.escalation.plan import NO_PLAN, Plan

from heartlamp_server.device import store as devices


async def plan(conn: psycopg.AsyncConnection[Any], gateway: str) -> Plan:
    """NO_PLAN where nobody made one."""
    cursor = await conn.execute("SELECT plan FROM gateway WHERE id = %s AND plan IS NOT NULL", (gateway,))
    row = await cursor.fetchone()
    return Plan.from_json(bytes(row[0])) if row else NO_PLAN


async def as_kept(conn: psycopg.AsyncConnection[Any], gateway: str) -> tuple[int, bytes]:
    """(its version, the plan as JSON, b"" where nobody made one): what a new one is compared with, unread."""
    cursor = await conn.execute("SELECT plan_version, coalesce(plan, '') FROM gateway WHERE id = %s", (gateway,))
    row = await cursor.fetchone()
    return (int(row[0]), bytes(row[1])) if row else (0, b"")


async def plan_version(conn: psycopg.AsyncConnection[Any], gateway: str) -> int:
    cursor = await conn.execute("SELECT plan_version FROM gateway WHERE id = %s", (gateway,))
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def groups(conn: psycopg.AsyncConnection[Any], gateway: str) -> frozenset[str]:
    """Household groups of its village, as its registry names them."""
    cursor = await conn.execute(
        "SELECT DISTINCT s.area::text FROM gateway g JOIN area a ON g.village IN (a.id, a.parent)"
        " JOIN site s ON s.area = a.id WHERE g.id = %s",
        (gateway,),
    )
    return frozenset(row[0] for row in await cursor.fetchall())


async def keep(conn: psycopg.AsyncConnection[Any], gateway: str, made: Plan) -> int | None:
    """Its version, one above the former, whatever `made` says; None: there is no such gateway, or it is revoked. The
    gateway shall fetch it."""
    cursor = await conn.execute(
        "UPDATE gateway SET plan_version = plan_version + 1 WHERE id = %s AND revoked_at IS NULL"
        " RETURNING plan_version",
        (gateway,),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    version = int(row[0])
    await conn.execute(
        "UPDATE gateway SET plan = %s WHERE id = %s", (replace(made, version=version).to_json(), gateway)
    )
    await devices.push(conn, gateway, "plan", [("", f'{{"kind":"plan","version":{version}}}')])
    return version
