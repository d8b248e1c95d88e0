"""A new token for a gateway, where its old one was lost or seen by others."""

import json
import secrets
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from heartlamp_protocol.uplink import device_of_one

from heartlamp_server.audit import store as audit
from heartlamp_server.device import store
from heartlamp_server.device.enrol import write_secret


async def renew_token(conn: psycopg.AsyncConnection[Any], id: str, out: Path, who: str) -> Path:
    """Returns the file that it was written to; the old ones are refused from now on. `out`: as at enrolment; `who`: for
    the log. Raises
    ValueError for a gateway that is not known or was revoked; OSError where it cannot be written, which leaves the old
    one in force, but for `Misplaced`. No row is locked while the disk is waited for: it may be a network's."""
    await _check(conn, id)
    token = secrets.token_hex(32)
    file, text = _written(out, id, token)
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.{secrets.token_hex(4)}.new")  # of its own: two may be at it
    try:
        write_secret(new, text)
        async with conn.transaction():
            await _check(conn, id, "FOR UPDATE")
            await conn.execute(
                "UPDATE gateway_token SET revoked_at = now() WHERE gateway = %s AND revoked_at IS NULL", (id,)
            )
            await conn.execute(
                "INSERT INTO gateway_token (hash, gateway) VALUES (%s, %s)", (store.token_hash(token), id)
            )
            await audit.record(conn, who, "gateway.token", id)
            await conn.execute("SELECT pg_notify(%s, %s), pg_notify(%s, %s)", (store.REVOKED, id, store.CHANNEL, id))
    except (OSError, ValueError):  # not where the store went away: it may have committed, and this is the only copy
        new.unlink(missing_ok=True)
        raise
    try:
        return new.replace(file)
    except OSError as wrong:
        raise Misplaced(f"{new} could not be renamed to {file.name}: {wrong}. It holds the token in force.") from wrong


def _written(out: Path, id: str, token: str) -> tuple[Path, str]:
    """(the file it belongs into, that file's new text): a gateway's own, or the configuration of the device that is its
    own gateway. Raises ValueError where there is no such configuration."""
    if not (device := device_of_one(id)):
        return out / "gateways" / id / "token", token + "\n"
    file = out / "devices" / f"{device}.json"
    try:
        fields = json.loads(file.read_text())
        fields["wan"]["token"] = token
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        raise ValueError(f"{file} is not the configuration of a device with a wan path: run `enrol` first") from wrong
    return file, json.dumps(fields, ensure_ascii=False, indent=1) + "\n"


class Misplaced(OSError):
    """The old token is refused, but the new one is not where it belongs; the text says where it is."""


async def _check(conn: psycopg.AsyncConnection[Any], id: str, lock: LiteralString = "") -> None:
    cursor = await conn.execute(f"SELECT revoked_at IS NOT NULL FROM gateway WHERE id = %s {lock}", (id,))
    row = await cursor.fetchone()
    if row is None:
        raise ValueError(f"gateway {id} is not known")
    if row[0]:
        raise ValueError(f"gateway {id} was revoked: enrol the village's gateway under a new id")
