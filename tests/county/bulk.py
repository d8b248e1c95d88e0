"""Many rows at once: COPY into tables whose indexes and references are made afterwards."""

import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import psycopg
from psycopg import sql

Connection: TypeAlias = psycopg.Connection[Any]


def copy(conn: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """How many."""
    many = 0
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with conn.cursor() as cursor, cursor.copy(into) as out:
        for row in rows:
            out.write_row(row)
            many += 1
    return many


_REFERENCES = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
    format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])
"""
_INDEXES = """
SELECT format('DROP INDEX %%s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
FROM pg_index i WHERE i.indrelid = ANY(%s::regclass[])
    AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x'))
"""


class Bare:
    """Tables without indexes and references while they are filled; both are as before afterwards. A run that is broken
    off leaves them bare, and the folder of no use."""

    def __init__(self, conn: Connection, tables: Sequence[str]) -> None:
        self._conn, self._tables = conn, list(tables)
        self._after: list[str] = []

    def __enter__(self) -> None:
        for query in (_REFERENCES, _INDEXES):
            for drop, make in self._conn.execute(query, (self._tables,)).fetchall():
                self._conn.execute(drop)
                self._after.insert(0, make)

    def __exit__(self, failed: object, *_: object) -> None:
        if failed:
            return
        for n, make in enumerate(self._after):
            bar("indexes, references", n, len(self._after))
            self._conn.execute(make)
        bar("indexes, references", len(self._after), len(self._after))


_said: dict[str, float] = {}


def bar(what: str, done: int, of: int) -> None:
    """Of one line on a terminal, and now and then a line elsewhere."""
    began = _said.setdefault(what, time.monotonic())
    seconds = time.monotonic() - began
    terminal = sys.stderr.isatty()
    if not terminal and done < of:
        shown = _said.get(f"{what} shown", began)
        if time.monotonic() - shown < 15:
            return
        _said[f"{what} shown"] = time.monotonic()
    blocks = 24 * done // max(1, of)
    line = f"· {what:<22} [{'#' * blocks}{'·' * (24 - blocks)}] {done:>9,} of {of:,}  {seconds:5.0f} s"
    print(line, end="\r" if terminal and done < of else "\n", file=sys.stderr, flush=True)
