"""Rosters, swaps, absences and holidays at the real server."""

from pathlib import Path
from typing import Any

import pytest
from heartlamp_server.responder import store
from heartlamp_server.responder.scope import Grant

from tests.server.county import County
from tests.server.responder.people import Somebody, in_store, seal_of
from tests.server.responder.townships import Township

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def town(county: County) -> Township:
    return Township(county)


@pytest.fixture
def boss(county: County, town: Township) -> Somebody:
    """In a township where no roster is in force."""
    county.sql("UPDATE roster SET ended_at = now() WHERE area = %s", town.areas["township"])
    return Somebody(county, Grant("commander", town.areas["township"]))


@pytest.fixture
def two(county: County, town: Township) -> tuple[Somebody, Somebody]:
    """Operators of the township, each with a number that answered a test call."""

    def one(number: str) -> Somebody:
        made = Somebody(county, Grant("operator", town.areas["township"]))
        now = county.sql("SELECT now()")[0][0]

        async def reach(conn: store.Connection) -> None:
            await store.set_numbers(conn, seal_of(county), made.name, [number])
            await store.answered_test_call(conn, seal_of(county), made.name, number, now)

        in_store(county, reach)
        return made

    return one("+8613800138001"), one("+8613800138002")


def day_and_night(town: Township, two: tuple[Somebody, Somebody], **more: Any) -> dict[str, Any]:
    first = {"first_day": "2026-01-01"}
    shifts = [
        {"name": "白班", "starts": 480, "ends": 1200, "turns": [[two[0].name]]} | first,
        {"name": "夜班", "starts": 1200, "ends": 480, "turns": [[two[1].name, two[0].name]]} | first,
    ]
    return {"area": town.areas["township"], "role": "operator", "name": "值班", "shifts": shifts} | more


def test_a_whole_roster_may_be_the_last_step_and_says_who_is_on_call(
    county: County, town: Township, boss: Somebody, two: tuple[Somebody, Somebody]
) -> None:
    made = boss.post("rosters", **day_and_night(town, two))
    assert made.status_code == 200, made.text
    roster = made.json()["id"]
    check = boss.get(f"rosters/{roster}/check").json()
    assert (check["whole"], check["gaps"], check["overlaps"], check["unfit"]) == (True, [], [], [])
    ask = {"area": town.areas["township"], "role": "operator"}
    night = boss.get("on-call", **ask, at="2031-05-01T02:00:00+08:00").json()
    assert [p["name"] for p in night["people"]] == [two[1].name, two[0].name]
    assert [p["display"] for p in night["people"]] == [two[1].display, two[0].display]
    day = boss.get("on-call", **ask, at="2031-05-01T01:00:00Z").json()  # 9 o'clock in China
    assert [p["name"] for p in day["people"]] == [two[0].name]
    assert boss.get("on-call", area=town.areas["village"], role="operator").json()["people"] == []
    boss.post(f"rosters/{roster}/end")
    assert boss.get(f"rosters/{roster}").status_code == 404
    assert boss.get("on-call", **ask).json()["people"] == []


def test_a_gap_a_role_that_ended_or_an_unproven_number_is_told(
    county: County, town: Township, boss: Somebody, two: tuple[Somebody, Somebody]
) -> None:
    form = day_and_night(town, two)
    form["shifts"] = form["shifts"][:1]
    roster = boss.post("rosters", **form).json()["id"]
    check = boss.get(f"rosters/{roster}/check", days=7).json()
    assert check["spans"][0]["since"] < check["spans"][-1]["since"]
    assert check["shown"] == {two[0].name: two[0].display}
    assert not check["whole"]
    assert len(check["gaps"]) in (7, 8)
    county.sql("UPDATE person_number SET answered_at = now() - interval '31 days' WHERE person = %s", two[0].name)
    assert boss.get(f"rosters/{roster}/check").json()["unfit"] == [{"person": two[0].name, "why": "number"}]
    county.sql("UPDATE person_role SET valid_to = now() WHERE person = %s", two[0].name)
    assert boss.get(f"rosters/{roster}/check").json()["unfit"] == [{"person": two[0].name, "why": "role"}]
    county.sql("UPDATE person SET disabled_at = now() WHERE name = %s", two[0].name)
    assert boss.get(f"rosters/{roster}/check").json()["unfit"] == [{"person": two[0].name, "why": "disabled"}]


def test_nobody_from_elsewhere_and_nobody_unknown_is_put_on_a_roster(
    county: County, town: Township, boss: Somebody, two: tuple[Somebody, Somebody]
) -> None:
    stranger = Somebody(county, Grant("operator", Township(county).areas["township"]))
    for wrong in (stranger.name, "无此人", town.target):
        form = day_and_night(town, two)
        form["shifts"][0]["turns"] = [[wrong]]
        refused = boss.post("rosters", **form)
        assert refused.status_code == 409
        assert wrong in refused.json()["error"]
    twice = day_and_night(town, two)
    twice["shifts"][1]["name"] = "白班"
    assert boss.post("rosters", **twice).status_code == 409
    assert boss.post("rosters", **day_and_night(town, two, zone="Mars/Base")).status_code == 422
    assert boss.post("rosters", **day_and_night(town, two, area=None)).status_code == 404


def test_a_swap_and_an_absence_change_who_is_called(
    county: County, town: Township, boss: Somebody, two: tuple[Somebody, Somebody]
) -> None:
    roster = boss.post("rosters", **day_and_night(town, two)).json()["id"]
    swap = {"shift": "白班", "day": "2031-05-01", "off": two[0].name, "instead": two[1].name}
    assert boss.post(f"rosters/{roster}/swaps", **swap).status_code == 200
    assert boss.post(f"rosters/{roster}/swaps", **swap | {"off": two[1].name}).status_code == 409
    ask = {"area": town.areas["township"], "role": "operator"}

    def called(at: str) -> list[str]:
        return [p["name"] for p in boss.get("on-call", **ask, at=at).json()["people"]]

    assert called("2031-05-01T09:00:00+08:00") == [two[1].name]
    assert called("2031-05-02T09:00:00+08:00") == [two[0].name]
    away = {"since": "2031-05-02T00:00:00+08:00", "until": "2031-05-03T00:00:00+08:00"}
    assert two[0].post("absences", person=two[1].name, **away).status_code == 404, "each for themselves"
    own = two[0].post("absences", person=two[0].name, **away)
    assert own.status_code == 200, own.text
    assert called("2031-05-02T09:00:00+08:00") == []
    assert two[1].post(f"absences/{own.json()['id']}/end").status_code == 404
    assert boss.post(f"absences/{own.json()['id']}/end").status_code == 204
    assert called("2031-05-02T09:00:00+08:00") == [two[0].name]
    changed = boss.post(f"rosters/{roster}", **day_and_night(town, two, name="新名称"))
    assert changed.json()["name"] == "新名称"
    assert changed.json()["swaps"] != []


def test_holidays_are_the_countys_and_a_bad_list_changes_nothing(
    county: County, town: Township, boss: Somebody, two: tuple[Somebody, Somebody]
) -> None:
    chief = Somebody(county, Grant("administrator"))
    assert boss.post("holidays", text="2031-05-01,放假,劳动节").status_code == 403
    assert chief.post("holidays", text="2031-05-01,放假,劳动节\n2031-05-04,上班,").json() == {
        "taken": 2,
        "problems": [],
    }
    bad = chief.post("holidays", text="2031-05-02,放假,劳动节\n2031-02-30,放假,").json()
    assert bad["taken"] == 0
    assert len(bad["problems"]) == 1
    days = {d["day"]: d["kind"] for d in boss.get("holidays").json()["holidays"]}
    assert (days["2031-05-01"], days["2031-05-04"]) == ("holiday", "work")
    assert "2031-05-02" not in days
    form = day_and_night(town, two)
    form["shifts"] = [form["shifts"][0] | {"days": ["work"]}]
    assert boss.post("rosters", **form).status_code == 200
    ask = {"area": town.areas["township"], "role": "operator"}
    thursday = boss.get("on-call", **ask, at="2031-05-01T09:00:00+08:00").json()["people"]
    sunday = boss.get("on-call", **ask, at="2031-05-04T09:00:00+08:00").json()["people"]
    assert two[0].name not in [p["name"] for p in thursday]
    assert two[0].name in [p["name"] for p in sunday]


def test_the_command_line_takes_a_list_as_excel_saves_it(county: County, boss: Somebody, tmp_path: Path) -> None:
    file = tmp_path / "假期.csv"
    file.write_bytes("日期,类型,名称\n2032-10-01,放假,国庆节\n2032-10-09,上班,\n".encode("gb18030"))
    assert "2 days of 2032" in county.cli("roster", "holidays", file, "--config", county.config).stdout
    file.write_text("2032-10-01,放假,\n2032-10-32,放假,\n", encoding="utf-8")
    bad = county.cli("roster", "holidays", file, "--config", county.config, check=False)
    assert (bad.returncode, bad.stderr.count("not taken")) == (1, 1)
    days = [d["day"] for d in boss.get("holidays").json()["holidays"] if d["day"].startswith("2032")]
    assert days == ["2032-10-01", "2032-10-09"]
