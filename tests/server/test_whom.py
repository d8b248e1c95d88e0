"""Whom an operator calls about an incident."""

from heartlamp_server.escalation import duties
from heartlamp_server.responder import store
from heartlamp_server.responder.scope import Grant

from tests.server.county import County
from tests.server.responder.people import Somebody, in_store, seal_of
from tests.server.responder.townships import Township


def test_who_the_policy_calls_comes_first_and_then_who_is_near(county: County) -> None:
    town = Township(county)
    head = Somebody(county, Grant("group_head", town.areas["group"]))
    number = "+8613912345678"
    in_store(county, lambda conn: store.set_numbers(conn, seal_of(county), head.name, [number]))
    operator = town.people["operator"]
    found = operator.get(f"incidents/{town.open}/whom").json()
    assert found["policy"] == "135"
    first = found["callees"][0]
    assert (first["name"], first["role"], first["after_s"]) == (head.display, "group_head", 0)
    assert first["numbers"] == [{"number": number, "proven": False}]
    near = [c for c in found["callees"] if c["after_s"] is None]
    assert {"police", "volunteer"} <= {c["role"] for c in near}
    assert county.sql("SELECT 1 FROM audit WHERE what = 'look.numbers' AND about = %s", town.open)


def test_of_two_ways_up_each_area_stands_once_the_grid_before_the_village(county: County) -> None:
    """A police grid lies over the group too: what is above it is asked of, it itself has no duties of a village."""
    areas = Township(county).areas
    police = county.sql(
        "INSERT INTO area (level, name, code, parent, valid_from, police) VALUES ('grid', 'over it', '', %s, "
        "current_date, true) RETURNING id",
        areas["township"],
    )[0][0]
    for grid in (areas["grid"], police):
        county.sql(
            "INSERT INTO grid_member (grid, household_group, police, valid_from) VALUES (%s, %s, %s, current_date)",
            grid, areas["group"], grid == police,
        )  # fmt: skip
    found = in_store(county, lambda conn: duties.places(conn, [areas["group"], areas["village"], 0]))
    above = (areas["village"], areas["township"])
    assert found[areas["group"]].chain[:4] == (areas["group"], areas["grid"], *above)
    assert found[areas["group"]].levels["grid"] == (areas["grid"],)
    assert found[areas["village"]].chain[:2] == above
    assert not found[0].chain


def test_of_a_silent_alarm_nobody_in_the_village_is_named(county: County) -> None:
    town = Township(county)
    Somebody(county, Grant("group_head", town.areas["group"]))
    Somebody(county, Grant("operator", town.areas["village"]))
    found = town.people["operator"].get(f"incidents/{town.silent}/whom").json()
    assert found["policy"] == ""
    assert {(c["role"], c["level"]) for c in found["callees"]} <= {
        ("police", "township"), ("operator", "township"), ("police", "county"), ("operator", "county"),
    }  # fmt: skip
    assert ("police", "township") in {(c["role"], c["level"]) for c in found["callees"]}


def test_thousands_are_listed_page_by_page_and_each_once(county: County) -> None:
    operator, village = county.account(), county.village(houses=3)
    presses = [device.press(what) for device in village.keys for what in ("panic", "fire", "gas")]
    village.send(*presses)
    seen, more = [], ""
    while True:
        page = operator.get("incidents", limit=2, before=more) if more else operator.get("incidents", limit=2)
        seen += [card["id"] for card in page["incidents"]]
        more = page["more"]
        if not more:
            break
    assert len(seen) == len(set(seen))
    assert {press.id for press in presses} <= set(seen)
    assert operator.http.get("/api/incidents", params={"before": "nonsense"}).status_code == 422


def test_a_note_is_kept_and_changes_nothing(county: County) -> None:
    operator, village = county.account(), county.village()
    village.send(press := village.keys[0].press())
    before = operator.card(press.id)
    said = operator.http.post(f"/api/incidents/{press.id}/do", json={"act": "note", "words": "门锁着，钥匙在邻居家"})
    assert said.json() == before
    assert "钥匙在邻居家" in operator.get(f"incidents/{press.id}")["timeline"][-1]["text_zh"]
    empty = operator.http.post(f"/api/incidents/{press.id}/do", json={"act": "note", "words": " "})
    assert empty.status_code == 409
