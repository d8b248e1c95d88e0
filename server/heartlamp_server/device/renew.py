"""A new token for a gateway, where its old one was lost or seen by others."""

import secrets
from pathlib import Path
from typing import Any

import psycopg

from heartlamp_server.device import store
from heartlamp_server.device.enrol import write_secret


async def renew_token(conn: psycopg.AsyncConnection[Any], id: str, out: Path) -> Path:
    """Returns the file that it was written to; the old ones are refused from now on. `out`: as at enrolment. Raises
    ValueError for a gateway that is not known or was revoked; OSError leaves the old token in force."""
    file = out / "gateways" / id / "token"
    async with conn.transaction():
        cursor = await conn.execute("SELECT revoked_at IS NOT NULL FROM gateway WHERE id = %s FOR UPDATE", (id,))
        row = await cursor.fetchone()
        if row is None:
            raise ValueError(f"gateway {id} is not known")
        if row[0]:
            raise ValueError(f"gateway {id} was revoked: enrol the village's gateway under a new id")
        token = secrets.token_hex(32)
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(".new")
        write_secret(new, token + "\n")
        await conn.execute(
            "UPDATE gateway_token SET revoked_at = now() WHERE gateway = %s AND revoked_at IS NULL", (id,)
        )
        await conn.execute("INSERT INTO gateway_token (hash, gateway) VALUES (%s, %s)", (store.token_hash(token), id))
        await conn.execute("SELECT pg_notify(%s, %s), pg_notify(%s, %s)", (store.REVOKED, id, store.CHANNEL, id))
    return new.replace(file)
