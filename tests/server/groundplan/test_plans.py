"""A village is drawn, by file or on a screen, and seen by who belongs there."""

import json
from pathlib import Path
from typing import Any

import pytest
from heartlamp_server.responder.scope import Grant

from tests.server.county import County, Operator, Village
from tests.server.groundplan.drawn import feature, house, village
from tests.server.responder.people import Somebody


@pytest.fixture
def here(county: County, village: Village) -> int:
    found: int = county.sql("SELECT id FROM area WHERE name = %s", village.name)[0][0]
    return found


def administrator(county: County, area: int) -> Somebody:
    return Somebody(county, Grant("administrator", area))


def test_before_anybody_has_drawn_it_the_houses_are_there_all_the_same(
    operator: Operator, village: Village, here: int
) -> None:
    plan = operator.get(f"ground-plans/{here}")
    assert (plan["version"], plan["features"], plan["change"]) == (0, [], False)
    assert [s["id"] for s in plan["sites"]] == sorted(village.sites)
    assert {s["group"] for s in plan["sites"]} == {"三组"}
    assert plan["sites"][0]["lamps"] == [village.lamps[0].id]


def test_a_drawn_plan_is_a_version_and_says_where_houses_stand(
    county: County, operator: Operator, village: Village, here: int
) -> None:
    boss = administrator(county, here)
    made = boss.post(f"ground-plans/{here}", plan=drawing(village), after=0)
    assert made.json() == {"version": 1}
    plan = operator.get(f"ground-plans/{here}")
    assert {f["site"] for f in plan["features"] if f["kind"] == "house"} == set(village.sites)
    assert all(s["latitude"] and s["longitude"] for s in plan["sites"])
    assert boss.post(f"ground-plans/{here}", plan=drawing(village, 1), after=1).json() == {"version": 2}
    assert [v["houses"] for v in operator.get(f"ground-plans/{here}")["versions"]] == [1, 2]
    assert len(operator.get(f"ground-plans/{here}", version=1)["features"]) == len(plan["features"])
    row = county.sql("SELECT who, detail FROM audit WHERE what = 'groundplan.change' AND about = %s", str(here))
    assert [who for who, _ in row] == [boss.name, boss.name]


def drawing(at: Village, houses: int = 2) -> dict[str, Any]:
    return village(at.sites[:houses])


def test_who_draws_over_an_old_version_is_told_so(county: County, village: Village, here: int) -> None:
    boss = administrator(county, here)
    boss.post(f"ground-plans/{here}", plan=drawing(village), after=0)
    late = boss.post(f"ground-plans/{here}", plan=drawing(village, 1), after=0)
    assert late.status_code == 409
    assert "somebody has just saved" in late.json()["error"]


def test_what_is_wrong_is_said_feature_by_feature_and_changes_nothing(
    county: County, operator: Operator, village: Village, here: int
) -> None:
    plan = drawing(village)
    plan["features"] += [feature("castle", "Point", [120.5, 28.1]), house("nobody", 0, 0)]
    refused = administrator(county, here).post(f"ground-plans/{here}", plan=plan, after=0)
    assert refused.status_code == 422
    count = len(plan["features"])
    assert [p["feature"] for p in refused.json()["problems"]] == [count - 1, count]
    assert operator.get(f"ground-plans/{here}")["version"] == 0


def test_who_belongs_to_one_group_sees_the_village_and_only_its_own_numbers(
    county: County, village: Village, here: int
) -> None:
    administrator(county, here).post(f"ground-plans/{here}", plan=drawing(village), after=0)
    other = county.sql("INSERT INTO area (parent, level, name) VALUES (%s, 'group', '四组') RETURNING id", here)[0][0]
    county.sql("UPDATE site SET area = %s WHERE id = %s", other, village.sites[1])
    head = Somebody(county, Grant("group_head", other, "group"))
    plan = head.get(f"ground-plans/{here}").json()
    assert [s["id"] for s in plan["sites"]] == [village.sites[1]]
    assert sorted(f["site"] for f in plan["features"] if f["kind"] == "house") == ["", village.sites[1]]
    assert village.sites[0] not in json.dumps(plan)
    stranger = county.village()
    elsewhere = county.sql("SELECT id FROM area WHERE name = %s", stranger.name)[0][0]
    assert head.get(f"ground-plans/{elsewhere}").status_code == 404


def test_a_plan_of_a_large_village_fits_and_a_giant_one_is_refused(county: County, village: Village, here: int) -> None:
    boss = administrator(county, here)
    large = {"type": "FeatureCollection", "features": [house("", 20 * (n % 30), 20 * (n // 30)) for n in range(600)]}
    assert len(json.dumps(large)) > 64 * 1024
    assert boss.post(f"ground-plans/{here}", plan=large, after=0).json() == {"version": 1}
    assert boss.post(f"ground-plans/{here}", plan={"x": "x" * 1_100_000}, after=1).status_code == 413


def test_a_file_is_taken_in_and_given_out_again(county: County, village: Village, here: int, tmp_path: Path) -> None:
    file = tmp_path / "plan.geojson"
    file.write_text(json.dumps(drawing(village)), encoding="utf-8")
    config = ("--config", county.config)
    assert "all good" in county.cli("groundplan", "import", village.name, file, "--check", *config).stdout
    assert "version 1: 8 features, 2 of them houses" in county.cli(
        "groundplan", "import", village.name, file, *config
    ).stdout  # fmt: skip
    out = json.loads(county.cli("groundplan", "export", village.name, *config).stdout)
    assert out["features"][0]["properties"] == {"kind": "house", "site": village.sites[0]}
    file.write_text(json.dumps(out | {"features": [*out["features"], 7]}), encoding="utf-8")
    bad = county.cli("groundplan", "import", village.name, file, *config, check=False)
    assert bad.returncode == 1
    assert "feature 9: " in bad.stderr
    assert "nothing was changed" in bad.stderr
    assert "0 villages are called" in county.cli(
        "groundplan", "export", "无此村", *config, check=False
    ).stderr  # fmt: skip
