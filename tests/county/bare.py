"""What the same rows cost PostgreSQL alone: the rows that a batch of alarms made, read back and written again by one
connection with one statement a table, and committed. No HTTP, no parsing, no MAC, no rule."""

import json
import time
from collections.abc import Sequence
from typing import Any

import psycopg

OPTIONS = "-c plan_cache_mode=force_generic_plan -c jit=off"  # as the server's pool
_TABLES = ("incident", "timeline", "event")
_INSERT = {
    table: f"INSERT INTO bare_{table} SELECT * FROM jsonb_populate_recordset(NULL::bare_{table}, %s::jsonb)"
    for table in (*_TABLES, "command", "feed")
}


def measure(conninfo: str, in_one: int, many: int) -> float:
    """Alarms a second. Of incidents that are open: those that the server took in just before."""
    with psycopg.connect(conninfo, autocommit=True, prepare_threshold=0, options=OPTIONS) as conn:
        ids = [
            row[0]
            for row in conn.execute(
                "SELECT id FROM incident WHERE closed_at IS NULL ORDER BY opened_at DESC, id LIMIT %s", (many,)
            )
        ]
        for table in (*_TABLES, "command", "feed"):
            conn.execute(f"DROP TABLE IF EXISTS bare_{table}")
            conn.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING INDEXES INCLUDING DEFAULTS)")
        batches = [_rows(conn, ids[n : n + in_one]) for n in range(0, len(ids) - in_one + 1, in_one)]
        began = time.perf_counter()
        for batch in batches:
            with conn.pipeline():
                conn.execute("BEGIN")
                for table, rows in batch:
                    conn.execute(_INSERT[table], (rows,))
                conn.execute("COMMIT")
        took = time.perf_counter() - began
        for table in (*_TABLES, "command", "feed"):
            conn.execute(f"DROP TABLE bare_{table}")
    return len(batches) * in_one / took


_KEY = {"incident": "id", "timeline": "incident", "event": "incident"}


def _rows(conn: psycopg.Connection[Any], ids: Sequence[str]) -> list[tuple[str, str]]:
    found = []
    for table in _TABLES:
        row = conn.execute(
            f"SELECT coalesce(jsonb_agg(t), '[]') FROM {table} t WHERE {_KEY[table]} = ANY(%s)", (list(ids),)
        ).fetchone()
        assert row is not None
        found.append((table, json.dumps(row[0])))
    row = conn.execute(
        "SELECT coalesce(jsonb_agg(t), '[]') FROM command t WHERE kind = 'incident' AND about = ANY(%s)", (list(ids),)
    ).fetchone()
    assert row is not None
    found.append(("command", json.dumps(row[0])))
    row = conn.execute("SELECT nextval('timeline_id_seq')").fetchone()
    assert row is not None
    first = int(row[0]) * 1000
    data = "x" * 1200  # a card
    feed = [{"seq": first + n, "kind": "incident", "data": data, "at": "2026-01-01T00:00:00Z"} for n in range(len(ids))]
    found.append(("feed", json.dumps(feed)))
    return found
