"""Taking trust back. What was said before stays."""

from typing import Any

import psycopg
from heartlamp_protocol.uplink import gateway_of_one

from heartlamp_server.area.store import HEARD_BY
from heartlamp_server.device import store


async def revoke_device(conn: psycopg.AsyncConnection[Any], id: str) -> bool:
    """Its words are quarantined from now on, its village's broker is told to forget it, and it is no gateway of its own
    any more. False: not known."""
    async with conn.transaction():
        cursor = await conn.execute(
            "UPDATE device SET revoked_at = coalesce(revoked_at, now()), online = false WHERE id = %s RETURNING site",
            (id,),
        )
        row = await cursor.fetchone()
        if row is None:
            return False
        gateways = await conn.execute(
            f"SELECT g.id FROM site s JOIN area a ON a.id = s.area JOIN gateway g ON {HEARD_BY} "
            "WHERE s.id = %s ORDER BY g.id",
            (row[0],),
        )
        for (gateway,) in await gateways.fetchall():
            await store.bump_registry(conn, gateway)
        await _revoke_gateway(conn, gateway_of_one(id))
    return True


async def revoke_gateway(conn: psycopg.AsyncConnection[Any], id: str) -> bool:
    """Its token is refused from now on, and its open stream ends. False: not known."""
    async with conn.transaction():
        return await _revoke_gateway(conn, id)


async def _revoke_gateway(conn: psycopg.AsyncConnection[Any], id: str) -> bool:
    cursor = await conn.execute(
        "UPDATE gateway SET revoked_at = coalesce(revoked_at, now()) WHERE id = %s RETURNING id", (id,)
    )
    if await cursor.fetchone() is None:
        return False
    await conn.execute("UPDATE gateway_token SET revoked_at = now() WHERE gateway = %s AND revoked_at IS NULL", (id,))
    await conn.execute("SELECT pg_notify(%s, %s), pg_notify(%s, %s)", (store.REVOKED, id, store.CHANNEL, id))
    return True
