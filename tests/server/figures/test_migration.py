"""The schema's step 0014 on a county that was there before it."""

import asyncio
from collections.abc import Callable

import psycopg
from alembic import command
from alembic.script import ScriptDirectory
from heartlamp_server.figures import keep

from tests.server.figures.past import BEIJING
from tests.server.matter.test_migration import config


def test_alarms_of_before_come_into_the_figures(empty_database: Callable[[], str]) -> None:
    conninfo = empty_database()
    settings = config(conninfo)
    before = ScriptDirectory.from_config(settings).get_revision("0014").down_revision
    assert isinstance(before, str)
    command.upgrade(settings, before)
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("INSERT INTO area (parent, level, name) VALUES (NULL, 'county', '庆丰县')")
        conn.execute("INSERT INTO site (id, area, name) SELECT 's1', id, '三组 7号' FROM area")
        conn.execute("""
            INSERT INTO incident (id, site, what, place, opened_at, presses, last_press_at, events, rver, aver, answer,
                who, responders, doubts, cancelled, lit, lit_of, closed_by, closed_how)
            VALUES ('lamp1-1', 's1', 'fire', '{}', '2026-08-12T01:00Z', 1, now(), '{}', 1, 0, 'none', '', '[]', '{}',
                false, '{}', 0, '', '')
        """)
        conn.execute("""INSERT INTO timeline (incident, at, kind, detail)
            VALUES ('lamp1-1', '2026-08-12T01:00Z', 'opened', '{"what": "fire"}')""")
    command.upgrade(settings, "0014")

    async def refresh() -> int:
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as conn:
            return await keep.refresh(conn, BEIJING)

    assert asyncio.run(refresh()) == 1
    with psycopg.connect(conninfo) as conn:
        found = conn.execute("SELECT what, cardinality(areas), ended FROM figure_fact").fetchall()
    assert found == [("fire", 1, "")]
