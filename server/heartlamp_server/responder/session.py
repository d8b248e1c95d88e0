"""Sessions and guesses at passwords, as rows. A cookie is stored as its hash; nothing of it is in memory, so a restart
forgives nobody and signs nobody out."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from heartlamp_server.responder import guess, presence, second
from heartlamp_server.responder.guess import Guessed
from heartlamp_server.responder.model import SESSION, WALL_SESSION, Person
from heartlamp_server.responder.scope import LASTING, Grant, Scope, scope
from heartlamp_server.responder.store import GRANTS, IN_FORCE, to_grants

Connection = psycopg.AsyncConnection[Any]

BROWSER = timedelta(days=180)
"""So long a browser is known that nobody signs in from."""
_BROWSERS = 30  # of one person that are known at a time: a script that signs in each minute fills no table
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Account:
    """What a sign-in is held against. `totp`: the sealed secret where the second factor is in force."""

    person: Person
    password: str
    totp: bytes | None
    totp_step: int


@dataclass(frozen=True, slots=True)
class Session:
    id: int
    made_at: datetime
    seen_at: datetime
    address: str
    agent: str
    second: bool


async def account(conn: Connection, name: str) -> Account | None:
    cursor = await conn.execute(
        "SELECT name, display, password, CASE WHEN totp_at IS NOT NULL THEN totp END, totp_step FROM person "
        "WHERE name = %s AND password IS NOT NULL AND disabled_at IS NULL",
        (name,),
    )
    row = await cursor.fetchone()
    return Account(Person(row[0], row[1]), row[2], bytes(row[3]) if row[3] else None, row[4]) if row else None


async def lasts(conn: Connection, person: str) -> timedelta:
    """How long a session that is opened now may last."""
    cursor = await conn.execute(
        f"SELECT bool_and(r.role = ANY(%s)) FROM person_role r WHERE r.person = %s AND {IN_FORCE}",
        (sorted(LASTING), person),
    )
    row = await cursor.fetchone()
    return WALL_SESSION if row and row[0] else SESSION


async def open(conn: Connection, person: str, by_second: bool, address: str, agent: str) -> str:
    """The cookie's value."""
    token = secrets.token_urlsafe(32)
    await conn.execute(
        "INSERT INTO session (hash, person, expires_at, second, address, agent) "
        "VALUES (%s, %s, now() + %s, %s, %s, %s)",
        (_hash(token), person, await lasts(conn, person), by_second, address[:60], agent[:200]),
    )
    await conn.execute("DELETE FROM session WHERE expires_at < now()")
    return token


_SCOPE = f"""
SELECT p.name, p.display, {GRANTS}, s.id, s.second, s.seen_at < now() - %(seen_every)s, s.made_at < now() - %(day)s
FROM session s JOIN person p ON p.name = s.person
WHERE s.hash = %(hash)s AND s.expires_at > now() AND p.disabled_at IS NULL
"""


async def scope_of(conn: Connection, token: str) -> Scope | None:
    """Whose cookie it is, and what that person may do now."""
    cursor = await conn.execute(_SCOPE, {"hash": _hash(token), "seen_every": _SEEN_EVERY, "day": SESSION})
    row = await cursor.fetchone()
    if row is None:
        return None
    name, display, given, id, by_second, long_ago, of_before = row
    grants = to_grants(given)
    if of_before:  # what is more than a wall signs in each day, also in a session that was a wall's when it began
        grants = tuple(g for g in grants if g.role in LASTING)
        if not grants:
            return None
    if long_ago:
        await conn.execute("UPDATE session SET seen_at = now() WHERE id = %s", (id,))
    return scope(Person(name, display), grants, id, by_second)


async def close(conn: Connection, person: str, id: int | None = None) -> int:
    """This one of the person's sessions, None all; how many it were."""
    cursor = await conn.execute(
        "DELETE FROM session WHERE person = %s AND (id = %s OR %s::bigint IS NULL)", (person, id, id)
    )
    return cursor.rowcount


async def of_person(conn: Connection, person: str) -> list[Session]:
    """Newest first."""
    cursor = await conn.execute(
        "SELECT id, made_at, seen_at, address, agent, second FROM session WHERE person = %s AND expires_at > now() "
        "ORDER BY id DESC",
        (person,),
    )
    return [Session(*row) for row in await cursor.fetchall()]


# --- guesses ------------------------------------------------------------------------------------------------------


async def browser_of(conn: Connection, token: str, name: str) -> bytes | None:
    """The hash of a browser's cookie where this person signed in with it before."""
    if not token or len(token) > 100:
        return None
    cursor = await conn.execute(
        "SELECT hash FROM known_browser WHERE hash = %s AND person = %s AND last_at > now() - %s",
        (_hash(token), name, BROWSER),
    )
    row = await cursor.fetchone()
    return bytes(row[0]) if row else None


async def know_browser(conn: Connection, person: str) -> str:
    """The value of its cookie: a new one at each sign-in from a browser that was not known."""
    token = secrets.token_urlsafe(32)
    await conn.execute("INSERT INTO known_browser (hash, person) VALUES (%s, %s)", (_hash(token), person))
    await conn.execute(
        "DELETE FROM known_browser WHERE last_at < now() - %s::interval OR (person = %s AND hash NOT IN "
        "(SELECT hash FROM known_browser WHERE person = %s ORDER BY last_at DESC LIMIT %s))",
        (BROWSER, person, person, _BROWSERS),
    )
    return token


async def browser_was_here(conn: Connection, browser: bytes) -> None:
    await conn.execute("UPDATE known_browser SET last_at = now() WHERE hash = %s", (browser,))


async def count_try(conn: Connection, places: Mapping[str, bytes]) -> float:
    """Counts a try as a wrong one, before anybody looks at it, so that a hundred at once are not a hundred tries. Or
    says how many seconds it must wait, and counts nothing."""
    await conn.execute(
        "DELETE FROM login_guess WHERE key IN (SELECT key FROM login_guess WHERE last_at < now() - %s "
        "ORDER BY key FOR UPDATE SKIP LOCKED)",
        (guess.FORGOTTEN,),
    )
    async with conn.transaction():
        keys = sorted(places.values())
        row = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
        assert row is not None
        now: datetime = row[0]
        await conn.execute(  # rows to lock, in one order for everybody
            "INSERT INTO login_guess (key, wrong, last_at) SELECT key, 0, %s FROM unnest(%s::bytea[]) AS t (key) "
            "ORDER BY key ON CONFLICT (key) DO NOTHING",
            (now, keys),
        )
        cursor = await conn.execute(
            "SELECT key, wrong, last_at FROM login_guess WHERE key = ANY(%s) ORDER BY key FOR UPDATE", (keys,)
        )
        before = {bytes(key): Guessed(wrong, at) for key, wrong, at in await cursor.fetchall()}
        if waits := max(guess.wait(place, before[key], now) for place, key in places.items()):
            return waits
        for key in keys:
            after = guess.wrong(before[key], now)
            await conn.execute(
                "UPDATE login_guess SET wrong = %s, last_at = %s WHERE key = %s", (after.wrong, after.last_at, key)
            )
    return 0.0


async def was_right(conn: Connection, places: Mapping[str, bytes], forget: bool = True) -> None:
    """The try that was counted was no wrong one. `forget`: nor do those before it count any more where one person alone
    is counted; at a shared address a right password must not hide a hundred wrong ones."""
    for place, key in sorted(places.items(), key=lambda pair: pair[1]):
        if forget and place in ("browser", "both"):
            await conn.execute("DELETE FROM login_guess WHERE key = %s", (key,))
        else:
            await conn.execute("UPDATE login_guess SET wrong = greatest(wrong - 1, 0) WHERE key = %s", (key,))


# --- the second factor --------------------------------------------------------------------------------------------


async def take_step(conn: Connection, name: str, step: int) -> bool:
    """Once: False where this code, or a later one, was taken before."""
    cursor = await conn.execute(
        "UPDATE person SET totp_step = %s WHERE name = %s AND totp_step < %s RETURNING name", (step, name, step)
    )
    return await cursor.fetchone() is not None


async def take_recovery(conn: Connection, name: str, code: str) -> bool:
    """Once."""
    cursor = await conn.execute(
        "UPDATE recovery_code SET used_at = now() WHERE person = %s AND hash = %s AND used_at IS NULL RETURNING person",
        (name, second.code_hash(code)),
    )
    return await cursor.fetchone() is not None


async def begin_second(conn: Connection, name: str, sealed: bytes) -> bool:
    """A secret whose first code is awaited. False: one is in force, which is not replaced like this."""
    cursor = await conn.execute(
        "UPDATE person SET totp = %s, totp_step = 0 WHERE name = %s AND totp_at IS NULL RETURNING name", (sealed, name)
    )
    return await cursor.fetchone() is not None


async def awaited_second(conn: Connection, name: str) -> tuple[bytes, datetime] | None:
    """(the sealed secret whose first code is awaited, the database's time)."""
    cursor = await conn.execute(
        "SELECT totp, clock_timestamp() FROM person WHERE name = %s AND totp IS NOT NULL AND totp_at IS NULL", (name,)
    )
    row = await cursor.fetchone()
    return (bytes(row[0]), row[1]) if row else None


async def confirm_second(conn: Connection, name: str, step: int, session: int | None) -> list[str] | None:
    """In force from now on: the person's recovery codes, and every session but this one is ended. None: another did it
    at the same moment."""
    codes = second.fresh_codes()
    async with conn.transaction():
        cursor = await conn.execute(
            "UPDATE person SET totp_at = now(), totp_step = %s "
            "WHERE name = %s AND totp IS NOT NULL AND totp_at IS NULL RETURNING name",
            (step, name),
        )
        if await cursor.fetchone() is None:
            return None
        await conn.execute("DELETE FROM recovery_code WHERE person = %s", (name,))
        for code in codes:
            await conn.execute(
                "INSERT INTO recovery_code (person, hash) VALUES (%s, %s)", (name, second.code_hash(code))
            )
        await conn.execute("DELETE FROM session WHERE person = %s AND id IS DISTINCT FROM %s", (name, session))
        await conn.execute("UPDATE session SET second = true WHERE person = %s", (name,))
    return codes


async def drop_second(conn: Connection, name: str) -> bool:
    """Also ends the person's sessions. False: nobody of that name."""
    async with conn.transaction():
        cursor = await conn.execute(
            "UPDATE person SET totp = NULL, totp_at = NULL, totp_step = 0 WHERE name = %s RETURNING name", (name,)
        )
        if await cursor.fetchone() is None:
            return False
        await conn.execute("DELETE FROM recovery_code WHERE person = %s", (name,))
        await conn.execute("DELETE FROM session WHERE person = %s", (name,))
    return True


# --- presence -----------------------------------------------------------------------------------------------------


async def presence_of(conn: Connection, session: int) -> tuple[datetime, datetime]:
    """(when this session's person last answered, the database's time)."""
    row = await (
        await conn.execute("SELECT answered_at, clock_timestamp() FROM session WHERE id = %s FOR UPDATE", (session,))
    ).fetchone()
    return row if row else (datetime.fromtimestamp(0).astimezone(), datetime.now().astimezone())


async def answer_presence(conn: Connection, session: int) -> tuple[datetime, datetime]:
    """The same, after the person pressed «I am here»."""
    async with conn.transaction():
        answered_at, now = await presence_of(conn, session)
        answered_at = presence.answer(answered_at, now)
        await conn.execute("UPDATE session SET answered_at = %s WHERE id = %s", (answered_at, session))
    return answered_at, now


async def staffed(conn: Connection) -> dict[int | None, list[Person]]:
    """area (None: the whole county, of who has no area) -> who is really at a screen for it now. A level is staffed by
    its own people only: the county's operator does not staff a township."""
    cursor = await conn.execute(
        "SELECT r.area, p.name, p.display, s.answered_at, clock_timestamp(), s.second, r.role "
        "FROM session s JOIN person p ON p.name = s.person JOIN person_role r ON r.person = p.name "
        f"WHERE s.expires_at > now() AND p.disabled_at IS NULL AND {IN_FORCE} AND r.role = ANY(%s) "
        "ORDER BY r.area NULLS FIRST, p.name",
        (sorted(presence.STAFFING),),
    )
    found: dict[int | None, list[Person]] = {}
    for area, name, display, answered_at, now, by_second, role in await cursor.fetchall():
        person = Person(name, display)
        held = scope(person, (Grant(role, area),), 0, by_second).grants
        if held and presence.present(answered_at, now) and person not in found.get(area, []):
            found.setdefault(area, []).append(person)
    return found


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
