"""Which incidents a worker of the escalation looks at: what changed, and what time makes due. The rest is not read."""

from typing import Any

import psycopg
import pytest
from heartlamp_server.escalation.courses import NEXT, STATE

from tests.gateway.rig.waiting import until
from tests.server.county import County, Operator, Village


def wanted(county: County, incident: str) -> bool:
    return county.sql("SELECT 1 FROM course_wanted WHERE incident = %s", incident) != []


def plan(conn: psycopg.Connection[Any]) -> str:
    return "\n".join(
        row[0] for row in conn.execute("EXPLAIN (COSTS OFF) " + NEXT.replace("%(most)s", "200")).fetchall()
    )


def test_ten_thousand_open_calls_are_not_read_to_find_one_that_is_due(county: County) -> None:
    with psycopg.connect(county.conninfo) as conn:  # nothing of it stays
        conn.execute(
            "INSERT INTO area (parent, level, name) VALUES (NULL, 'county', 'courses'); "
            "INSERT INTO site (id, area, name) SELECT 'many', id, 'many' FROM area WHERE name = 'courses'; "
            "INSERT INTO incident (id, site, what, place, opened_at, presses, last_press_at, events, rver, aver, "
            "answer, who, responders, doubts, cancelled, lit, lit_of, closed_by, closed_how) "
            "SELECT 'many-' || n, 'many', "
            "'x' || n, '{}', now(), 1, now(), '{}', 1, 0, 'none', '', '[]', '{}', false, '{}', 0, '', '' "
            "FROM generate_series(1, 10000) n; "
            "INSERT INTO course (incident, look_at) SELECT id, now() + interval '1 hour' FROM incident "
            "WHERE site = 'many'; "
            "DELETE FROM course_wanted WHERE incident LIKE 'many-%'; "
            "UPDATE course SET look_at = now() WHERE incident = 'many-7'"
        )
        conn.execute("ANALYZE incident")
        conn.execute("ANALYZE course")
        conn.execute("ANALYZE course_wanted")
        read = plan(conn)
        assert "course_look" in read
        assert "on incident" not in read
        assert "Seq Scan on course " not in read + " "
        conn.execute("SET LOCAL plan_cache_mode = force_generic_plan")  # as the server's pool
        conn.execute("PREPARE state (text[]) AS " + STATE.replace("%s", "$1"))
        look = "\n".join(row[0] for row in conn.execute("EXPLAIN (COSTS OFF) EXECUTE state ('{many-7}')").fetchall())
        assert "incident_pkey" in look
        assert "incident_open" not in look
        assert "Seq Scan on incident" not in look
        assert ("many-7",) in conn.execute(NEXT, {"most": 200}).fetchall()
        conn.rollback()


@pytest.mark.parametrize("what", ["pressed again", "answered", "handed over", "reopened"])
def test_what_changes_a_call_has_it_looked_at_and_its_end_does_not(
    county: County, operator: Operator, village: Village, what: str
) -> None:
    with psycopg.connect(county.conninfo, autocommit=True) as held:
        village.send(press := village.keys[0].press())
        if what == "reopened":
            operator.say(press.id, "closed", how="arrived")
        # As another worker that is at it: no worker looks, so what waits is seen to wait.
        held.execute("BEGIN")
        held.execute("SELECT pg_advisory_xact_lock(hashtext('course'), hashtext(%s))", (press.id,))
        county.sql("DELETE FROM course_wanted WHERE incident = %s", press.id)
        if what == "pressed again":
            village.send(village.keys[0].press())
        elif what == "answered":
            operator.say(press.id, "coming")
        elif what == "handed over":
            county.sql(
                "INSERT INTO timeline (incident, at, kind, detail) VALUES (%s, now(), 'handed_taken', '{}')", press.id
            )
        else:
            done = operator.http.post(f"/api/incidents/{press.id}/do", json={"act": "reopen", "words": "又打来电话"})
            assert done.status_code == 200, done.text
        assert wanted(county, press.id)
        held.execute("ROLLBACK")
    operator.say(press.id, "closed", how="arrived")
    assert not wanted(county, press.id)
    assert county.sql("SELECT count(*) FROM course WHERE incident = %s AND look_at IS NOT NULL", press.id) == [(0,)]


def test_what_was_corrected_is_followed_anew(county: County, village: Village) -> None:
    """Of a silent alarm nobody may be told; that it is one is what a forged frame had said."""
    true = village.keys[0].press()
    followed = "SELECT course IS NOT NULL FROM course WHERE incident = %s"
    village.send(village.keys[0].press("silent", id=true.id).forged())
    until("nobody may be told", lambda: county.sql(followed, true.id) == [(False,)])
    assert village.send(true)[0].verdict == "received"
    until("a course of the true one", lambda: county.sql(followed, true.id) == [(True,)])
