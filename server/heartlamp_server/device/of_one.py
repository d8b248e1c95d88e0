"""A device that is its own gateway of one: its row, its token, and what it is started with."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from heartlamp_protocol.uplink import gateway_of_one

from heartlamp_server.device import store


async def enrol(
    conn: psycopg.AsyncConnection[Any], device: str, file: Path, county_url: str, county_name: str
) -> dict[str, Any]:
    """The field of the device's configuration. `file`: where it was written before; its token stays where it is in
    force. Raises ValueError where this path was revoked."""
    id = gateway_of_one(device)
    cursor = await conn.execute(
        "INSERT INTO gateway (id, device) VALUES (%s, %s) ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id "
        "RETURNING revoked_at IS NOT NULL",
        (id, device),
    )
    if await cursor.fetchone() != (False,):
        raise ValueError(f"{id} was revoked: give the hardware a new id, or its plan no wan")
    url = urlsplit(county_url)
    return {
        "wan": {
            "host": url.hostname or "",
            "port": url.port or 443,
            "server_name": county_name,
            "gateway": id,
            "token": await store.token_in_force(conn, id, _written(file)),
        }
    }


def _written(file: Path) -> str:
    try:
        return str(json.loads(file.read_text())["wan"]["token"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
