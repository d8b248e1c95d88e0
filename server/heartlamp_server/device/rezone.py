"""What a change of areas means for villages' gateways: they fetch their list anew."""

from collections.abc import Sequence
from typing import Any

import psycopg

from heartlamp_server.area.store import HEARD_BY
from heartlamp_server.device.store import bump_registry


async def retell(conn: psycopg.AsyncConnection[Any], areas: Sequence[int]) -> None:
    """`areas`: villages, or household groups. Every gateway that hears one of them is told. Call in a transaction,
    after what locks sites."""
    cursor = await conn.execute(
        f"SELECT DISTINCT g.id FROM area a JOIN gateway g ON {HEARD_BY} "
        "WHERE (a.id = ANY(%(areas)s) OR a.parent = ANY(%(areas)s)) AND g.revoked_at IS NULL ORDER BY g.id",
        {"areas": list(areas)},
    )
    for (gateway,) in await cursor.fetchall():
        await bump_registry(conn, gateway)


async def merge(conn: psycopg.AsyncConnection[Any], gone: int, into: int) -> None:
    """A village's gateways become the other's: they hear whom they heard, and each knows all of the new village. What
    was offered to the area's devices is offered to the other's."""
    await conn.execute("SELECT FROM gateway WHERE village = %s ORDER BY id FOR NO KEY UPDATE", (gone,))
    await conn.execute("UPDATE gateway SET village = %s WHERE village = %s", (into, gone))
    await conn.execute("UPDATE firmware_offer SET area = %s WHERE area = %s AND ended_at IS NULL", (into, gone))
