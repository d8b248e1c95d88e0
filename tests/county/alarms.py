"""Every call of the county's past, day by day in the order of time, by as many processes as the machine has cores."""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import psycopg
from heartlamp_server.config import Figures
from heartlamp_server.figures.fact import Opened, fact
from heartlamp_server.figures.keep import COLUMNS, row
from heartlamp_server.figures.period import local_day
from heartlamp_server.incident.store import to_row

from tests.county.bulk import Bare, Connection, bar, copy
from tests.county.places import Areas
from tests.county.size import Site, Size
from tests.county.stories import Day, Telling

TABLES = ("incident", "timeline", "event", "note", "figure_fact")
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
    conn.execute("UPDATE figure_mark SET proven = (SELECT coalesce(max(id), 0) FROM timeline)")


_telling: Telling
_conn: Connection
_areas: Areas
_sites: dict[str, Site]
_zone = Figures().zone


def _begin(dsn: str, size: Size) -> None:
    global _telling, _conn, _areas, _sites
    _telling = Telling(size)
    _areas, _sites = Areas(size), {site.id: site for site in size.sites}
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
    copy(conn, "figure_fact", COLUMNS, _facts(day))


def _facts(day: Day) -> Iterator[list[Any]]:
    """What the county reads off the timelines, which would take it an hour. Nobody was re-zoned here."""
    lines: dict[str, list[Any]] = {}
    for e in day.entries:
        lines.setdefault(e.incident, []).append((e.at, e.kind, e.detail))
    for i in day.incidents:
        site = _sites[i.site]
        opened = Opened(i.id, i.site, i.what, i.opened_at, i.source, frozenset(d.id for d in site.devices))
        found = fact(opened, lines[i.id])
        made = row(found, _areas.above(site, local_day(found.began_at, _zone)))
        yield [made[name] for name in COLUMNS]


def _incidents(day: Day) -> Iterator[list[Any]]:
    for incident in day.incidents:
        row = to_row(incident)
        for name in _JSON:
            row[name] = json.dumps(row[name], ensure_ascii=False)
        for name in ("events", "doubts", "lit"):
            row[name] = list(row[name])
        yield list(row.values())
