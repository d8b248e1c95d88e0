"""Matters and orders at the real server: the whole way, who sees what, two who want the same."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from heartlamp_server.matter.catalogue import read, shipped
from heartlamp_server.responder.scope import ROLES, TABLE, Grant

from tests.server.county import County
from tests.server.matter.people import DISPUTE, LAMP, PROOF, ROAD, UNIT, Town, text_of
from tests.server.responder.people import Somebody

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def town(county: County) -> Town:
    return Town(county)


@pytest.fixture(scope="module")
def other(county: County) -> Town:
    return Town(county)


def ok(reply: httpx.Response) -> Any:
    assert reply.status_code == 200, reply.text
    return reply.json()


def ids(reply: httpx.Response) -> set[int]:
    return {row["id"] for row in ok(reply)["matters"]}


def test_a_street_lamp_from_the_report_to_the_close(town: Town) -> None:
    id = town.raised(place="老井旁", latitude=30.1, longitude=104.2, photos=["still-1"])
    assert town.department.get(f"matters/{id}").status_code == 404  # nobody has whistled yet
    assert ok(town.do(id, "whistle", town.operator))["unit"] == UNIT
    seen = ok(town.department.get(f"matters/{id}"))
    assert (seen["matter"]["waits_for"], seen["matter"]["late"]) == ("report_in", False)
    assert seen["acts"] == ["note", "withdraw", "report_in", "return"]
    ok(town.do(id, "report_in", town.department))
    refused = town.do(id, "handle", town.department, what="换了灯泡")
    assert refused.status_code == 409
    assert "photos are needed: 1" in refused.json()["error"]
    ok(town.do(id, "handle", town.department, **PROOF))
    assert town.do(id, "verify", town.department, how="on_site").status_code == 409
    ok(town.do(id, "redo", town.worker, why="还是不亮"))
    ok(town.do(id, "handle", town.department, **PROOF))
    ok(town.do(id, "verify", town.worker, how="on_site"))
    ok(town.do(id, "close", town.operator, said="satisfied"))
    told = ok(town.worker.get(f"matters/{id}"))
    assert [line["act"] for line in told["timeline"]] == [
        "raise", "whistle", "report_in", "handle", "redo", "handle", "verify", "close",
    ]  # fmt: skip
    assert told["timeline"][1]["text_zh"] == f"吹哨：{UNIT}"
    assert told["timeline"][1]["by"] == town.operator.display
    assert told["timeline"][6]["text_en"] == "verify: seen on site"
    assert {(one["name"], one["ended"]) for one in told["limits"]} == {
        ("whistle", "met"), ("report_in", "met"), ("done", "met"), ("verify", "met"), ("close", "met"),
    }  # fmt: skip
    assert id in ids(town.operator.get("matters", state="ended"))
    assert id not in ids(town.operator.get("matters"))


def test_a_department_sends_it_back_and_another_one_gets_it(town: Town) -> None:
    id = town.whistled()
    ok(town.do(id, "return", town.department, why="杆子是供电的"))
    assert town.do(id, "reassign", town.operator, unit="供电公司", why="属实").status_code == 409  # no supervisor
    assert town.do(id, "reassign", town.commander, unit="没有这个局", why="属实").status_code == 422
    ok(town.do(id, "reassign", town.commander, unit="供电公司", why="属实"))
    assert town.department.get(f"matters/{id}").status_code == 404
    assert ok(town.other_department.get(f"matters/{id}"))["matter"]["stage"] == "whistled"


def test_longer_is_granted_by_a_commander(town: Town) -> None:
    id = town.whistled()
    before = ok(town.do(id, "report_in", town.department))
    until = (datetime.fromisoformat(before["due_at"]) + timedelta(hours=5)).isoformat()
    ok(town.do(id, "ask_longer", town.department, why="等配件", until=until))
    assert ok(town.operator.get(f"matters/{id}"))["matter"]["longer"]["why"] == "等配件"
    assert datetime.fromisoformat(ok(town.do(id, "grant", town.commander))["due_at"]) == datetime.fromisoformat(until)


def test_the_same_report_of_another_system_is_one_matter(town: Town) -> None:
    bodies = [town.report(source="api", ref=f"12345-{town.mark}")] * 4
    with ThreadPoolExecutor(4) as pool:
        found = {ok(reply)["id"] for reply in pool.map(lambda b: town.operator.post("matters", **b), bodies)}
    assert len(found) == 1
    assert town.raised(ROAD, town.operator, source="api", ref=f"12345-{town.mark}") not in found  # another matter of it


def test_an_incident_becomes_a_matter_and_a_silent_one_never(town: Town) -> None:
    loud, silent = town.village.keys[0].press("flood"), town.village.keys[0].press("silent")
    town.village.send(loud, silent)
    body = {"code": "E03", "words": f"沟堵了 {town.mark}", "source": "incident"}
    first, again = (ok(town.operator.post("matters", **body, incident=loud.id)) for _ in range(2))
    assert first["id"] == again["id"]
    assert (first["site"], first["path"][-1]) == (town.village.sites[0], f"组{town.mark}")
    assert town.operator.post("matters", **body, incident=silent.id).status_code == 404
    assert town.operator.post("matters", **body).status_code == 422
    assert ok(town.operator.get(f"matters/{first['id']}"))["timeline"][0]["text_en"].startswith("raise (an incident)")


def test_a_dispute_is_between_its_parties(town: Town) -> None:
    unasked = town.worker.post("matters", **town.report(DISPUTE))
    assert unasked.status_code == 409
    id = town.raised(DISPUTE, asked=True)
    assert town.other_worker.get(f"matters/{id}").status_code == 404
    assert id not in ids(town.other_worker.get("matters"))
    assert id in ids(town.worker.get("matters"))
    assert ok(town.do(id, "withdraw", town.worker))["stage"] == "withdrawn"


def test_what_is_late_is_listed_and_climbs_to_the_commander(town: Town) -> None:
    id = town.whistled()
    assert id not in ids(town.operator.get("matters", state="late"))
    # Two days go by.
    town.county.sql(
        "UPDATE matter_limit SET due_at = due_at - interval '30 days', climbs = ARRAY(SELECT c - interval '30 days' "
        "FROM unnest(climbs) c) WHERE matter = %s", id
    )  # fmt: skip
    town.county.sql("UPDATE matter SET due_at = now(), next_climb_at = now() WHERE id = %s", id)
    assert id in ids(town.operator.get("matters", state="late"))
    told = ok(town.operator.get(f"matters/{id}"))
    deadline = datetime.now().timestamp() + 20
    while not (climbs := [x for x in told["timeline"] if x["act"] == "climb"]):
        assert datetime.now().timestamp() < deadline
        town.county.sql("SELECT pg_sleep(0.2)")
        told = ok(town.operator.get(f"matters/{id}"))  # the server's own worker looks every 5 s
    assert [line["detail"]["level"] for line in climbs] == [1, 2]
    assert climbs[0]["detail"]["to"] == sorted((town.commander.display, town.department.display))
    assert climbs[0]["text_zh"].startswith("报到超时，第 1 次督办：")


def test_counts_have_their_denominators_and_stand_by_department_and_by_area(county: County) -> None:
    town = Town(county)
    early, late, open_one = (town.whistled() for _ in range(3))
    for id in (early, late):
        ok(town.do(id, "report_in", town.department))
    county.sql("UPDATE matter_limit SET ended_at = due_at + interval '1 hour' WHERE matter = %s AND name = 'report_in'",
               late)  # fmt: skip
    county.sql("UPDATE matter SET due_at = now() WHERE id = %s", open_one)
    raised_only = town.raised()
    by_unit = ok(town.operator.get("matter-counts"))["rows"]
    assert len(by_unit) == 1
    wanted = {
        "key": UNIT,
        "raised": 3,
        "open": 3,
        "late_now": 1,
        "report_in_met": 2,
        "report_in_on_time": 1,
        "closed": 0,
    }
    assert {key: by_unit[0][key] for key in wanted} == wanted
    by_area = ok(town.operator.get("matter-counts", by="area", area=town.areas["village"]))["rows"]
    assert [(row["key"], row["raised"]) for row in by_area] == [(f"组{town.mark}", 4)]
    assert raised_only
    assert ok(town.operator.get("matter-counts", since="2099-01-01T00:00:00Z"))["rows"] == []


def test_a_household_orders_and_the_first_volunteer_has_it(town: Town) -> None:
    for _ in range(6):
        id = town.ordered()
        assert town.volunteers[0].get(f"orders/{id}").status_code == 404
        ok(town.worker.post(f"orders/{id}/act", act="offer"))
        seen = ok(town.volunteers[0].get(f"orders/{id}"))
        assert (seen["order"]["site"], seen["order"]["house"], seen["order"]["words"]) == ("", "", "")
        assert town.village.sites[0] not in json.dumps(seen)
        with ThreadPoolExecutor(2) as pool:
            replies = list(pool.map(lambda v, id: v.post(f"orders/{id}/act", act="take"), town.volunteers, [id] * 2))
        assert sorted(reply.status_code for reply in replies) == [200, 409]
        assert "somebody was first" in next(r for r in replies if r.status_code == 409).json()["error"]
        first = 0 if replies[0].status_code == 200 else 1
        winner, loser = town.volunteers[first], town.volunteers[1 - first]
        assert ok(winner.get(f"orders/{id}"))["order"]["house"] == f"{town.mark} 0号"
        assert loser.get(f"orders/{id}").status_code == 404
    assert loser.post(f"orders/{id}/act", act="done").status_code == 404
    ok(winner.post(f"orders/{id}/act", act="done"))
    assert winner.post(f"orders/{id}/act", act="confirm", said="satisfied").status_code == 409
    assert ok(town.worker.post(f"orders/{id}/act", act="confirm", said="satisfied"))["stage"] == "confirmed"
    acts = [line["act"] for line in ok(town.operator.get(f"orders/{id}"))["timeline"]]
    assert acts == ["order", "offer", "take", "done", "confirm"]


def test_an_offer_by_name_goes_to_volunteers_of_the_place(town: Town, other: Town) -> None:
    id = town.ordered()
    stranger = town.worker.post(f"orders/{id}/act", act="offer", to=[other.volunteers[0].name])
    assert stranger.status_code == 422
    ok(town.worker.post(f"orders/{id}/act", act="offer", to=[town.volunteers[1].name]))
    assert town.volunteers[0].get(f"orders/{id}").status_code == 404
    assert id not in {o["id"] for o in ok(town.volunteers[0].get("orders"))["orders"]}
    assert id in {o["id"] for o in ok(town.volunteers[1].get("orders"))["orders"]}
    ok(town.volunteers[1].post(f"orders/{id}/act", act="take"))
    ok(town.volunteers[1].post(f"orders/{id}/act", act="give_back", why="临时有事"))
    ok(town.volunteers[0].post(f"orders/{id}/act", act="take"))


SEES = {"operator", "commander", "grid_worker", "department"}


@pytest.mark.parametrize("role", [r for r in ROLES if r != "family"])
def test_nobody_of_one_township_sees_or_changes_a_matter_of_another(town: Town, other: Town, role: str) -> None:
    mine, theirs = town.whistled(), other.whistled()
    order = other.ordered()
    ok(other.worker.post(f"orders/{order}/act", act="offer"))
    person = town.somebody(role, UNIT)
    before = town.county.sql("SELECT md5(string_agg(m::text, '' ORDER BY id)) FROM matter m")
    before += town.county.sql("SELECT md5(string_agg(o::text, '' ORDER BY id)) FROM volunteer_order o")
    calls = [person.get(path, **query) for path, query in (
        ("matters", {"limit": 500}), ("matters", {"state": "late", "limit": 500}), ("matters", {"state": "ended"}),
        ("matters", {"area": other.areas["village"]}), (f"matters/{theirs}", {}), ("matter-counts", {"by": "area"}),
        ("matter-counts", {"by": "area", "area": other.areas["township"]}), ("orders", {"limit": 500}),
        (f"orders/{order}", {}), ("matter-catalogue", {}),
    )]  # fmt: skip
    calls += [person.post(path, **body) for path, body in (
        ("matters", other.report()), ("matters", other.report(site=other.village.sites[0])),
        *((f"matters/{theirs}/act", {"act": act, "words": "x", "why": "x", "unit": UNIT, **PROOF}) for act in (
            "note", "whistle", "report_in", "return", "handle", "settle", "reopen")),
        ("orders", {"service": "V01", "site": other.village.sites[0]}),
        *((f"orders/{order}/act", {"act": act, "why": "x"}) for act in ("take", "offer", "cancel", "done")),
    )]  # fmt: skip
    for reply in calls:
        assert reply.status_code < 500, reply.text
        assert other.mark not in text_of(reply), (role, reply.request.url)
    assert {r.status_code for r in calls if r.request.method == "POST"} <= {403, 404}
    assert {r.status_code for r in calls if str(theirs) in r.request.url.path.split("/")} <= {403, 404}
    after = town.county.sql("SELECT md5(string_agg(m::text, '' ORDER BY id)) FROM matter m")
    after += town.county.sql("SELECT md5(string_agg(o::text, '' ORDER BY id)) FROM volunteer_order o")
    assert after == before
    allowed = role in TABLE["matter.see"]
    assert (person.get("orders").status_code == 200) == (role in TABLE["order.see"])
    assert (person.get("matters").status_code == 200) == allowed
    assert (person.get(f"matters/{mine}").status_code == 200) == (role in SEES), role
    if allowed:
        assert (mine in ids(person.get("matters", limit=500))) == (role in SEES), role
        assert (mine in {x["id"] for x in ok(person.get("matters", unit=UNIT, limit=500))["matters"]}) == (role in SEES)


def test_the_list_and_one_by_one_agree_for_everybody(town: Town) -> None:
    for _ in range(2):
        town.whistled(), town.raised(DISPUTE, asked=True), town.raised(ROAD, town.other_worker)
    newest = town.county.sql("SELECT max(id) FROM matter")[0][0]
    for person in (town.operator, town.commander, town.worker, town.other_worker, town.department,
                   town.other_department):  # fmt: skip
        listed = ids(person.get("matters", limit=500)) | ids(person.get("matters", state="ended", limit=500))
        one_by_one = {n for n in range(newest - 60, newest + 1) if person.get(f"matters/{n}").status_code == 200}
        assert {n for n in listed if n >= newest - 60} == one_by_one, person.role


def test_pages_follow_each_other(town: Town) -> None:
    made = {town.whistled() for _ in range(3)}
    first = ok(town.operator.get("matters", limit=2))
    assert len(first["matters"]) == 2
    second = ok(town.operator.get("matters", limit=500, before=first["before"]))
    found = [row["id"] for row in (*first["matters"], *second["matters"])]
    assert found == sorted(found, reverse=True)
    assert made <= set(found)
    assert second["before"] == 0


def test_the_catalogue_is_edited_by_the_county_and_open_matters_keep_what_held(own_catalogue: Any) -> None:
    town, administrator = own_catalogue
    id = town.whistled()
    now = ok(town.operator.get("matter-catalogue"))
    lamp = next(m for m in now["matters"] if m["code"] == LAMP)
    assert len(now["matters"]) >= 36
    assert {u["people"] for u in now["units"] if u["name"] == UNIT} != {0}
    body = {k: v for k, v in lamp.items() if k != "code"} | {"report_in": 2, "zh": "路灯全灭"}
    assert town.commander.post(f"matter-catalogue/{LAMP}", **body).status_code == 403  # the township's
    assert administrator.post(f"matter-catalogue/{LAMP}", **body | {"zh": "重点人员"}).status_code == 422
    assert administrator.post(f"matter-catalogue/{LAMP}", **body | {"report_in": 99, "done": 9}).status_code == 422
    changed = administrator.post(f"matter-catalogue/{LAMP}", **body)
    assert changed.status_code == 200, changed.text
    assert ok(town.operator.get(f"matters/{id}"))["matter"]["name_zh"] == "路灯不亮"
    assert ok(town.operator.get(f"matters/{town.whistled()}"))["limits"][1]["hours"] == 2
    assert administrator.post("matter-catalogue/S18/end").status_code == 200
    assert town.worker.post("matters", **town.report("S18")).status_code == 422
    assert administrator.post("matter-catalogue/S18/end").status_code == 404


@pytest.fixture
def own_catalogue(county: County, town: Town) -> Any:
    yield town, Somebody(county, Grant("administrator"))
    county.sql("DELETE FROM matter_catalogue")


def test_the_catalogue_goes_out_and_comes_in_as_a_file(county: County, own_catalogue: Any, tmp_path: Any) -> None:
    config = ("--config", county.config)
    out = county.cli("matter", "export", *config).stdout
    assert read(out) == (shipped(), [])
    file = tmp_path / "catalogue.toml"
    file.write_text(out.replace("路灯不亮", "重点人员"), encoding="utf-8")
    bad = county.cli("matter", "import", file, *config, check=False)
    assert bad.returncode == 1
    assert "(S02)" in bad.stderr
    assert "nothing was changed" in bad.stderr
    file.write_text(out.replace("路灯不亮", "路灯坏了"), encoding="utf-8")
    assert "all good" in county.cli("matter", "import", file, "--check", *config).stdout
    assert "0 new, 1 changed, 0 gone" in county.cli("matter", "import", file, *config).stdout
    assert read(county.cli("matter", "export", *config).stdout)[0] == read(file.read_text(encoding="utf-8"))[0]
    assert "路灯不亮" in county.cli("matter", "export", "--shipped", *config).stdout


def test_an_order_is_for_days_to_come(town: Town) -> None:
    body = {"service": "V01", "site": town.village.sites[0]}
    for never in ("0001-01-01T00:00:00+14:00", "2020-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"):
        assert town.worker.post("orders", **body, wanted_by=never).status_code == 422
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert ok(town.worker.post("orders", **body, wanted_by=soon))["late"] is False


@pytest.mark.parametrize(
    "body",
    [
        {"code": "X99"}, {"code": "S02", "words": "\u200b"}, {"source": "nobody"}, {"area": 2**61}, {"latitude": 200},
        {"area": None}, {"site": "nowhere"}, {"words": "a\x00b"}, {"photos": [""]},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_said(town: Town, body: dict[str, Any]) -> None:
    reply = town.worker.post("matters", **(town.report() | body))
    if body.get("words") == "a\x00b":
        assert reply.status_code == 200  # what cannot be seen is left out
        return
    assert reply.status_code in (404, 409, 422), reply.text
    assert {"error", "do"} <= set(reply.json())


def test_who_may_everywhere_raises_nothing_where_there_is_no_place(county: County, town: Town) -> None:
    everywhere = Somebody(county, Grant("operator"))
    for path, body in (
        ("matters", town.report(area=2**61)),
        ("matters", town.report(site="nowhere")),
        ("orders", {"service": "V01", "site": "nowhere"}),
    ):
        assert everywhere.post(path, **body).status_code == 404
    assert everywhere.get("matter-counts", area=2**61).status_code == 404
    assert everywhere.get("matters", area=2**61).status_code == 404


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400"])
def test_what_is_no_number_is_no_place(town: Town, number: str) -> None:
    body = json.dumps(town.report(latitude=1.5, longitude=2.5)).replace("1.5", number)
    reply = town.worker.http.post("/api/matters", content=body, headers={"Content-Type": "application/json"})
    assert reply.status_code == 422, reply.text
