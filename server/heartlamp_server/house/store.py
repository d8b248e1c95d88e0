"""Codes, paired phones and reported faults as rows."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import psycopg

from heartlamp_server.house.model import PAIRED_DAYS, WINDOW, fresh_code

Connection: TypeAlias = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Pairing:
    id: int
    site: str
    agent: str
    began_at: datetime
    until: datetime
    paired_at: datetime | None
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Fault:
    """`times`: how often it was reported while it was open."""

    id: int
    site: str
    what: str
    words: str
    source: str
    times: int
    first_at: datetime
    last_at: datetime
    site_name: str
    where: str


_PAIRING = "id, site, agent, began_at, until, paired_at, seen_at"
_FAULT = (
    "f.id, f.site, f.what, f.words, f.source, f.times, f.first_at, f.last_at, s.name, concat_ws(' ', v.name, a.name)"
)


async def now(conn: Connection) -> datetime:
    row = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert row is not None
    at: datetime = row[0]
    return at


# --- codes ----------------------------------------------------------------------------------------------------------


async def code_of(conn: Connection, site: str) -> str | None:
    row = await (
        await conn.execute("SELECT code FROM site_code WHERE site = %s AND ended_at IS NULL", (site,))
    ).fetchone()
    return row[0] if row else None


async def new_code(conn: Connection, site: str, by: str) -> str:
    """In a transaction. The former one ends, and with it every phone that was paired by it."""
    await conn.execute("SELECT FROM site WHERE id = %s FOR NO KEY UPDATE", (site,))
    await conn.execute(
        "UPDATE site_code SET ended_at = clock_timestamp() WHERE site = %s AND ended_at IS NULL", (site,)
    )
    await end_pairings(conn, site, by)
    code = fresh_code()
    await conn.execute("INSERT INTO site_code (code, site, made_by) VALUES (%s, %s, %s)", (code, site, by))
    return code


async def site_of(conn: Connection, code: str) -> str | None:
    row = await (
        await conn.execute("SELECT site FROM site_code WHERE code = %s AND ended_at IS NULL", (code,))
    ).fetchone()
    return row[0] if row else None


async def tried(conn: Connection, who: str, most: int, minutes: int) -> bool:
    """Counts one more. False: there were too many within so many minutes."""
    await conn.execute("DELETE FROM house_try WHERE at < now() - interval '1 day'")
    row = await (
        await conn.execute(
            "SELECT count(*) FROM house_try WHERE who = %s AND at > now() - make_interval(mins => %s)", (who, minutes)
        )
    ).fetchone()
    if row is None or row[0] >= most:
        return False
    await conn.execute("INSERT INTO house_try (who) VALUES (%s)", (who,))
    return True


# --- paired phones --------------------------------------------------------------------------------------------------


async def begin_pairing(conn: Connection, site: str, agent: str) -> tuple[str, datetime] | None:
    """In a transaction: (the phone's token, until when a press pairs it). None: another phone waits for a press there:
    one press shall not let in two."""
    await conn.execute("SELECT FROM site WHERE id = %s FOR NO KEY UPDATE", (site,))
    cursor = await conn.execute(
        "SELECT FROM pairing WHERE site = %s AND paired_at IS NULL AND ended_at IS NULL AND until > clock_timestamp()",
        (site,),
    )
    if await cursor.fetchone() is not None:
        return None
    token = secrets.token_urlsafe(24)
    row = await (
        await conn.execute(
            "INSERT INTO pairing (site, token, agent, until) VALUES (%s, %s, %s, clock_timestamp() + %s) "
            "RETURNING until",
            (site, _hash(token), agent, WINDOW),
        )
    ).fetchone()
    assert row is not None
    return token, row[0]


async def pairing_of(conn: Connection, site: str, token: str) -> Pairing | None:
    """Paired or waiting; None: it was revoked, has not been seen for too long, or there is none."""
    cursor = await conn.execute(
        f"SELECT {_PAIRING} FROM pairing WHERE site = %s AND token = %s AND ended_at IS NULL "
        "AND (paired_at IS NULL OR coalesce(seen_at, paired_at) > now() - make_interval(days => %s))",
        (site, _hash(token), PAIRED_DAYS),
    )
    row = await cursor.fetchone()
    return Pairing(*row) if row else None


async def paired(conn: Connection, id: int, press: str) -> bool:
    """False: this press has paired a phone before."""
    cursor = await conn.execute(
        "UPDATE pairing SET paired_at = clock_timestamp(), seen_at = clock_timestamp(), press = %(press)s "
        "WHERE id = %(id)s AND paired_at IS NULL AND ended_at IS NULL "
        "AND NOT EXISTS (SELECT FROM pairing p WHERE p.press = %(press)s)",
        {"id": id, "press": press},
    )
    return cursor.rowcount == 1


async def seen(conn: Connection, id: int) -> None:
    await conn.execute(
        "UPDATE pairing SET seen_at = now() WHERE id = %s AND seen_at < now() - interval '5 minutes'", (id,)
    )


async def phones(conn: Connection, site: str) -> list[Pairing]:
    cursor = await conn.execute(
        f"SELECT {_PAIRING} FROM pairing WHERE site = %s AND paired_at IS NOT NULL AND ended_at IS NULL "
        "AND coalesce(seen_at, paired_at) > now() - make_interval(days => %s) ORDER BY paired_at",
        (site, PAIRED_DAYS),
    )
    return [Pairing(*row) for row in await cursor.fetchall()]


async def end_pairing(conn: Connection, site: str, id: int, by: str) -> bool:
    cursor = await conn.execute(
        "UPDATE pairing SET ended_at = clock_timestamp(), ended_by = %s "
        "WHERE id = %s AND site = %s AND ended_at IS NULL",
        (by, id, site),
    )
    return cursor.rowcount == 1


async def end_pairings(conn: Connection, site: str, by: str) -> None:
    await conn.execute(
        "UPDATE pairing SET ended_at = clock_timestamp(), ended_by = %s WHERE site = %s AND ended_at IS NULL",
        (by, site),
    )


# --- faults ---------------------------------------------------------------------------------------------------------


async def report_fault(conn: Connection, site: str, what: str, words: str, source: str) -> int:
    """The open one of this kind, once more, or a new one; its number."""
    row = await (
        await conn.execute(
            "INSERT INTO site_fault AS f (site, what, words, source) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (site, what) WHERE ended_at IS NULL DO UPDATE SET times = f.times + 1, "
            "last_at = clock_timestamp(), words = CASE WHEN EXCLUDED.words <> '' THEN EXCLUDED.words ELSE f.words END "
            "RETURNING id",
            (site, what, words, source),
        )
    ).fetchone()
    assert row is not None
    id: int = row[0]
    return id


async def faults(conn: Connection, where: str, values: dict[str, Any]) -> list[Fault]:
    """Open ones. `where`: a condition over the site `s`."""
    cursor = await conn.execute(
        f"SELECT {_FAULT} FROM site_fault f JOIN site s ON s.id = f.site JOIN area a ON a.id = s.area "
        "LEFT JOIN area v ON v.id = a.parent AND a.level = 'group' "
        f"WHERE f.ended_at IS NULL AND {where} "
        "ORDER BY f.first_at LIMIT 1000",
        values,
    )
    return [Fault(*row) for row in await cursor.fetchall()]


async def fault_site(conn: Connection, id: int) -> str | None:
    row = await (await conn.execute("SELECT site FROM site_fault WHERE id = %s", (id,))).fetchone()
    return row[0] if row else None


async def end_fault(conn: Connection, id: int, by: str) -> bool:
    cursor = await conn.execute(
        "UPDATE site_fault SET ended_at = clock_timestamp(), ended_by = %s WHERE id = %s AND ended_at IS NULL",
        (by, id),
    )
    return cursor.rowcount == 1


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
