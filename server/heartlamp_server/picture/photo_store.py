"""Photos that people send with a report, as sealed rows."""

import secrets
from typing import Any, TypeAlias

import psycopg

from heartlamp_server.area.seal import Sealer
from heartlamp_server.audit import store as audit

Connection: TypeAlias = psycopg.AsyncConnection[Any]

INCIDENT_MAX = 20
"""Photos of one incident that are kept at a time."""


async def add(conn: Connection, seal: Sealer, incident: str, by: str, picture: bytes) -> str | None:
    """Its id; None where the incident has as many as are kept."""
    many = await (
        await conn.execute("SELECT count(*) FROM report_photo WHERE incident = %s AND deleted_at IS NULL", (incident,))
    ).fetchone()
    if many is None or many[0] >= INCIDENT_MAX:
        return None
    id = secrets.token_hex(8)
    await conn.execute(
        "INSERT INTO report_photo (id, incident, sent_by, size, sealed) VALUES (%s, %s, %s, %s, %s)",
        (id, incident, by, len(picture), seal.seal(f"photo {id}", 0, picture)),
    )
    return id


async def incident_of(conn: Connection, id: str) -> str | None:
    row = await (await conn.execute("SELECT incident FROM report_photo WHERE id = %s", (id,))).fetchone()
    return row[0] if row else None


async def read(conn: Connection, seal: Sealer, id: str, who: str) -> bytes | None:
    """For who looks at it, which is written down first; None where it is deleted. Raises audit.NotWritten, and
    cryptography's InvalidTag where the key file is another."""
    row = await (
        await conn.execute(
            "SELECT p.sealed, i.site FROM report_photo p JOIN incident i ON i.id = p.incident "
            "WHERE p.id = %s AND p.deleted_at IS NULL",
            (id,),
        )
    ).fetchone()
    if row is None or row[0] is None:
        return None
    await audit.look(conn, who, "look.picture", id, row[1])
    return seal.unseal(f"photo {id}", 0, bytes(row[0]))


async def forget(conn: Connection, days: int) -> int:
    """Deletes what is older; how many."""
    cursor = await conn.execute(
        "UPDATE report_photo SET sealed = NULL, deleted_at = now(), deleted_why = %s "
        "WHERE deleted_at IS NULL AND sent_at < now() - make_interval(days => %s)",
        (f"kept for {days} days", days),
    )
    return cursor.rowcount
