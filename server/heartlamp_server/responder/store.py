"""Accounts and sessions as rows. A session's cookie is stored as its hash."""

import hashlib
import secrets
from typing import Any

import psycopg

from heartlamp_server.responder.model import SESSION, Person


async def password_of(conn: psycopg.AsyncConnection[Any], name: str) -> tuple[Person, str] | None:
    cursor = await conn.execute(
        "SELECT name, display, password FROM person WHERE name = %s AND disabled_at IS NULL", (name,)
    )
    row = await cursor.fetchone()
    return (Person(row[0], row[1]), row[2]) if row else None


async def add_person(conn: psycopg.AsyncConnection[Any], person: Person, hashed: str) -> bool:
    """A known name gets the new password and display name, and its sessions end. False: it was known."""
    async with conn.transaction():
        cursor = await conn.execute(
            "INSERT INTO person (name, display, password) VALUES (%s, %s, %s) ON CONFLICT (name) DO UPDATE "
            "SET display = EXCLUDED.display, password = EXCLUDED.password, disabled_at = NULL RETURNING xmax = 0",
            (person.name, person.display, hashed),
        )
        row = await cursor.fetchone()
        await conn.execute("DELETE FROM session WHERE person = %s", (person.name,))
    return bool(row and row[0])


async def open_session(conn: psycopg.AsyncConnection[Any], person: str) -> str:
    """The cookie's value."""
    token = secrets.token_urlsafe(32)
    await conn.execute(
        "INSERT INTO session (hash, person, expires_at) VALUES (%s, %s, now() + %s)", (_hash(token), person, SESSION)
    )
    return token


async def person_of(conn: psycopg.AsyncConnection[Any], token: str) -> Person | None:
    cursor = await conn.execute(
        "SELECT p.name, p.display FROM session s JOIN person p ON p.name = s.person "
        "WHERE s.hash = %s AND s.expires_at > now() AND p.disabled_at IS NULL",
        (_hash(token),),
    )
    row = await cursor.fetchone()
    return Person(*row) if row else None


async def close_session(conn: psycopg.AsyncConnection[Any], token: str) -> None:
    await conn.execute("DELETE FROM session WHERE hash = %s", (_hash(token),))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
