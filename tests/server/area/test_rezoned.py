"""Re-zoning on a real county: history, gateways, open calls, the day that has not come."""

import asyncio
import threading
from datetime import date, timedelta
from typing import Any

import psycopg
from heartlamp_server.area import rezone_store
from heartlamp_server.area.rezone_store import Gateways
from heartlamp_server.device import rezone

from tests.server.area.zone import Zone, post
from tests.server.county import County, Operator, Village


def today(county: County) -> date:
    found: date = county.sql("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date")[0][0]
    return found


def group_of(village: Village) -> int:
    found: int = village.county.sql("SELECT area FROM site WHERE id = %s", village.sites[0])[0][0]
    return found


def area_of(village: Village) -> int:
    found: int = village.county.sql("SELECT id FROM area WHERE name = %s AND level = 'village'", village.name)[0][0]
    return found


def registry(village: Village) -> Any:
    return village.http.get("/gateway/v1/registry").json()


def rezoned(operator: Operator, area: int, **said: Any) -> Any:
    reply = post(operator, f"areas/{area}/rezone", **said)
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_the_tree_opens_level_by_level_and_counts_what_is_below(zone: Zone, operator: Operator) -> None:
    zone.sites("1", "2")
    top = operator.get("areas")["areas"]
    own = next(a for a in top if a["code"] == zone.code)
    assert (own["level"], own["children"], own["sites"], own["devices"]) == ("county", 1, 2, 0)
    villages = operator.get("areas", parent=zone.id(zone.township))
    assert [p["level"] for p in villages["path"]] == ["county", "township"]
    assert [(a["name"], a["children"], a["sites"]) for a in villages["areas"]] == [("东村", 2, 2), ("西村", 2, 0)]
    assert operator.http.get("/api/areas", params={"parent": 10**9}).status_code == 404
    assert operator.http.get(f"/api/areas/{10**9}").status_code == 404


def test_a_changed_name_holds_from_its_day_on_and_the_old_one_before(zone: Zone, operator: Operator) -> None:
    east, now = zone.id(zone.east), today(zone.county)
    zone.county.sql("ALTER TABLE area DISABLE TRIGGER area_kept")
    zone.county.sql("UPDATE area SET valid_from = '2020-01-01' WHERE code LIKE %s", f"{zone.code}%")
    zone.county.sql("ALTER TABLE area ENABLE TRIGGER area_kept")
    zone.county.sql("UPDATE area_was SET valid_from = '2020-01-01' WHERE code LIKE %s", f"{zone.code}%")
    rezoned(operator, east, day=now.isoformat(), name="东山村", code=f"{zone.township}209")
    before = (now - timedelta(1)).isoformat()
    then = operator.get("areas", parent=zone.id(zone.township), on=before)["areas"]
    assert [(a["name"], a["code"]) for a in then] == [("东村", zone.east), ("西村", zone.west)]
    here = operator.get("areas", parent=zone.id(zone.township))["areas"]
    assert [(a["name"], a["code"]) for a in here] == [("西村", zone.west), ("东山村", f"{zone.township}209")]
    one = operator.get(f"areas/{east}")
    assert [(v["name"], v["valid_from"], v["valid_to"]) for v in one["history"]] == [
        ("东村", "2020-01-01", now.isoformat()), ("东山村", now.isoformat(), None),
    ]  # fmt: skip
    assert operator.get(f"areas/{east}", on=before)["path"][-1]["name"] == "东村"
    groups = operator.get("areas", parent=east)["areas"]
    assert [a["code"] for a in groups] == [f"{zone.township}209001", f"{zone.township}209002"]
    assert operator.http.get("/api/areas", params={"parent": east, "on": "2019-01-01"}).status_code == 404


def test_a_moved_group_is_heard_by_both_gateways_until_it_is_rewired(county: County, operator: Operator) -> None:
    old, new = county.village(), county.village()
    group, was, is_ = group_of(old), registry(old), registry(new)
    county.sql("UPDATE area SET name = '七组' WHERE id = %s", group)
    reply = rezoned(operator, group, day=today(county).isoformat(), parent=area_of(new))
    assert "still hears" in reply["notes"][0]
    assert operator.get(f"areas/{group}")["also"] == [area_of(old)]
    for village, before in ((old, was), (new, is_)):
        assert registry(village)["version"] > before["version"]
        assert set(old.sites) <= {s["id"] for s in registry(village)["sites"]}
    assert registry(old)["devices"] == was["devices"]  # not one loses its password

    [verdict] = old.send(old.keys[0].press())  # the broker that the button knows is the old village's
    assert verdict.verdict == "received"
    incident = next(i for i in operator.get("incidents")["incidents"] if i["site"]["id"] == old.sites[0])
    assert incident["path"][-2:] == [new.name, "七组"]
    assert post(operator, f"incidents/{incident['id']}/answer", answer="accepted").status_code == 200
    for village in (old, new):
        told = county.sql("SELECT seq FROM command WHERE gateway = %s AND about = %s", village.gateway, incident["id"])
        assert len(told) == 1

    assert operator.http.post(f"/api/areas/{group}/rewired").status_code == 204
    assert not set(old.sites) & {s["id"] for s in registry(old)["sites"]}
    assert set(old.sites) <= {s["id"] for s in registry(new)["sites"]}
    assert operator.http.post(f"/api/areas/{group}/rewired").status_code == 409


def test_an_open_call_keeps_the_path_it_opened_with(county: County, operator: Operator) -> None:
    village = county.village()
    press = village.keys[0].press()
    village.send(press)
    path = operator.card(press.id)["path"]
    rezoned(operator, area_of(village), day=today(county).isoformat(), name=f"新{village.name}")
    again = village.keys[0].press()
    village.send(again)
    assert operator.card(press.id)["path"] == path
    assert operator.card(press.id)["presses"] == 2


def test_of_two_villages_that_became_one_each_gateway_hears_all(county: County, operator: Operator) -> None:
    gone, into = county.village(), county.village()
    reply = rezoned(operator, area_of(gone), day=today(county).isoformat(), into=area_of(into))
    assert any(f"{gone.name}三组" in note for note in reply["notes"])
    for village in (gone, into):
        assert {*gone.sites, *into.sites} == {s["id"] for s in registry(village)["sites"]}
        assert registry(village)["village"] == into.name
        assert village.send(village.keys[0].press())[0].verdict == "received"
    ended = operator.get(f"areas/{area_of(gone)}")
    assert (ended["ended"], ended["merged_into"]) == (today(county).isoformat(), area_of(into))
    assert gone.name not in [a["name"] for a in operator.get("areas", parent=ended["path"][-2]["id"])["areas"]]


def test_no_call_is_lost_while_a_group_moves_to_and_fro(county: County, operator: Operator) -> None:
    old, new = county.village(), county.village()
    group, now = group_of(old), today(county).isoformat()
    county.sql("UPDATE area SET name = '八组' WHERE id = %s", group)
    presses: list[tuple[str, str]] = []
    stop = threading.Event()

    def press() -> None:
        while not stop.is_set():
            one = old.keys[len(presses) % 2].press()
            presses.append((one.id, old.send(one)[0].verdict))

    presser = threading.Thread(target=press)
    presser.start()
    try:
        for to in (new, old) * 4:
            rezoned(operator, group, day=now, parent=area_of(to))
    finally:
        stop.set()
        presser.join()
    assert len(presses) > 4
    assert {verdict for _, verdict in presses} == {"received"}
    stored = county.sql("SELECT count(*) FROM event WHERE id = ANY(%s) AND incident NOTNULL", [id for id, _ in presses])
    assert stored == [(len(presses),)]


def test_a_day_that_has_not_come_is_waited_for_and_may_be_withdrawn(zone: Zone, operator: Operator) -> None:
    county, west, tomorrow = zone.county, zone.id(zone.west), today(zone.county) + timedelta(1)
    first = rezoned(operator, west, day=tomorrow.isoformat(), name="西山村")["id"]
    second = rezoned(operator, west, day=tomorrow.isoformat(), name="西岭村")["id"]
    third = rezoned(operator, zone.id(zone.east), day=tomorrow.isoformat(), name="西山村")["id"]
    assert {first, second, third} <= {w["id"] for w in operator.get("rezonings")}
    assert operator.http.post(f"/api/rezonings/{second}/withdraw").status_code == 204
    assert operator.http.post(f"/api/rezonings/{second}/withdraw").status_code == 404

    async def turn() -> int:
        async with await psycopg.AsyncConnection.connect(county.conninfo, autocommit=True) as conn:
            return await rezone_store.due(conn, Gateways(rezone.retell, rezone.merge))

    assert asyncio.run(turn()) == 0
    county.sql(
        "UPDATE rezoning SET valid_from = valid_from - 1, what = jsonb_set(what, '{day}', to_jsonb(%s::text)) "
        "WHERE id = ANY(%s)",
        today(county).isoformat(),
        [first, third],
    )
    asyncio.run(turn())  # the county's own task may have been here before
    assert county.sql("SELECT name FROM area WHERE id = %s", west) == [("西山村",)]
    [left] = [w for w in operator.get("rezonings") if w["id"] in (first, third)]
    assert left["id"] == third
    assert "there is a 西山村 here already" in left["problem"]


def test_a_grid_has_groups_from_a_day_on(zone: Zone, operator: Operator) -> None:
    east = zone.id(zone.east)
    zone.sites("1")
    made = post(operator, "areas", level="grid", parent=east, name="第一网格").json()["id"]
    groups = [zone.id(f"{zone.east}001"), zone.id(f"{zone.east}002")]
    now = today(zone.county).isoformat()
    assert post(operator, f"areas/{made}/groups", day=now, groups=groups).status_code == 204
    assert [g["id"] for g in operator.get(f"areas/{made}")["groups"]] == groups
    grid = next(a for a in operator.get("areas", parent=east)["areas"] if a["level"] == "grid")
    assert (grid["children"], grid["sites"]) == (2, 1)
    assert len(operator.get(f"areas/{made}/sites")["sites"]) == 1
    then = next(a for a in operator.get("areas", parent=east, on=now)["areas"] if a["level"] == "grid")
    assert (then["children"], then["sites"]) == (2, 1)
    assert len(operator.get(f"areas/{made}/sites", on=now)["sites"]) == 1
    other = post(operator, f"areas/{made}/groups", day=now, groups=[zone.id(f"{zone.west}001")])
    assert (other.status_code, set(other.json())) == (409, {"error", "do"})
    assert post(operator, f"areas/{made}/groups", day=now, groups=groups[:1]).status_code == 204
    assert [g["id"] for g in operator.get(f"areas/{made}")["groups"]] == groups[:1]


def test_a_site_is_changed_and_moved_within_what_its_gateway_hears(county: County, operator: Operator) -> None:
    village, other = county.village(), county.village()
    site, was = village.sites[0], registry(village)["version"]
    assert post(operator, f"sites/{site}", name="三组 甲号", latitude=28.5, longitude=120.5).status_code == 204
    assert registry(village)["version"] == was + 1
    shown = operator.get(f"sites/{site}")
    assert (shown["name"], shown["latitude"], shown["devices"]) == ("三组 甲号", 28.5, 2)
    assert post(operator, f"sites/{site}", latitude=28.5).status_code == 409
    now = today(county).isoformat()
    refused = post(operator, f"sites/{site}/move", area=group_of(other), day=now)
    assert "provisioned" in refused.json()["error"]
    group = post(operator, "areas", level="group", parent=area_of(village), name="四组").json()["id"]
    assert post(operator, f"sites/{site}/move", area=group, day=now).status_code == 204
    assert operator.get(f"sites/{site}")["path"][-1]["name"] == "四组"
    page = operator.get(f"areas/{area_of(village)}/sites", limit=1)
    rest = operator.get(f"areas/{area_of(village)}/sites", after=page["next"])
    assert [s["id"] for s in page["sites"] + rest["sites"]] == village.sites


def test_history_is_not_written_backwards(zone: Zone, operator: Operator) -> None:
    day = (today(zone.county) - timedelta(400)).isoformat()
    refused = post(operator, f"areas/{zone.id(zone.east)}/rezone", day=day, name="东山村")
    assert refused.status_code == 409
    assert "earlier day" in refused.json()["error"]
