"""The schema's step 0008 on a county that was there before it."""

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


def test_areas_and_sites_of_before_are_there_with_a_first_version(empty_database: Callable[[], str]) -> None:
    conninfo = empty_database()
    upgrade(conninfo, "0007")
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("""
            INSERT INTO area (parent, level, code, name, valid_from)
                VALUES (NULL, 'county', '990101', '庆丰县', '2025-01-01');
            INSERT INTO area (parent, level, code, name, valid_from)
                SELECT id, 'township', '', '城关镇', '2025-01-01' FROM area;
            INSERT INTO area (parent, level, code, name, valid_from)
                SELECT id, 'village', '', '东村', '2025-02-01' FROM area WHERE level = 'township';
            INSERT INTO area (parent, level, code, name, valid_from)
                SELECT id, 'group', '', '三组', '2025-03-01' FROM area WHERE level = 'village';
            INSERT INTO site (id, area, name) SELECT 's1', id, '三组 7号' FROM area WHERE level = 'group';
        """)
    upgrade(conninfo, "0008")
    with psycopg.connect(conninfo, autocommit=True) as conn:
        was = conn.execute("SELECT name, valid_from::text, valid_to FROM area_was ORDER BY area").fetchall()
        assert was == [
            ("庆丰县", "2025-01-01", None), ("城关镇", "2025-01-01", None),
            ("东村", "2025-02-01", None), ("三组", "2025-03-01", None),
        ]  # fmt: skip
        assert conn.execute("SELECT kind, valid_from::text FROM site").fetchall() == [("household", "2025-03-01")]
        assert conn.execute("SELECT site, valid_from::text FROM site_was").fetchall() == [("s1", "2025-03-01")]
        conn.execute("UPDATE area SET name = '东山村', valid_from = '2026-01-01' WHERE name = '东村'")
        conn.execute("UPDATE area SET code = '990101001201' WHERE name = '东山村'")  # a correction
        versions = conn.execute(
            "SELECT w.name, w.code, w.valid_from::text, w.valid_to::text FROM area_was w JOIN area a ON a.id = w.area "
            "WHERE a.level = 'village' ORDER BY 3"
        ).fetchall()
        assert versions == [
            ("东村", "", "2025-02-01", "2026-01-01"), ("东山村", "990101001201", "2026-01-01", None),
        ]  # fmt: skip
        with pytest.raises(psycopg.errors.RaiseException, match="history is not written backwards"):
            conn.execute("UPDATE area SET name = '东村', valid_from = '2025-06-01' WHERE level = 'village'")
