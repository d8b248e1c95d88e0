"""The schema's step 0013 on a county that was there before it."""

from collections.abc import Callable
from pathlib import Path

import heartlamp_server.database.migrate as migrate_module
import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory


def config(conninfo: str) -> Config:
    found = Config()
    found.set_main_option("script_location", str(Path(migrate_module.__file__).parent / "migrations"))
    found.attributes["conninfo"] = conninfo
    return found


def test_matters_are_raised_about_areas_and_sites_of_before(empty_database: Callable[[], str]) -> None:
    conninfo = empty_database()
    settings = config(conninfo)
    before = ScriptDirectory.from_config(settings).get_revision("0013").down_revision
    assert isinstance(before, str)
    command.upgrade(settings, before)
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("INSERT INTO area (parent, level, name) VALUES (NULL, 'county', '庆丰县')")
        conn.execute("INSERT INTO site (id, area, name) SELECT 's1', id, '三组 7号' FROM area")
    command.upgrade(settings, "0013")
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("""
            INSERT INTO volunteer_order (service, zh, en, site, area, words, ordered_by, ordered_at, offered_by,
                offered_to, taken_by, done_by, ended, said, given_back, stage)
            SELECT 'V01', '代买药', 'Fetch medicine', id, area, '', '', now(), '', '{}', '', '', '', '', '{}', 'ordered'
            FROM site
        """)
        assert conn.execute("SELECT count(*) FROM volunteer_order").fetchall() == [(1,)]
        assert conn.execute("SELECT count(*) FROM matter_catalogue").fetchall() == [(0,)]  # the shipped one holds
