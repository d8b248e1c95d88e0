"""Other systems as rows."""

import secrets
from collections.abc import Sequence
from typing import Any, TypeAlias

import psycopg

from heartlamp_server.interop.model import TOKEN, System, hashed

Connection: TypeAlias = psycopg.AsyncConnection[Any]

_ROW = "id, name, areas, may, per_minute, made_by, made_at, seen_at, ended_at"


async def add(
    conn: Connection, name: str, areas: Sequence[int], may: Sequence[str], per_minute: int, by: str
) -> tuple[System, str]:
    """(the system, its token: it is shown once and kept as a hash)."""
    token = TOKEN + secrets.token_urlsafe(32)
    row = await (
        await conn.execute(
            f"INSERT INTO system (name, hash, areas, may, per_minute, made_by) VALUES (%s, %s, %s, %s, %s, %s) "
            f"RETURNING {_ROW}",
            (name, hashed(token), list(areas), list(may), per_minute, by),
        )
    ).fetchone()
    assert row is not None
    return _to(row), token


async def of_token(conn: Connection, token: str) -> System | None:
    row = await (
        await conn.execute(
            "UPDATE system SET seen_at = CASE WHEN seen_at > now() - interval '1 minute' THEN seen_at ELSE now() END "
            f"WHERE hash = %s AND ended_at IS NULL RETURNING {_ROW}",
            (hashed(token),),
        )
    ).fetchone()
    return _to(row) if row else None


async def every(conn: Connection) -> list[System]:
    """Ended ones last."""
    cursor = await conn.execute(f"SELECT {_ROW} FROM system ORDER BY ended_at IS NOT NULL, id LIMIT 1000")
    return [_to(row) for row in await cursor.fetchall()]


async def one(conn: Connection, id: int) -> System | None:
    row = await (await conn.execute(f"SELECT {_ROW} FROM system WHERE id = %s FOR UPDATE", (id,))).fetchone()
    return _to(row) if row else None


async def end(conn: Connection, id: int) -> None:
    await conn.execute("UPDATE system SET ended_at = now() WHERE id = %s AND ended_at IS NULL", (id,))


def _to(row: Sequence[Any]) -> System:
    return System(row[0], row[1], tuple(row[2]), tuple(row[3]), *row[4:])
