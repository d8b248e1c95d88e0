"""The log and its chain as rows. `look` and `record` are the hooks of every other part."""

import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import psycopg

from heartlamp_server.audit.model import NOWHERE, Head, Row, Value, check
from heartlamp_server.database.embedded import DatabaseError

Connection: TypeAlias = psycopg.AsyncConnection[Any]

log = logging.getLogger("heartlamp.audit")

AGAIN = timedelta(minutes=5)

_RECORD = """
INSERT INTO audit (who, what, about, site, detail)
SELECT %(who)s::text, %(what)s::text, %(about)s::text, %(site)s::text, %(detail)s::jsonb
"""
_UNLESS = """
WHERE NOT EXISTS (SELECT FROM audit WHERE who = %(who)s AND what = %(what)s AND about = %(about)s
    AND at > clock_timestamp() - %(again)s::interval)
"""


class NotWritten(DatabaseError):
    """The log refused a row: what it speaks of shall not be shown, and shall not have happened."""


async def record(conn: Connection, who: str, what: str, about: str, site: str = "", **detail: Value) -> None:
    """Writes down what somebody changed or decided; call it in the transaction of that. It fails with the log, and then
    nothing shall have happened. `detail`: ids and words of the program only. Raises ValueError for anything else."""
    await _write(conn, _RECORD, _values(who, what, about, site, detail))


async def look(conn: Connection, who: str, what: str, id: str, site: str = "") -> None:
    """Writes down what somebody sees; call it before it is read, and show nothing where it fails."""
    await _write(conn, _RECORD, _values(who, what, id, site, {}))


async def glance(conn: Connection, who: str, what: str, id: str = "", site: str = "") -> None:
    """A look at what a screen asks for again and again by itself: one row for AGAIN of it."""
    await _write(conn, _RECORD + _UNLESS, _values(who, what, id, site, {}) | {"again": AGAIN})


async def _write(conn: Connection, statement: str, values: dict[str, Any]) -> None:
    try:
        await conn.execute(statement, values)
    except psycopg.OperationalError:
        raise  # the store is away
    except psycopg.Error as error:
        log.error("the audit log refused a row, so nothing was shown or changed: %s", error)
        raise NotWritten(f"the audit log refused a row, so nothing was changed: {error}") from error


def _values(who: str, what: str, about: str, site: str, detail: dict[str, Value]) -> dict[str, Any]:
    check(Row(datetime.min, who, what, about, site, detail))
    return {"who": who, "what": what, "about": about, "site": site, "detail": json.dumps(detail)}


# --- the chain ------------------------------------------------------------------------------------------------------

# One at a time, of however many processes; it ends with the transaction.
_ALONE = "SELECT pg_try_advisory_xact_lock(hashtext('audit chain'))"
_TAKE = """
WITH taken AS (
    DELETE FROM audit_waiting WHERE entry IN (SELECT entry FROM audit_waiting ORDER BY entry LIMIT %s) RETURNING entry
)
SELECT a.id, a.at, a.who, a.what, a.about, a.site, a.detail FROM taken t JOIN audit a ON a.id = t.entry
WHERE NOT EXISTS (SELECT FROM audit_seal s WHERE s.entry = t.entry) ORDER BY a.id
"""
_ADD = "INSERT INTO audit_seal (seq, entry, hash) SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[])"


async def alone(conn: Connection) -> bool:
    """Whether this transaction is the one that seals."""
    row = await (await conn.execute(_ALONE)).fetchone()
    return bool(row and row[0])


async def take(conn: Connection, most: int) -> tuple[datetime, list[tuple[int, Row]]]:
    """(the database's time, rows that wait, in the order they were written in, and wait no more). What waits though it
    has its place, or is of no row, as after a restore of the data alone, just goes."""
    found = await (await conn.execute(_TAKE, (most,))).fetchall()
    clock = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert clock is not None
    return clock[0], [(row[0], Row(*row[1:])) for row in found]


async def end(conn: Connection) -> Head:
    row = await (await conn.execute("SELECT seq, hash FROM audit_seal ORDER BY seq DESC LIMIT 1")).fetchone()
    return Head(row[0], bytes(row[1])) if row else NOWHERE


async def hash_at(conn: Connection, n: int) -> bytes | None:
    row = await (await conn.execute("SELECT hash FROM audit_seal WHERE seq = %s", (n,))).fetchone()
    return bytes(row[0]) if row else None


async def add(conn: Connection, entries: list[tuple[int, Head]], at: datetime, signature: bytes) -> None:
    """`entries`: (id of the row, the chain's head after it); `signature`: of the last of them, signed at `at`."""
    columns = [list(c) for c in zip(*((head.n, id, head.hash) for id, head in entries), strict=True)]
    await conn.execute(_ADD, columns)
    await conn.execute(
        "INSERT INTO audit_head (seq, at, signature) VALUES (%s, %s, %s)", (entries[-1][1].n, at, signature)
    )


@dataclass(frozen=True, slots=True)
class Signed:
    """The newest head. `waiting`: rows not yet in the chain, the oldest since `waiting_since`."""

    head: Head
    at: datetime | None
    signature: bytes
    waiting: int
    waiting_since: datetime | None


_NEWEST = """
SELECT s.seq, s.hash, h.at, h.signature, w.many, (SELECT at FROM audit WHERE id = w.oldest)
FROM (SELECT count(*) AS many, min(entry) AS oldest FROM audit_waiting) w
LEFT JOIN (SELECT seq, hash FROM audit_seal ORDER BY seq DESC LIMIT 1) s ON true LEFT JOIN audit_head h USING (seq)
"""


async def newest(conn: Connection) -> Signed:
    row = await (await conn.execute(_NEWEST)).fetchone()
    assert row is not None
    head = Head(row[0], bytes(row[1])) if row[0] else NOWHERE
    return Signed(head, row[2], bytes(row[3] or b""), row[4], row[5])


# --- reading --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """ "" stands for any. `before`: rows with a lower id only."""

    who: str = ""
    what: str = ""
    about: str = ""
    site: str = ""
    before: int | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """`n` and `hash`: None while it waits for its place in the chain."""

    id: int
    row: Row
    n: int | None
    hash: bytes | None


_ENTRIES = "SELECT a.id, s.seq, s.hash, a.at, a.who, a.what, a.about, a.site, a.detail FROM audit a "


async def entries(conn: Connection, wanted: Wanted) -> list[Entry]:
    """Newest first."""
    given = {name: getattr(wanted, name) for name in ("who", "what", "about", "site")}
    where = [f"a.{name} = %({name})s" for name, value in given.items() if value]
    where += ["a.id < %(before)s"] if wanted.before is not None else []
    cursor = await conn.execute(
        _ENTRIES
        + "LEFT JOIN audit_seal s ON s.entry = a.id "
        + (f"WHERE {' AND '.join(where)} " if where else "")
        + "ORDER BY a.id DESC LIMIT %(limit)s",
        given | {"before": wanted.before, "limit": wanted.limit},
    )
    return [Entry(r[0], Row(*r[3:]), r[1], bytes(r[2]) if r[2] else None) for r in await cursor.fetchall()]
