"""A month that somebody stands for: locked, corrected openly, and never changed by what comes late."""

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from heartlamp_server.responder.scope import Grant

from tests.server.county import County
from tests.server.figures.past import ACCEPTED, BEIJING, CLOSED, RANG, Desk, alarm, more
from tests.server.figures.test_figures import AUGUST, own, told
from tests.server.responder.people import Somebody


@pytest.fixture
def desk(county: County) -> Desk:
    desk = Desk(county)
    desk.first = alarm(county, desk.village.sites[0], AUGUST, lines=[RANG, ACCEPTED])
    return desk


def lock(who: Somebody, area: int, reason: str = "", month: str = "2026-08-31") -> Any:
    return who.post("figures/locks", area=area, month=month, reason=reason)


def test_a_locked_month_never_changes_by_what_comes_late(desk: Desk) -> None:
    who, village = desk.who("commander", "township"), desk.areas["village"]
    locked = lock(who, village)
    assert locked.status_code == 200, locked.text
    assert (locked.json()["version"], locked.json()["month"]) == (1, "2026-08-01")
    assert ":" in locked.json()["head"]
    before = told(who, village, "2026-08-20")
    assert before["lock"]["version"] == 1
    more(desk.county, desk.first, AUGUST, [CLOSED])
    late = alarm(desk.county, desk.village.sites[1], AUGUST + timedelta(hours=1), "fire")
    after = told(who, village, "2026-08-20")
    assert (after["own"], after["below"]) == (before["own"], before["below"])
    assert own(who, village, live=True)["completed"] == (1, 2)
    assert told(who, village, "2026-08-20", live=True)["lock"] is None
    assert own(who, village, "2026-08-01", kind="year")["alarms"] == (2, None)  # only months are stood for
    assert told(who, village, "2027-08-01")["last_lock"]["version"] == 1
    assert told(who, village, "2027-08-01")["own"]["last"]["alarms"]["value"] == 1
    assert late


def test_the_months_of_a_year_are_told_as_locked_and_else_as_they_are_now(desk: Desk) -> None:
    who, village = desk.who("commander", "township"), desk.areas["village"]
    alarm(desk.county, desk.village.sites[0], AUGUST - timedelta(days=60), lines=[RANG, ACCEPTED])

    def months(who: Somebody = who, **asked: Any) -> list[tuple[str, int, int | None]]:
        reply = who.get("figures/trend", **({"area": village, "day": "2026-08-15"} | asked))
        assert reply.status_code == 200, reply.text
        told = reply.json()["months"]
        assert [set(m["values"]) for m in told] == [{"alarms", "on_time", "arrive.p90"}] * 12
        return [(m["first"], m["values"]["alarms"]["value"], m["version"]) for m in told]

    told = months()
    assert (told[0], told[-1]) == (("2025-09-01", 0, None), ("2026-08-01", 1, None))
    assert told[-3][:2] == ("2026-06-01", 1)
    assert lock(who, village).status_code == 200
    alarm(desk.county, desk.village.sites[1], AUGUST + timedelta(hours=1), "silent")
    alarm(desk.county, desk.village.sites[1], AUGUST - timedelta(days=60), "silent")
    assert months()[-1] == ("2026-08-01", 1, 1), "what comes late changes nothing of a locked month"
    assert months()[-3] == ("2026-06-01", 2, None)
    assert months(desk.who("commander", "village"))[-3] == ("2026-06-01", 1, None), "nor do they learn of silent ones"
    assert lock(who, village, "补录").status_code == 200
    assert months()[-1] == ("2026-08-01", 2, 2)
    assert months(day="2027-01-20")[0] == ("2026-02-01", 0, None)
    assert (
        desk.who("commander", "village").get("figures/trend", area=desk.areas["township"], day="2026-08-15").status_code
        == 404
    )


def test_a_correction_is_another_version_with_its_reason_and_what_it_changed(desk: Desk) -> None:
    who, village = desk.who("administrator", "township"), desk.areas["village"]
    assert lock(who, village).status_code == 200
    more(desk.county, desk.first, AUGUST, [CLOSED])
    refused = lock(who, village)
    assert (refused.status_code, set(refused.json())) == (409, {"error", "do"})
    assert lock(who, village, "  ").status_code == 409
    assert lock(who, village, "补录八月办结").status_code == 200
    assert own(who, village)["completed"] == (1, 1)
    assert own(who, village, version=1)["completed"] == (0, 1)
    assert who.get("figures", area=village, day="2026-08-01", version=9).status_code == 404
    new, first = who.get("figures/locks", area=village, month="2026-08-09").json()
    assert (new["lock"]["version"], new["lock"]["reason"], first["changes"]) == (2, "补录八月办结", [])
    changes = {c["name"]: (c["before"]["value"], c["after"]["value"]) for c in new["changes"]}
    assert changes["completed"] == (0, 1)
    assert "alarms" not in changes
    group = desk.areas["group"]
    assert own(who, group, version=1)["completed"] == (0, 1)  # what is below was locked with it
    kept = desk.county.sql("SELECT what FROM audit WHERE who = %s AND what = 'figures.lock'", who.name)
    assert len(kept) == 2


def test_who_may_lock_what_and_when(desk: Desk) -> None:
    village, township = desk.areas["village"], desk.areas["township"]
    assert lock(desk.who("operator", "township"), village).status_code == 403
    assert lock(desk.who("commander", "village"), township).status_code == 404
    who = desk.who("commander", "township")
    now = datetime.now(BEIJING)
    assert lock(who, village, month=str(now.date())).status_code == 409
    assert lock(who, village, month=str((now + timedelta(days=400)).date())).status_code == 409
    last_month = (now.replace(day=1) - timedelta(days=1)).date()
    assert lock(who, village, month=str(last_month)).status_code == 200
    without_second = Somebody(desk.county, Grant("commander", township), second=False)
    assert lock(without_second, village).status_code == 403


def test_what_was_locked_with_an_area_above_is_corrected_there(desk: Desk) -> None:
    who = desk.who("commander", "township")
    village, group = desk.areas["village"], desk.areas["group"]
    assert lock(who, group).status_code == 200
    assert lock(who, village).status_code == 200  # the wider one counts from now on
    assert lock(who, group, "更正").status_code == 409
    assert told(who, group, "2026-08-01")["lock"]["area"] == village


def test_the_database_itself_refuses_to_change_what_is_locked(desk: Desk) -> None:
    assert lock(desk.who("commander", "township"), desk.areas["village"]).status_code == 200
    for statement in ("UPDATE figure_locked SET known = plain", "DELETE FROM figure_lock", "TRUNCATE figure_locked"):
        with pytest.raises(psycopg.errors.RaiseException):
            desk.county.sql(statement)


def test_a_locked_month_keeps_silent_alarms_from_the_village_too(desk: Desk) -> None:
    alarm(desk.county, desk.village.sites[0], AUGUST, "silent", [RANG, ACCEPTED, CLOSED])
    above, inside = desk.who("commander", "township"), desk.who("commander", "village")
    village = desk.areas["village"]
    assert lock(inside, village).status_code == 200
    assert own(above, village)["alarms"] == (2, None)
    assert own(inside, village)["alarms"] == (1, None)
