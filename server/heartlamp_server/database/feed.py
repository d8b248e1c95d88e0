"""The log that screens follow. Its sequence is assigned under one row's lock, as the last thing in a transaction: who
sees number N committed sees every lower one, so a reader's cursor never skips."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

CHANNEL = "heartlamp_feed"

_APPEND = """
WITH head AS (UPDATE feed_head SET seq = seq + %(count)s RETURNING seq)
INSERT INTO feed (seq, kind, data)
SELECT head.seq - %(count)s + row.number, row.kind, row.data
FROM head, unnest(%(kinds)s::text[], %(data)s::text[]) WITH ORDINALITY AS row (kind, data, number)
RETURNING seq, kind, data
"""

Row = tuple[int, str, str]
"""(seq, kind, data as JSON text)"""


@dataclass(frozen=True, slots=True)
class Done:
    """What a committed transaction is to wake: screens for these rows, the streams of these gateways."""

    feed: list[Row]
    gateways: list[str]


async def append(conn: psycopg.AsyncConnection[Any], rows: Sequence[tuple[str, str]]) -> psycopg.AsyncCursor[Any]:
    """Adds (kind, JSON text) rows; call it last before COMMIT. The cursor returns the Rows."""
    kinds, data = [r[0] for r in rows], [r[1] for r in rows]
    return await conn.execute(_APPEND, {"count": len(rows), "kinds": kinds, "data": data})


async def after(conn: psycopg.AsyncConnection[Any], seq: int) -> list[Row]:
    """Rows with a higher number, in order."""
    cursor = await conn.execute("SELECT seq, kind, data FROM feed WHERE seq > %s ORDER BY seq LIMIT 1000", (seq,))
    return await cursor.fetchall()


async def bounds(conn: psycopg.AsyncConnection[Any]) -> tuple[int, int]:
    """(lowest number still kept or head + 1, head)."""
    cursor = await conn.execute("SELECT coalesce((SELECT min(seq) FROM feed), seq + 1), seq FROM feed_head")
    row = await cursor.fetchone()
    return (row[0], row[1]) if row else (1, 0)
