"""The schema goes forward, by step 0011 too, on data of the version before it."""

from collections.abc import Callable
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from heartlamp_server.database import migrate as module
from heartlamp_server.database.migrate import migrate


def at_version(conninfo: str, version: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(module.__file__).parent / "migrations"))
    config.attributes["conninfo"] = conninfo
    command.upgrade(config, version)


def test_commands_and_notes_of_the_former_version_stay_as_they_are(empty_database: Callable[[], str]) -> None:
    conninfo = empty_database()
    at_version(conninfo, "0007")
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("INSERT INTO area (level, name) VALUES ('county', '庆丰县')")
        conn.execute("INSERT INTO gateway (id, village) SELECT 'gwliu1', id FROM area")
        conn.execute(
            "INSERT INTO command (gateway, seq, kind, about, fields) VALUES ('gwliu1', 1, 'registry', '', '{}')"
        )
        conn.execute(
            "INSERT INTO note (id, gateway, refers_to, what, subject, at)"
            " VALUES ('n1', 'gwliu1', '', 'online', 'x', now())"
        )
    migrate(conninfo)
    with psycopg.connect(conninfo, autocommit=True) as conn:
        assert conn.execute("SELECT gateway, seq, kind, not_after FROM command").fetchall() == [
            ("gwliu1", 1, "registry", None)
        ]
        assert conn.execute("SELECT what FROM note").fetchall() == [("online",)]
        assert conn.execute("SELECT count(*) FROM notification").fetchone() == (0,)
