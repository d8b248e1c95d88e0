"""The log that screens follow. Its sequence is assigned under one row's lock, as the last thing in a transaction: who
sees number N committed sees every lower one, so a reader's cursor never skips."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from heartlamp_server.database import jsons

CHANNEL = "heartlamp_feed"

# One JSON parameter: an array of long texts is escaped by hand in Python, which takes longer than the rest together.
_APPEND = f"""
WITH head AS (UPDATE feed_head SET seq = seq + %(count)s RETURNING seq),
added AS (
    INSERT INTO feed (seq, kind, data)
    SELECT head.seq - %(count)s + row.number, row.pair ->> 0, row.pair ->> 1
    FROM head, jsonb_array_elements(%(rows)s::jsonb) WITH ORDINALITY AS row (pair, number)
)
SELECT seq, pg_notify('{CHANNEL}', '') FROM head
"""

Row = tuple[int, str, str]
"""(seq, kind, data as JSON text)"""


@dataclass(frozen=True, slots=True)
class Done:
    """What a committed transaction is to wake: screens for these rows, the streams of these gateways."""

    feed: list[Row]
    gateways: list[str]


async def append(conn: psycopg.AsyncConnection[Any], rows: Sequence[tuple[str, str]]) -> psycopg.AsyncCursor[Any]:
    """Adds (kind, JSON text) rows; call it last before COMMIT. For `numbered`."""
    return await conn.execute(_APPEND, {"count": len(rows), "rows": jsons.text(rows)})


async def numbered(appended: psycopg.AsyncCursor[Any], rows: Sequence[tuple[str, str]]) -> list[Row]:
    """The rows with the numbers that `append` gave them."""
    head = await appended.fetchone()
    assert head is not None
    return [(head[0] - len(rows) + n, kind, data) for n, (kind, data) in enumerate(rows, 1)]


async def after(conn: psycopg.AsyncConnection[Any], seq: int) -> list[Row]:
    """Rows with a higher number, in order."""
    cursor = await conn.execute("SELECT seq, kind, data FROM feed WHERE seq > %s ORDER BY seq LIMIT 1000", (seq,))
    return await cursor.fetchall()


async def bounds(conn: psycopg.AsyncConnection[Any]) -> tuple[int, int]:
    """(lowest number still kept or head + 1, head)."""
    cursor = await conn.execute("SELECT coalesce((SELECT min(seq) FROM feed), seq + 1), seq FROM feed_head")
    row = await cursor.fetchone()
    return (row[0], row[1]) if row else (1, 0)
