"""Taking trust back. What was said before stays."""

from typing import Any

import psycopg

from heartlamp_server.device import store


async def revoke_device(conn: psycopg.AsyncConnection[Any], id: str) -> bool:
    """Its words are quarantined from now on, and its village's broker is told to forget it. False: not known."""
    async with conn.transaction():
        cursor = await conn.execute(
            "UPDATE device SET revoked_at = coalesce(revoked_at, now()), online = false WHERE id = %s RETURNING site",
            (id,),
        )
        row = await cursor.fetchone()
        if row is None:
            return False
        gateways = await conn.execute(
            "SELECT g.id FROM site s JOIN area a ON a.id = s.area JOIN gateway g ON g.village IN (a.id, a.parent) "
            "WHERE s.id = %s ORDER BY g.id",
            (row[0],),
        )
        for (gateway,) in await gateways.fetchall():
            await store.bump_registry(conn, gateway)
    return True


async def revoke_gateway(conn: psycopg.AsyncConnection[Any], id: str) -> bool:
    """Its token is refused from now on, and its open stream ends. False: not known."""
    async with conn.transaction():
        cursor = await conn.execute(
            "UPDATE gateway SET revoked_at = coalesce(revoked_at, now()) WHERE id = %s RETURNING id", (id,)
        )
        known = await cursor.fetchone() is not None
        await conn.execute(
            "UPDATE gateway_token SET revoked_at = now() WHERE gateway = %s AND revoked_at IS NULL", (id,)
        )
        await conn.execute("SELECT pg_notify(%s, %s), pg_notify(%s, %s)", (store.REVOKED, id, store.CHANNEL, id))
    return known
