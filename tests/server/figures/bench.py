"""How long figures take on a county of 200 villages: `python -m tests.server.figures.bench [INCIDENTS]`. A year of
incidents with their timelines, made by the database from a fixed seed; facts read off them line by line; then the
month's report, a month locked, a year. Nothing is asserted: it is a figure of this machine."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable
from datetime import date
from pathlib import Path
from typing import TypeVar

import psycopg
from heartlamp_server.audit.model import NOWHERE
from heartlamp_server.database.embedded import Embedded
from heartlamp_server.database.migrate import migrate
from heartlamp_server.figures import compute, keep, store
from heartlamp_server.figures.period import Period, period
from heartlamp_server.figures.report import template
from heartlamp_server.figures.report.fields import fields, rows
from heartlamp_server.figures.report.printed import page

from tests.server.figures.past import BEIJING

T = TypeVar("T")
AREAS = """
INSERT INTO area (level, name, code, valid_from) VALUES ('county', '庆丰县', '990101', '2024-01-01');
INSERT INTO area (level, parent, name, code, valid_from)
SELECT 'township', c.id, '镇' || n, c.code || lpad(n::text, 3, '0'), '2024-01-01'
FROM area c, generate_series(1, 20) n WHERE c.level = 'county';
INSERT INTO area (level, parent, name, code, valid_from)
SELECT 'village', t.id, '村' || n, t.code || lpad(n::text, 3, '0'), '2024-01-01'
FROM area t, generate_series(1, 10) n WHERE t.level = 'township';
INSERT INTO area (level, parent, name, code, valid_from)
SELECT 'group', v.id, n || '组', v.code || lpad(n::text, 3, '0'), '2024-01-01'
FROM area v, generate_series(1, 8) n WHERE v.level = 'village';
INSERT INTO site (id, area, name, valid_from)
SELECT 's' || g.id || '-' || n, g.id, n || '号', '2024-01-01'
FROM area g, generate_series(1, 19) n WHERE g.level = 'group';
INSERT INTO device (id, kind, site, last_seen)
SELECT k || s.id, k, s.id, now() FROM site s, unnest(ARRAY['lamp', 'button']) k;
SELECT setseed(0.5);
"""
INCIDENTS = """
INSERT INTO incident (id, site, what, place, opened_at, presses, last_press_at, events, rver, aver, answer, who,
    responders, doubts, cancelled, lit, lit_of, closed_at, closed_by, closed_how)
SELECT 'bench-' || n, homes[1 + n %% cardinality(homes)],
    (ARRAY['panic', 'panic', 'panic', 'fire', 'gas', 'flood', 'silent'])[1 + n %% 7], '{}', at, 1, at, '{}', 1, 1,
    'closed', '', '[]', '{}', false, '{}', 0, at + interval '1 hour', '', 'arrived'
FROM (SELECT array_agg(id ORDER BY id) AS homes FROM site) s, generate_series(%(first)s::int, %(last)s::int) n,
    LATERAL (SELECT timestamptz '2025-09-01 00:00+08' + n * (interval '365 days' / %(many)s::int) AS at) t;
INSERT INTO timeline (incident, at, kind, detail)
SELECT 'bench-' || n, i.opened_at + s * interval '1 s', kind, detail::jsonb
FROM generate_series(%(first)s::int, %(last)s::int) n JOIN incident i ON i.id = 'bench-' || n,
    LATERAL (VALUES (0.0, 'opened', '{"what": "' || i.what || '"}'),
        (3 + random() * 9, 'told', '{"state": "rang"}'),
        (10 + random() * 90, 'answer', '{"who": "a", "answer": "accepted"}'),
        (60 + random() * 200, 'answer', '{"who": "b", "answer": "coming", "device": "x"}'),
        (120 + random() * 400, 'answer', '{"who": "b", "answer": "arrived", "device": "lamp' || i.site || '"}'),
        (900 + random() * 9000, CASE WHEN n %% 9 = 0 THEN 'false' ELSE 'closed' END,
            '{"who": "a", "by": "a", "how": "arrived"}'),
        (20000.0, 'evaluated', '{"marks": ' || n %% 6 || '}')) AS l (s, kind, detail)
WHERE kind <> 'evaluated' OR n %% 4 = 0;
"""


READ = 20_000
"""Incidents whose timelines are written and read; of the others the facts are copies of theirs, at other times."""
COPIES = """
INSERT INTO incident (id, site, what, place, opened_at, presses, last_press_at, events, rver, aver, answer, who,
    responders, doubts, cancelled, lit, lit_of, closed_at, closed_by, closed_how)
SELECT id || '-' || %(k)s::int, site, what, place, opened_at + %(k)s::int * interval '97 seconds', presses,
    last_press_at, events, rver, aver, answer, who, responders, doubts, cancelled, lit, lit_of, closed_at, closed_by,
    closed_how
FROM incident WHERE id NOT LIKE 'bench-%%-%%' ORDER BY opened_at;
INSERT INTO figure_fact SELECT (jsonb_populate_record(f, jsonb_build_object('incident', incident || '-' || %(k)s::int,
    'began_at', began_at + %(k)s::int * interval '97 seconds'))).*
FROM figure_fact f WHERE incident NOT LIKE 'bench-%%-%%' ORDER BY began_at;
"""


def say(what: str, seconds: float, more: str = "") -> None:
    print(f"  {what:<58}{seconds:>9.2f} s  {more}", flush=True)


async def timed(what: str, work: Awaitable[T], more: str = "") -> T:
    began = time.perf_counter()
    found = await work
    say(what, time.perf_counter() - began, more)
    return found


async def figures(conn: keep.Connection, area: store.Area, of: Period) -> compute.Told:
    told = await compute.told(conn, area, of, BEIJING, True)
    assert told is not None
    return told


async def measure(conninfo: str, many: int) -> None:
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as conn:
        await conn.execute(AREAS)
        began, read = time.perf_counter(), min(many, READ)
        for statement in INCIDENTS.split(";\n")[:2]:
            await conn.execute(statement, {"first": 1, "last": read, "many": read})
        say(f"{read:,} incidents with their timelines made", time.perf_counter() - began)
        await conn.execute("ANALYZE")
        began = time.perf_counter()
        changed = await keep.refresh(conn, BEIJING)
        seconds = time.perf_counter() - began
        say("their facts read off the timelines", seconds, f"{changed / seconds:,.0f} incidents/s")
        began = time.perf_counter()
        for k in range(1, many // read):
            for statement in COPIES.split(";\n")[:2]:
                await conn.execute(statement, {"k": k})
        await conn.execute("VACUUM ANALYZE figure_fact")
        say(f"{many:,} incidents with their facts", time.perf_counter() - began)
        await timed("nothing new", keep.refresh(conn, BEIJING))
        county = await store.area(conn, await store.top(conn) or 0)
        assert county is not None
        month, year = period("month", date(2026, 8, 1)), period("year", date(2026, 1, 1))
        for _ in range(2):
            told = await timed(
                "a month of the county and its townships, last year's beside it",
                figures(conn, county, month),
            )
        print(f"    of {told.own.values['alarms'].value:,} alarms in {len(told.below)} townships", flush=True)
        began = time.perf_counter()
        told = await figures(conn, county, month)
        await template.fill(b"", fields(told, BEIJING, NOWHERE, ""), rows(told))
        say("the month's report into the form (XLSX), all in all", time.perf_counter() - began)
        began = time.perf_counter()
        page(await figures(conn, county, month), BEIJING, NOWHERE, "", "zh")
        say("the same as a page to print", time.perf_counter() - began)
        village = (await store.below(conn, (await store.below(conn, county.id, month))[0].id, month))[0]
        await timed("a month of a village and its groups", figures(conn, village, month))
        told = await timed("a year of the county and its townships", figures(conn, county, year))
        print(f"    of {told.own.values['alarms'].value:,} alarms", flush=True)
        async with conn.transaction():
            await timed(
                "a month locked for 1,821 areas, each with and without silent alarms",
                compute.locked(conn, county, date(2026, 8, 1), BEIJING, "op", ""),
            )
        await timed("the locked month read", figures(conn, county, month))


def main(many: int) -> None:
    print(f"figures: load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    with tempfile.TemporaryDirectory(prefix="heartlamp-figures-") as folder:
        embedded = Embedded(Path(folder) / "postgres")
        embedded.ensure_running()
        try:
            migrate(embedded.conninfo)
            asyncio.run(measure(embedded.conninfo, many))
        finally:
            embedded.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
