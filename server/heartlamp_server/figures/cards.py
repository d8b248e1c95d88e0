"""SIM cards of villages and what they cost, as rows: written down by hand, for no provider tells us."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import psycopg

Connection = psycopg.AsyncConnection[Any]

FIELDS = ("village", "label", "payer", "balance_fen", "balance_on", "expires_on", "megabytes", "ended_on")
_PUT = f"""
INSERT INTO sim_card ({", ".join(FIELDS)}, changed_by) VALUES ({", ".join(f"%({f})s" for f in FIELDS)}, %(by)s)
ON CONFLICT (village, label) DO UPDATE SET ({", ".join(FIELDS[2:])}, changed_by, changed_at)
    = ({", ".join(f"EXCLUDED.{f}" for f in FIELDS[2:])}, EXCLUDED.changed_by, now())
RETURNING id
"""
_LIST = f"""
SELECT c.id, {", ".join(f"c.{f}" for f in FIELDS)}, a.name,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(m.month, m.cost_fen, m.megabytes) ORDER BY m.month DESC), '[]')
     FROM (SELECT * FROM sim_month WHERE card = c.id ORDER BY month DESC LIMIT 24) m)
FROM sim_card c JOIN area a ON a.id = c.village WHERE %s ORDER BY a.code, a.name, c.label LIMIT 5000
"""


async def put(conn: Connection, card: dict[str, Any], by: str) -> int:
    """One of the same village and label is changed. Its number."""
    row = await (await conn.execute(_PUT, {**card, "by": by})).fetchone()
    assert row is not None
    return int(row[0])


async def village_of(conn: Connection, card: int) -> int | None:
    row = await (await conn.execute("SELECT village FROM sim_card WHERE id = %s", (card,))).fetchone()
    return row[0] if row else None


async def put_month(conn: Connection, card: int, month: date, cost_fen: int, megabytes: int, by: str) -> None:
    await conn.execute(
        "INSERT INTO sim_month (card, month, cost_fen, megabytes, changed_by) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT (card, month) DO UPDATE SET (cost_fen, megabytes, changed_by, changed_at) "
        "= (EXCLUDED.cost_fen, EXCLUDED.megabytes, EXCLUDED.changed_by, now())",
        (card, month.replace(day=1), cost_fen, megabytes, by),
    )


async def cards(conn: Connection, inside: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    """`inside`: SQL over `c.village`."""
    cursor = await conn.execute(_LIST.replace("%s", inside), values)
    return [_card(row) for row in await cursor.fetchall()]


def _card(row: Sequence[Any]) -> dict[str, Any]:
    months = [{"month": m, "cost_fen": fen, "megabytes": mb} for m, fen, mb in row[-1]]
    return {"id": row[0], **dict(zip(FIELDS, row[1:-2], strict=True)), "village_name": row[-2], "months": months}
