"""Acts of phones and their photos as rows."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import psycopg

from heartlamp_server.device.vault import Vault

Connection: TypeAlias = psycopg.AsyncConnection[Any]

PHOTOS_A_DAY = 60
"""Of one person."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an act. `asked`: the hash of what was asked."""

    person: str
    asked: bytes
    state: str
    why: str


async def begin(conn: Connection, id: str, person: str, incident: str, asked: bytes) -> Done | None:
    """In the act's transaction, first of all. None: it is new, and nobody else can begin it until this transaction
    ends; else what became of it."""
    cursor = await conn.execute(
        "INSERT INTO phone_act (id, person, incident, asked, state, why) VALUES (%s, %s, %s, %s, '', '') "
        "ON CONFLICT DO NOTHING RETURNING id",
        (id, person, incident, asked),
    )
    if await cursor.fetchone() is not None:
        return None
    row = await (await conn.execute("SELECT person, asked, state, why FROM phone_act WHERE id = %s", (id,))).fetchone()
    assert row is not None
    return Done(row[0], bytes(row[1]), row[2], row[3])


async def done(conn: Connection, id: str, state: str, why: str) -> None:
    await conn.execute("UPDATE phone_act SET state = %s, why = %s WHERE id = %s", (state, why, id))


async def keep_photo(conn: Connection, vault: Vault, id: str, person: str, data: bytes) -> bool:
    """False: it is another's, or one too many of today. The same one again is kept once."""
    row = await (await conn.execute("SELECT person FROM photo WHERE id = %s", (id,))).fetchone()
    if row is not None:
        return bool(row[0] == person)
    many = await (
        await conn.execute("SELECT count(*) FROM photo WHERE person = %s AND at > now() - interval '1 day'", (person,))
    ).fetchone()
    if many is None or many[0] >= PHOTOS_A_DAY:
        return False
    await conn.execute(
        "INSERT INTO photo (id, person, sealed, size) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (id, person, vault.seal(f"photo {id}", 0, data), len(data)),
    )
    return True


async def photo(conn: Connection, vault: Vault, id: str) -> tuple[str, bytes] | None:
    """(whose it is, its bytes)"""
    row = await (await conn.execute("SELECT person, sealed FROM photo WHERE id = %s", (id,))).fetchone()
    return (row[0], vault.unseal(f"photo {id}", 0, bytes(row[1]))) if row else None


async def matters_with(conn: Connection, id: str) -> list[int]:
    """Those whose report has this photo."""
    cursor = await conn.execute("SELECT id FROM matter WHERE photos @> ARRAY[%s]", (f"photo:{id}",))
    return [row[0] for row in await cursor.fetchall()]
