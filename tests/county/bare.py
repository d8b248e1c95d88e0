"""What the same rows cost PostgreSQL alone: the rows that a batch of alarms made, read back and written again by one
connection with one statement a table, under the same indexes and foreign keys, a COMMIT for each request. No HTTP, no
parsing, no MAC, no rule, no question, no lock, no notification, and nothing in the tables before."""

import json
import time
from collections.abc import Sequence
from typing import Any

import psycopg

OPTIONS = "-c plan_cache_mode=force_generic_plan -c jit=off"  # as the server's pool
_READ = ("incident", "timeline", "event")
_TABLES = (*_READ, "command", "feed", "course_wanted")
_INSERT = {
    table: f"INSERT INTO bare_{table} SELECT * FROM jsonb_populate_recordset(NULL::bare_{table}, %s::jsonb)"
    for table in _TABLES
}


Rows = list[tuple[str, str]]
"""(table, its rows as JSON) of one batch."""


def rows(conninfo: str, in_one: int, many: int) -> list[Rows]:
    """Of incidents that are open: those that the server took in just before."""
    with psycopg.connect(conninfo, autocommit=True) as conn:
        newest = "SELECT id FROM incident WHERE closed_at IS NULL ORDER BY opened_at DESC, id LIMIT %s"
        ids = [row[0] for row in conn.execute(newest, (many,))]
        return [_rows(conn, ids[n : n + in_one]) for n in range(0, len(ids) - in_one + 1, in_one)]


def measure(conninfo: str, batches: Sequence[Rows], in_one: int) -> float:
    """Alarms a second."""
    with psycopg.connect(conninfo, autocommit=True, prepare_threshold=0, options=OPTIONS) as conn:
        _drop(conn)
        for table in _TABLES:
            _copy(conn, table)
        began = time.perf_counter()
        for batch in batches:
            with conn.pipeline():
                conn.execute("BEGIN")
                for table, those in batch:
                    conn.execute(_INSERT[table], (those,))
                conn.execute("COMMIT")
        took = time.perf_counter() - began
        _drop(conn)
    return len(batches) * in_one / took


def _drop(conn: psycopg.Connection[Any]) -> None:
    conn.execute(f"DROP TABLE IF EXISTS {', '.join(f'bare_{table}' for table in _TABLES)}")


def _copy(conn: psycopg.Connection[Any], table: str) -> None:
    """Empty; what refers to one of these tables refers to its copy."""
    conn.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING INDEXES INCLUDING DEFAULTS)")
    for name, of, definition in conn.execute(
        "SELECT conname, confrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE contype = 'f' AND conrelid = %s::regclass",
        (table,),
    ).fetchall():
        if of in _TABLES:
            definition = definition.replace(f"REFERENCES {of}(", f"REFERENCES bare_{of}(")
        conn.execute(f"ALTER TABLE bare_{table} ADD CONSTRAINT bare_{name} {definition}")


_KEY = {"incident": "id", "timeline": "incident", "event": "incident"}


def _rows(conn: psycopg.Connection[Any], ids: Sequence[str]) -> Rows:
    found = []
    for table in _READ:
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
    found.append(("course_wanted", json.dumps([{"incident": id, "at": "2026-01-01T00:00:00Z"} for id in ids])))
    return found
