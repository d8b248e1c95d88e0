"""The schema's steps on a county that was there before them. 0008, 0009, 0011 and 0013 have tests beside what
they are about; here are the others, and that every step has one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import heartlamp_server.database.migrate as migrate_module
import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from heartlamp_server.escalation.duties import target_id
from heartlamp_server.incident.store import from_row

TESTS = Path(__file__).parent


@contextmanager
def before(conninfo: str, revision: str) -> Iterator[tuple[psycopg.Connection[Any], Callable[..., None]]]:
    """A connection to a database as it was before this step, and what takes the step, or all up to another."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrate_module.__file__).parent / "migrations"))
    config.attributes["conninfo"] = conninfo
    down = ScriptDirectory.from_config(config).get_revision(revision).down_revision
    assert isinstance(down, str)
    command.upgrade(config, down)
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("INSERT INTO area (parent, level, name) VALUES (NULL, 'county', '庆丰县')")
        conn.execute("INSERT INTO site (id, area, name) SELECT 's1', id, '三组 7号' FROM area")
        conn.execute("INSERT INTO device (id, kind, site) VALUES ('lamp1', 'lamp', 's1')")
        yield conn, lambda to=revision: command.upgrade(config, to)


def test_readings_of_before_are_rolled_up_from_the_first_on_and_the_log_is_only_added_to(
    empty_database: Callable[[], str],
) -> None:
    with before(empty_database(), "0010") as (conn, step):
        conn.execute(
            "CREATE TABLE reading_202607 PARTITION OF reading FOR VALUES FROM ('2026-07-01Z') TO ('2026-08-01Z')"
        )
        conn.execute("INSERT INTO reading VALUES ('lamp1', 'rssi_dbm', '2026-07-03T10:20:00Z', -60, 'b0', 1)")
        step()
        row = conn.execute("SELECT until FROM reading_rolled").fetchone()
        assert row == (datetime(2026, 7, 3, 10, tzinfo=UTC),)
        assert conn.execute("SELECT value FROM reading").fetchall() == [(-60,)]
        conn.execute("INSERT INTO audit (who, what, about, site, detail) VALUES ('a', 'login.done', '', '', '{}')")
        assert conn.execute("SELECT count(*) FROM audit_waiting").fetchone() == (1,)
        for statement in ("UPDATE audit SET who = 'b'", "DELETE FROM audit", "TRUNCATE audit"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(statement)


def test_calls_of_before_go_on_as_calls_of_devices(empty_database: Callable[[], str]) -> None:
    with before(empty_database(), "0012") as (conn, step):
        place = '{"name": "三组 7号", "address": "", "landmark": "", "path": ["庆丰县"]}'
        responders = '[{"key": "person:1", "name": "1", "answer": "coming", "at": "2026-07-03T10:21:00Z", "by": ""}]'
        columns = (
            "id, site, what, place, opened_at, presses, last_press_at, events, rver, aver, answer, who, responders, "
            "doubts, cancelled, lit, lit_of, closed_at, closed_by, closed_how"
        )
        for id, closed in (("lamp1-a", None), ("lamp1-b", "2026-07-03T11:00:00Z")):
            conn.execute(
                f"INSERT INTO incident ({columns}) VALUES (%s, 's1', 'panic', %s, '2026-07-03T10:20:00Z', 1, "
                "'2026-07-03T10:20:00Z', %s, 1, 1, 'coming', '1', %s, '{}', false, '{}', 1, %s, '', '')",
                (id, place, [id], responders, closed),
            )
        step("head")
        rows = conn.execute("SELECT to_jsonb(i) FROM incident i ORDER BY id").fetchall()
        first, second = (from_row(row[0]) for row in rows)
        assert (first.source, first.stage, first.after, first.merged_into) == ("device", "coming", {}, "")
        assert (second.stage, second.reopened) == ("closed", 0)
        assert conn.execute("SELECT count(*) FROM course").fetchone() == (0,)  # the worker takes the open one up


def test_words_of_before_can_be_erased_and_nothing_else(empty_database: Callable[[], str]) -> None:
    with before(empty_database(), "0016") as (conn, step):
        conn.execute(
            "INSERT INTO volunteer_order (service, zh, en, site, area, words, ordered_by, ordered_at, offered_by, "
            "offered_to, taken_by, done_by, ended, said, given_back, stage) SELECT 'lamp', '', '', 's1', id, '换灯', "
            "'', now(), '', '{}', '', '', 'done', '', '{}', 'done' FROM area"
        )
        conn.execute(
            "INSERT INTO volunteer_order_line (volunteer_order, at, act, by, detail) "
            "SELECT id, now(), 'order', 'a', '{\"words\": \"换灯\"}' FROM volunteer_order"
        )
        step()
        erase = "UPDATE volunteer_order_line SET detail = '{}'"
        with pytest.raises(psycopg.errors.RaiseException, match="only added to"):
            conn.execute(erase)
        with conn.transaction():
            conn.execute("SET LOCAL heartlamp.erases = 'on'")
            conn.execute(erase)
        conn.execute("SET heartlamp.erases = 'on'")
        with pytest.raises(psycopg.errors.RaiseException, match="only added to"):
            conn.execute("UPDATE volunteer_order_line SET by = 'somebody else'")
        assert conn.execute("SELECT by, detail FROM volunteer_order_line").fetchall() == [("a", {})]
        conn.execute("INSERT INTO process (what, host, pid) VALUES ('county', 'c1', 1)")


def test_posts_phones_and_walls_come_to_a_county_that_had_none(empty_database: Callable[[], str]) -> None:
    with before(empty_database(), "0017") as (conn, step):
        conn.execute("INSERT INTO person (name, display) VALUES ('a', '值班员')")
        conn.execute("INSERT INTO person_role (person, role, given_by) VALUES ('a', 'operator', 'test')")
        step()
        conn.execute("INSERT INTO shift_handover (outgoing) VALUES ('a')")
        with pytest.raises(psycopg.errors.UniqueViolation):  # a post is offered once at a time
            conn.execute("INSERT INTO shift_handover (outgoing) VALUES ('a')")
        step("0018")
        conn.execute("INSERT INTO site_code (code, site, made_by) VALUES ('abc', 's1', 'a')")
        give = "INSERT INTO person_role (person, role, given_by) VALUES ('a', 'wall', 'test')"
        with pytest.raises(psycopg.errors.CheckViolation):
            conn.execute(give)
        step("0019")
        conn.execute(give)
        roles = conn.execute("SELECT role FROM person_role ORDER BY id").fetchall()
        assert roles == [("operator",), ("wall",)]


def test_a_claim_of_a_site_and_kind_is_open_once(empty_database: Callable[[], str]) -> None:
    with before(empty_database(), "0020") as (conn, step):
        step()
        claim = (
            "INSERT INTO claim (id, secret, site, device, kind, board, kv, mqtt_hash, offline, made_by, not_after) "
            "VALUES (%s, '', 's1', %s, 'lamp', '', 1, '', false, 'a', now())"
        )
        conn.execute(claim, ["c1", "lampa"])
        with pytest.raises(psycopg.errors.UniqueViolation):
            conn.execute(claim, ["c2", "lampb"])
        conn.execute("UPDATE claim SET ended_at = now()")
        conn.execute(claim, ["c2", "lampb"])
        assert conn.execute("SELECT count(*) FROM device").fetchone() == (1,)  # what was there stays, nothing is new


def test_the_keys_of_before_are_in_use(empty_database: Callable[[], str]) -> None:
    with before(empty_database(), "0021") as (conn, step):
        conn.execute("INSERT INTO device_key (device, version, secret, mqtt_hash) VALUES ('lamp1', 1, '', '')")
        step()
        assert conn.execute("SELECT pending FROM device_key").fetchall() == [(False,)]


def test_an_area_has_one_staged_update_at_a_time(empty_database: Callable[[], str]) -> None:
    with before(empty_database(), "0022") as (conn, step):
        conn.execute("INSERT INTO firmware VALUES ('b', 1, '{}', '{}', 0, 0, false, 1, '')")
        step()
        add = "INSERT INTO rollout (bundle, area, soak_h, made_by) SELECT 'b', id, 1, 'a' FROM area"
        conn.execute(add)
        with pytest.raises(psycopg.errors.UniqueViolation):
            conn.execute(add)
        conn.execute("UPDATE rollout SET state = 'halted'")
        conn.execute(add)


def test_of_a_device_that_was_there_before_nothing_is_wanted(empty_database: Callable[[], str]) -> None:
    with before(empty_database(), "0023") as (conn, step):
        step()
        assert conn.execute("SELECT wanted, wanted_ver FROM device").fetchall() == [({}, 0)]


def test_a_drill_of_before_has_used_its_window(empty_database: Callable[[], str]) -> None:
    with before(empty_database(), "0024") as (conn, step):
        conn.execute(
            "INSERT INTO incident (id, site, what, place, opened_at, presses, last_press_at, events, rver, aver, "
            "answer, who, responders, doubts, cancelled, lit, lit_of, closed_by, closed_how) "
            "VALUES ('i1', 's1', 'panic', "
            "'{}', now(), 1, now(), '{i1}', 1, 0, 'none', '', '[]', '{}', false, '{}', 0, '', '')"
        )
        made = (
            "INSERT INTO drill (site, announced_by, until, incident, marked_by, marked_at) VALUES ('s1', 'a', now(), "
        )
        conn.execute(made + "'i1', 'a', now())")
        conn.execute(made + "NULL, '', NULL)")
        step()
        assert conn.execute("SELECT used, incident FROM drill ORDER BY id").fetchall() == [("i1", "i1"), ("", None)]
        assert conn.execute("SELECT incident FROM course_wanted").fetchall() == [("i1",)]  # it is open: a worker looks


def test_a_target_of_before_is_found_by_the_hash_that_plans_name(empty_database: Callable[[], str]) -> None:
    with before(empty_database(), "0026") as (conn, step):
        conn.execute("INSERT INTO person (name, display) VALUES ('王大妈', '王')")
        step()
        assert conn.execute("SELECT name FROM person WHERE person_target(name) = %s", (target_id("王大妈"),)).fetchall()


def test_who_has_a_role_everywhere_is_found_beside_the_families(empty_database: Callable[[], str]) -> None:
    with before(empty_database(), "0027") as (conn, step):
        conn.execute("INSERT INTO person (name, display) VALUES ('王', '王')")
        conn.execute("INSERT INTO person_role (person, role, given_by) VALUES ('王', 'operator', 'test')")
        step()
        found = conn.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'person_role_everywhere'").fetchall()
        assert "((area IS NULL) AND (site IS NULL))" in found[0][0]
        everywhere = "SELECT person FROM person_role WHERE area IS NULL AND site IS NULL"
        assert conn.execute(everywhere).fetchall() == [("王",)]


def test_what_was_corrected_and_is_open_is_followed_anew(empty_database: Callable[[], str]) -> None:
    with before(empty_database(), "0028") as (conn, step):
        for id in ("i1", "i2"):
            conn.execute(
                "INSERT INTO incident (id, site, what, place, opened_at, presses, last_press_at, events, rver, aver, "
                "answer, who, responders, doubts, cancelled, lit, lit_of, closed_by, closed_how) "
                "VALUES (%s, 's1', %s, '{}', now(), 1, now(), '{}', 1, 0, 'none', '', '[]', '{}', false, '{}', 0, '', "
                "'')",
                (id, id),
            )
        conn.execute("INSERT INTO timeline (incident, at, kind, detail) VALUES ('i1', now(), 'corrected', '{}')")
        conn.execute("INSERT INTO course (incident) VALUES ('i1'), ('i2')")
        conn.execute("DELETE FROM course_wanted")
        step()
        assert conn.execute("SELECT incident FROM course_wanted").fetchall() == [("i1",)]
        assert conn.execute("SELECT incident FROM course").fetchall() == [("i2",)]


def test_days_are_set_with_a_reason(empty_database: Callable[[], str]) -> None:
    with before(empty_database(), "0025") as (conn, step):
        step()
        add = "INSERT INTO kept_days (what, days, before, holds_from, set_by, why) VALUES ('w', 3, 7, now(), 'a', %s)"
        conn.execute(add, ("县保密办要求",))
        with pytest.raises(psycopg.errors.CheckViolation):
            conn.execute(add, ("",))


def test_every_step_since_0008_has_a_test() -> None:
    tests = "\n".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("*.py"))
    config = Config()
    config.set_main_option("script_location", str(Path(migrate_module.__file__).parent / "migrations"))
    steps = [s.revision for s in ScriptDirectory.from_config(config).walk_revisions() if s.revision >= "0008"]
    assert [step for step in steps if f'"{step}"' not in tests and f"step {step}" not in tests] == []
