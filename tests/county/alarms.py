"""Every call of the county's past, day by day in the order of time, by as many processes as the machine has cores."""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import psycopg
from heartlamp_server.incident.store import to_row

from tests.county.bulk import Bare, Connection, bar, copy
from tests.county.size import Size
from tests.county.stories import Day, Telling

TABLES = ("incident", "timeline", "event", "note")
_EVENT = (
    "id", "incident", "refers_to", "kind", "detail", "device", "kv", "boot", "seq", "up", "verified", "mac", "body",
    "gateway", "received_at", "observed_at",
)  # fmt: skip
_NOTE = ("id", "gateway", "incident", "what", "subject", "at", "refers_to")
_JSON = ("place", "responders", "after")


def fill(conn: Connection, size: Size) -> None:
    with Bare(conn, TABLES):
        told = 0
        with ProcessPoolExecutor(
            os.cpu_count(), get_context("spawn"), initializer=_begin, initargs=(conn.info.dsn, size)
        ) as pool:
            for many in pool.map(_tell, range(size.days)):
                told += many
                bar("alarms", told, size.alarms)


_telling: Telling
_conn: Connection


def _begin(dsn: str, size: Size) -> None:
    global _telling, _conn
    _telling = Telling(size)
    _conn = psycopg.connect(dsn, autocommit=True)
    _conn.execute("SET synchronous_commit = off")


def _tell(n: int) -> int:
    """How many alarms that day had."""
    day = _telling.day(n)
    with _conn.transaction():
        _store(_conn, day)
    return sum(1 for e in day.events if e.kind == "alarm")


def _store(conn: Connection, day: Day) -> None:
    if not day.incidents:
        return
    copy(conn, "incident", list(to_row(day.incidents[0])), _incidents(day))
    copy(
        conn,
        "timeline",
        ("incident", "at", "kind", "detail"),
        ((e.incident, e.at, e.kind, json.dumps(e.detail, ensure_ascii=False)) for e in day.entries),
    )
    copy(conn, "event", _EVENT, ([getattr(e, name) for name in _EVENT] for e in day.events))
    copy(conn, "note", _NOTE, ((*note, note[2]) for note in day.notes))


def _incidents(day: Day) -> Iterator[list[Any]]:
    for incident in day.incidents:
        row = to_row(incident)
        for name in _JSON:
            row[name] = json.dumps(row[name], ensure_ascii=False)
        for name in ("events", "doubts", "lit"):
            row[name] = list(row[name])
        yield list(row.values())
