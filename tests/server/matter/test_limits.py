"""Stories of being in time and of being late."""

from datetime import timedelta

import pytest
from heartlamp_server.matter.hours import after
from heartlamp_server.matter.life import Refused
from heartlamp_server.matter.model import Climb, Matter, climbed, due
from heartlamp_server.matter.who import Supervisor, told

from tests.server.matter.cases import CALENDAR, LAMP, NOW, ROAD, at, do, raised

HOUR = timedelta(hours=1)


def late(matter: Matter) -> list[tuple[str, int]]:
    """What climbs within a year, after each other."""
    found = []
    for one in due(matter, NOW + timedelta(days=365)):
        limit = next(x for x in matter.limits if x.n == one.n)
        found.append((limit.name, one.level))
    return found


def test_a_street_lamp_is_late_by_working_hours_and_a_landslip_by_the_clock() -> None:
    lamp, road = at("whistled", LAMP).running, at("whistled", ROAD).running
    assert lamp is not None
    assert road is not None
    assert lamp.due_at == NOW + 24 * HOUR  # eight hours of work from 9:00: 7.5 today, and half an hour tomorrow
    assert road.due_at == NOW + HOUR


def test_each_level_climbs_once_and_the_second_one_later() -> None:
    matter = at("whistled", ROAD)
    assert due(matter, NOW + HOUR - timedelta(seconds=1)) == []
    first = due(matter, NOW + HOUR)
    assert first == [Climb(2, 1, NOW + HOUR)]
    matter, line = climbed(matter, first[0], ["指挥员"], NOW + HOUR)
    assert line.detail["to"] == ["指挥员"]
    assert due(matter, NOW + HOUR) == []
    assert matter.next_climb_at == NOW + 2 * HOUR
    assert due(matter, NOW + 2 * HOUR) == [Climb(2, 2, NOW + 2 * HOUR)]


def test_after_a_long_stop_of_the_server_both_levels_are_told() -> None:
    assert late(at("whistled", ROAD)) == [("report_in", 1), ("report_in", 2)]


@pytest.mark.parametrize("stage", ["raised", "whistled", "reported_in", "returned", "handled", "verified"])
def test_no_open_matter_is_forgotten(stage: str) -> None:
    assert len(late(at(stage))) == 2


def test_who_reports_in_late_is_late_by_so_much() -> None:
    reported = do(at("whistled", ROAD), "report_in", "部门甲", NOW + 3 * HOUR)
    met = reported.limits[1]
    assert (met.name, met.ended, met.late_minutes) == ("report_in", "met", 120)
    assert reported.running is not None
    assert reported.running.due_at == NOW + 24 * HOUR  # from the whistle, not from the report


def test_time_runs_on_while_a_supervisor_thinks_about_what_was_sent_back_for_nothing() -> None:
    before = at("whistled", ROAD).running
    back = do(at("returned", ROAD), "uphold", "指挥员", NOW + 5 * HOUR)
    assert back.stage == "whistled"
    assert back.running == before
    assert [climb.level for climb in due(back, NOW + 5 * HOUR)] == [1, 2]


def test_another_department_has_its_whole_time() -> None:
    given = do(at("returned", ROAD), "reassign", "指挥员", NOW + 5 * HOUR)
    assert given.unit == "供电公司"
    assert given.running is not None
    assert given.running.due_at == NOW + 6 * HOUR
    assert [one.ended for one in given.limits] == ["met", "void", "void", "met", "", ""]
    with pytest.raises(Refused, match="same department"):
        do(at("returned", ROAD), "reassign", "指挥员", unit=ROAD.unit)


def test_longer_is_asked_for_before_the_limit_and_granted_by_another_person() -> None:
    matter = at("reported_in", ROAD)
    asked = do(matter, "ask_longer", "部门甲", NOW + 20 * HOUR, until=NOW + 40 * HOUR)
    with pytest.raises(Refused, match="waits for its answer"):
        do(asked, "ask_longer", "部门甲", NOW + 20 * HOUR)
    granted = do(asked, "grant", "指挥员", NOW + 21 * HOUR)
    assert granted.running is not None
    assert granted.running.due_at == NOW + 40 * HOUR
    refused = do(asked, "refuse", "指挥员", NOW + 21 * HOUR)
    assert refused.running == matter.running
    assert refused.longer is None
    with pytest.raises(Refused, match="after it"):
        do(matter, "ask_longer", "部门甲", NOW + 24 * HOUR, until=NOW + 40 * HOUR)
    with pytest.raises(Refused, match="as long again"):
        do(matter, "ask_longer", "部门甲", NOW + 20 * HOUR, until=NOW + 49 * HOUR)
    with pytest.raises(Refused, match="nobody asks"):
        do(matter, "grant", "指挥员")


def test_what_was_not_done_after_all_is_as_late_as_if_nobody_had_said_so() -> None:
    handled = do(at("reported_in", ROAD), "handle", "部门甲", NOW + 23 * HOUR)
    again = do(handled, "redo", "网格员二", NOW + 30 * HOUR)
    assert again.stage == "reported_in"
    assert again.running is not None
    assert again.running.due_at == NOW + 24 * HOUR
    assert [climb.level for climb in due(again, NOW + 30 * HOUR)] == [1]
    done = do(again, "handle", "部门甲", NOW + 31 * HOUR)
    assert next(one for one in done.limits if one.name == "done").late_minutes == 7 * 60


def test_a_reopened_matter_is_whistled_for_anew() -> None:
    again = do(at("closed", ROAD), "reopen", "值班员", NOW + 50 * HOUR)
    assert (again.stage, again.reopened, again.said) == ("whistled", 1, "")
    assert again.running is not None
    assert again.running.due_at == NOW + 51 * HOUR
    village_only = do(do(do(raised(), "settle", "网格员一"), "verify", "网格员二"), "close", "值班员")
    assert do(village_only, "reopen", "值班员").stage == "raised"


def test_the_second_level_of_a_long_limit_waits_no_longer_than_24_hours() -> None:
    done = at("reported_in", LAMP).running
    assert done is not None
    assert done.hours == 40
    assert done.climbs[1] == after(done.due_at, 24, "work", CALENDAR)


def test_it_climbs_to_the_supervisor_of_the_level_or_the_next_one_where_nobody_is() -> None:
    county, everywhere = Supervisor("县指挥员", "commander", "county"), Supervisor("总值班", "operator", "")
    town, desk = Supervisor("镇指挥员", "commander", "township"), Supervisor("镇值班员", "operator", "township")
    department = Supervisor("部门甲", "department", "county", "住建局")
    village = Supervisor("村值班员", "operator", "village")
    everybody = [county, everywhere, town, desk, department, village]
    assert told(everybody, 1, "住建局") == ("部门甲", "镇指挥员")
    assert told(everybody, 2, "住建局") == ("县指挥员",)
    assert told([desk, county], 1, "") == ("镇值班员",)
    assert told([county, village], 1, "") == ("县指挥员",)
    assert told([everywhere], 1, "") == ("总值班",)
    assert told([village], 1, "") == ()
    assert told([department, village], 1, "水利局") == ()
