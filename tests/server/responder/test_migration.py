"""The schema's step 0009 on a county that was there before it."""

from collections.abc import Callable
from pathlib import Path

import heartlamp_server.database.migrate as migrate_module
import psycopg
import pytest
from alembic import command
from alembic.config import Config


def upgrade(conninfo: str, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate_module.__file__).parent / "migrations"))
    config.attributes["conninfo"] = conninfo
    command.upgrade(config, to)


def test_who_had_an_account_is_an_operator_of_the_whole_county(empty_database: Callable[[], str]) -> None:
    conninfo = empty_database()
    upgrade(conninfo, "0007")
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("INSERT INTO area (level, name) VALUES ('county', '庆丰县')")
        conn.execute(
            "INSERT INTO person (name, display, password, disabled_at) "
            "VALUES ('duty1', '值班一号', 'x', NULL), ('duty2', '值班二号', 'y', now())"
        )
        conn.execute("INSERT INTO session (hash, person, expires_at) VALUES ('\\x01', 'duty1', now() + '1 h')")
    upgrade(conninfo, "0009")
    with psycopg.connect(conninfo, autocommit=True) as conn:
        roles = conn.execute("SELECT person, role, area, valid_from <= now(), valid_to FROM person_role ORDER BY 1")
        assert roles.fetchall() == [("duty1", "operator", None, True, None), ("duty2", "operator", None, True, None)]
        people = conn.execute("SELECT name, display, password, disabled_at IS NULL FROM person ORDER BY 1").fetchall()
        assert people == [("duty1", "值班一号", "x", True), ("duty2", "值班二号", "y", False)]
        kept = conn.execute("SELECT person, second, id IS NOT NULL, answered_at <= now() FROM session").fetchall()
        assert kept == [("duty1", False, True, True)], "who was on watch stays on watch"
        for wrong in ("'family', NULL, NULL", "'operator', 1, 's1'", "'king', NULL, NULL"):
            with pytest.raises(psycopg.IntegrityError):
                conn.execute(f"INSERT INTO person_role (person, role, area, site) VALUES ('duty1', {wrong})")
