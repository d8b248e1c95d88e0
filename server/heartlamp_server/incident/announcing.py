"""An announcement of a drill, as a row."""

from typing import Any

import psycopg

from heartlamp_server.audit import store as audit
from heartlamp_server.incident.drill import WINDOW


async def announce(conn: psycopg.AsyncConnection[Any], site: str, by: str) -> int:
    """Its number; where one is open there already, that one's. In a transaction."""
    await conn.execute("SELECT id FROM site WHERE id = %s FOR NO KEY UPDATE", (site,))
    cursor = await conn.execute(
        "SELECT id FROM drill WHERE site = %s AND until > clock_timestamp() AND incident IS NULL", (site,)
    )
    row = await cursor.fetchone()
    if row is not None:
        return int(row[0])
    cursor = await conn.execute(
        "INSERT INTO drill (site, announced_by, until) VALUES (%s, %s, clock_timestamp() + %s::interval) RETURNING id",
        (site, by, WINDOW),
    )
    row = await cursor.fetchone()
    assert row is not None
    await audit.record(conn, by, "drill.announce", str(row[0]), site)
    return int(row[0])
