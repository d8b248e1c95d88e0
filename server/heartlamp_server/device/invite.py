"""Invitations: a village's gateway joins with a code that is read to whoever stands before the box.

The code is told once and kept nowhere; a row knows its name and, sealed, the key that both sides prove to know.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from heartlamp_protocol import join
from heartlamp_protocol.device.names import is_device_id

from heartlamp_server.device import store
from heartlamp_server.device.vault import Vault

SEALED_AS = 0  # the vault binds what it seals to (name, version): no device has a key version 0


class Refused(Exception):
    """`status`: of HTTP; `do`: what helps."""

    def __init__(self, status: int, error: str, do: str) -> None:
        super().__init__(error)
        self.status, self.do = status, do


@dataclass(frozen=True, slots=True)
class Broker:
    """As devices of the village know it: the name in its certificate, and where it is ("" and 0: nobody was told)."""

    name: str
    host: str
    port: int


async def invite(conn: psycopg.AsyncConnection[Any], vault: Vault, gateway: str, village: str) -> str:
    """A code, valid for join.VALID_HOURS and once; the earlier ones of this gateway are void. `village`: name or code
    of where it belongs, "" for a gateway that is enrolled already. Raises ValueError, in words for the operator."""
    if not is_device_id(gateway):
        raise ValueError(f"{gateway!r} is no id of a gateway: 4 to 20 of a-z 0-9, first a letter")
    secret = os.urandom(join.SECRET_BYTES)
    name = join.invite_name(secret)
    async with conn.transaction():
        await _known(conn, gateway, village)
        await conn.execute("DELETE FROM invite WHERE gateway = %s AND used_at IS NULL", (gateway,))
        await conn.execute(
            "INSERT INTO invite (name, gateway, key, expires_at) VALUES (%s, %s, %s, now() + interval '1 h' * %s)",
            (name, gateway, vault.seal(name, SEALED_AS, join.invite_key(secret)), join.VALID_HOURS),
        )
    return join.write_code(secret)


async def _known(conn: psycopg.AsyncConnection[Any], gateway: str, village: str) -> None:
    """Makes its row, where there is none."""
    cursor = await conn.execute(
        "SELECT g.revoked_at IS NOT NULL, g.device, a.name, a.code FROM gateway g LEFT JOIN area a ON a.id = g.village "
        "WHERE g.id = %s FOR UPDATE OF g",
        (gateway,),
    )
    row = await cursor.fetchone()
    if row is not None:
        if row[0]:
            raise ValueError(f"gateway {gateway} was revoked: give the village's gateway a new id")
        if row[1] is not None:
            raise ValueError(f"{gateway} is a device's own way to the county: its code is its configuration file")
        if village and village not in row[2:]:
            raise ValueError(f"gateway {gateway} is the one of {row[2]}, not of {village}")
        return
    cursor = await conn.execute(
        "SELECT id, name FROM area WHERE level = 'village' AND valid_to IS NULL "
        "AND (name = %(v)s OR (code = %(v)s AND code <> ''))",
        {"v": village},
    )
    found = await cursor.fetchall()
    if len(found) != 1:
        why = "give its code" if found else "`enrol` enters villages; give its name or its code with --village"
        raise ValueError(f"gateway {gateway} is new, and {len(found)} villages are {village or 'nameless'!r}: {why}")
    await conn.execute("INSERT INTO gateway (id, village) VALUES (%s, %s)", (gateway, found[0][0]))


async def meet(conn: psycopg.AsyncConnection[Any], vault: Vault, asked: join.Meet, ca: str) -> join.Met:
    """Raises Refused."""
    row = await _row(conn, asked.invite)
    if row.used_at is None and row.over:
        raise _over()
    broker = await broker_of(conn, row.gateway)
    cursor = await conn.execute(
        "SELECT a.name FROM gateway g JOIN area a ON a.id = g.village WHERE g.id = %s", (row.gateway,)
    )
    named = await cursor.fetchone()
    village = join.Village(
        row.gateway,
        str(named[0])[:100] if named else "",
        broker.name or f"{row.gateway}.heartlamp",
        broker.host,
        broker.port,
        ca,
    )
    said = village.to_text()
    key = vault.unseal(asked.invite, SEALED_AS, row.key)
    return join.Met(join.county_proof(key, asked.nonce, said), said)


async def admit(conn: psycopg.AsyncConnection[Any], vault: Vault, asked: join.Join) -> tuple[str, join.Box]:
    """(gateway, the box that is it from now on): its token is in force, every other one of this gateway is void. Asked
    again by the same box, the same. Call in a transaction. Raises Refused."""
    row = await _row(conn, asked.invite, lock=True)
    key = vault.unseal(asked.invite, SEALED_AS, row.key)
    if not join.same(join.gateway_proof(key, asked.said), asked.proof):
        raise Refused(403, "the proof is not of this code", "type the code again")
    box = join.Box.from_text(asked.said)
    token = store.token_hash(box.token)
    if row.used_at is not None:
        if row.used_by != token or await store.gateway_of_token(conn, token) != row.gateway:
            raise Refused(
                410,
                f"this code was used on {row.used_at:%Y-%m-%d %H:%M} UTC",
                "ask the county for a new one; if nobody here used it, say so: somebody else did",
            )
        return row.gateway, box
    if row.over:
        raise _over()
    await conn.execute("UPDATE invite SET used_at = now(), used_by = %s WHERE name = %s", (token, asked.invite))
    await replace_token(conn, row.gateway, token)
    return row.gateway, box


async def replace_token(conn: psycopg.AsyncConnection[Any], gateway: str, hashed: bytes) -> None:
    """This token from now on, every other one is refused."""
    await conn.execute(
        "UPDATE gateway_token SET revoked_at = now() WHERE gateway = %s AND revoked_at IS NULL AND hash <> %s",
        (gateway, hashed),
    )
    try:
        async with conn.transaction():
            await conn.execute("INSERT INTO gateway_token (hash, gateway) VALUES (%s, %s)", (hashed, gateway))
    except psycopg.errors.UniqueViolation:
        if await store.gateway_of_token(conn, hashed) != gateway:
            raise Refused(409, "this token was used before", "choose a new one") from None
    await conn.execute("SELECT pg_notify(%s, %s), pg_notify(%s, %s)", (store.REVOKED, gateway, store.CHANNEL, gateway))


async def broker_of(conn: psycopg.AsyncConnection[Any], gateway: str) -> Broker:
    cursor = await conn.execute("SELECT broker_name, broker_host, broker_port FROM gateway WHERE id = %s", (gateway,))
    row = await cursor.fetchone()
    assert row is not None
    return Broker(*row)


async def joined(conn: psycopg.AsyncConnection[Any], gateway: str) -> bool:
    """Whether a box has come by a code: then its papers are its own, and no folder's."""
    cursor = await conn.execute("SELECT FROM invite WHERE gateway = %s AND used_at IS NOT NULL LIMIT 1", (gateway,))
    return await cursor.fetchone() is not None


@dataclass(frozen=True, slots=True)
class _Row:
    gateway: str
    key: bytes
    over: bool
    used_at: datetime | None
    used_by: bytes | None


async def _row(conn: psycopg.AsyncConnection[Any], name: str, lock: bool = False) -> _Row:
    cursor = await conn.execute(
        "SELECT i.gateway, i.key, i.expires_at < now(), i.used_at AT TIME ZONE 'UTC', i.used_by, "
        "g.revoked_at IS NOT NULL FROM invite i JOIN gateway g ON g.id = i.gateway WHERE i.name = %s"
        + (" FOR UPDATE OF i" if lock else ""),
        (name,),
    )
    row = await cursor.fetchone()
    if row is None:
        raise Refused(404, "no such code", "look at each group again; a newer code of this gateway voids the older")
    if row[5]:
        raise Refused(410, f"gateway {row[0]} was revoked", "ask the county for a code of another gateway")
    return _Row(row[0], bytes(row[1]), row[2], row[3], None if row[4] is None else bytes(row[4]))


def _over() -> Refused:
    return Refused(410, f"this code was valid for {join.VALID_HOURS} hours, and is no more", "ask for a new one")
