"""What a household gives of itself: kept with its consent, seen by who may, exported and erased for it."""

import csv
import io
from typing import Any

import httpx
import pytest
from heartlamp_server.area.erase import HELD
from heartlamp_server.area.importing.report import harmless

from tests.server.area.tables import write
from tests.server.area.zone import Zone, post
from tests.server.county import County, Operator

NOBODY: dict[str, Any] = {"contacts": [], "needs": {}}
CONSENT = {"kind": "data", "given_on": "2026-02-01", "how": "witness", "evidence": "三组户长"}
WORDS = {
    "contacts": [
        {"role": "儿子", "number": "138 0013 8000", "language": "zh"},
        {"role": "邻居", "number": "0577-88123456"},
    ],
    "needs": {"key_holder": "=邻居", "dog": "有，拴着"},
}


def test_nothing_is_kept_without_consent_and_all_goes_with_it(zone: Zone, operator: Operator) -> None:
    [site] = zone.sites("1")
    refused = post(operator, f"sites/{site}/household", **WORDS)
    assert (refused.status_code, set(refused.json())) == (409, {"error", "do"})
    assert post(operator, f"sites/{site}/consents", **CONSENT).status_code == 200
    kept = post(operator, f"sites/{site}/household", **WORDS).json()
    assert [c["number"] for c in kept["contacts"]] == ["+8613800138000", "+8657788123456"]
    assert operator.get(f"sites/{site}/household") == kept
    assert operator.get(f"sites/{site}")["recorded"]

    after = post(operator, f"sites/{site}/consents/withdraw", kind="data").json()
    assert (after["contacts"], after["needs"]["dog"]) == ([], "")
    assert after["consents"][0]["withdrawn_on"]
    assert zone.county.sql("SELECT count(*) FROM contact WHERE site = %s", site) == [(0,)]
    assert not operator.get(f"sites/{site}")["recorded"]
    assert post(operator, f"sites/{site}/consents/withdraw", kind="data").status_code == 409
    assert post(operator, f"sites/{site}/consents", **CONSENT).status_code == 200
    assert [c["withdrawn_on"] is None for c in operator.get(f"sites/{site}/household")["consents"]] == [False, True]


def test_what_cannot_be_kept_says_why(zone: Zone, operator: Operator) -> None:
    [site] = zone.sites("1")
    post(operator, f"sites/{site}/consents", **CONSENT)
    one = {"role": "", "number": "13800138000"}
    for contacts in ([{"role": "", "number": "88123456"}], [one, one]):
        reply = post(operator, f"sites/{site}/household", contacts=contacts, needs={})
        assert (reply.status_code, set(reply.json())) == (409, {"error", "do"})
    assert post(operator, f"sites/{site}/household", contacts=[one] * 6, needs={}).status_code == 422
    assert post(operator, f"sites/{site}/consents", **CONSENT | {"given_on": "2099-01-01"}).status_code == 409
    assert post(operator, f"sites/{site}/consents", **CONSENT | {"evidence": " "}).status_code == 409
    assert operator.http.get("/api/sites/nowhere/household").status_code == 404


def test_rows_of_two_households_cannot_be_swapped(zone: Zone, operator: Operator) -> None:
    one, other = zone.sites("1", "2")
    for site in (one, other):
        post(operator, f"sites/{site}/consents", **CONSENT)
        post(operator, f"sites/{site}/household", **WORDS)
    zone.county.sql(
        "UPDATE contact SET sealed = (SELECT sealed FROM contact WHERE site = %s AND rank = 1) "
        "WHERE site = %s AND rank = 1",
        one, other,
    )  # fmt: skip
    assert operator.http.get(f"/api/sites/{other}/household").status_code == 409
    assert operator.http.get(f"/api/sites/{one}/household").status_code == 200

    table = write(zone.folder / "h.csv", ["点位编号", "狗"], [one, "有"], [other, "有"])
    said = zone.take("households", table, check=False)
    assert "0 added, 1 changed, 0 as they were, 1 not taken" in said
    assert "row 3, 点位编号" in said
    assert operator.http.post(f"/api/sites/{other}/erase").status_code == 200
    assert operator.get(f"sites/{other}/household")["contacts"] == []


def test_a_household_is_given_all_that_is_kept_of_it_and_has_it_erased(county: County, operator: Operator) -> None:
    village = county.village(more=["camera"])
    site, press = village.sites[0], village.keys[0].press()
    village.send(press)
    post(operator, f"sites/{site}/consents", **CONSENT)
    post(operator, f"sites/{site}/household", **WORDS)
    operator.say(press.id, "accepted", note="说是老人摔倒")
    operator.say(press.id, "closed", how="spoke_to")
    county.sql("INSERT INTO reading VALUES (%s, 'battery_mv', now(), 3000, '00000000', 1)", village.keys[0].id)

    told = operator.get(f"sites/{site}/export")
    assert told["household"]["contacts"][0]["role"] == "儿子"
    assert told["incident"][0]["id"] == press.id
    assert any(line["detail"].get("note") == "说是老人摔倒" for line in told["timeline"])
    assert told["reading"][0]["readings"] == 1

    erased = operator.http.post(f"/api/sites/{site}/erase")
    assert erased.status_code == 200
    assert len(erased.json()["stays"]) > 5
    after = operator.get(f"sites/{site}/export")
    assert "儿子" not in str(after)
    assert "老人" not in str(after)
    assert after["reading"] == []
    assert [c["withdrawn_on"] is None for c in after["household"]["consents"]] == [False]
    assert [(i["id"], i["presses"]) for i in after["incident"]] == [(press.id, 1)]
    assert after["site"][0]["address"] == "三组0号"  # its devices may call: somebody has to find the house
    for device in county.sql("SELECT id FROM device WHERE site = %s", site):
        county.cli("device", "revoke", device[0], "--config", county.config)
    operator.http.post(f"/api/sites/{site}/erase")
    assert operator.get(f"sites/{site}/export")["site"][0]["address"] == ""
    assert operator.get(f"sites/{site}/export")["incident"][0]["place"]["address"] == ""
    assert county.sql("SELECT erased_by FROM household WHERE site = %s", site) == [(operator.name,)]


def test_erasing_deletes_every_picture_of_the_house(county: County, operator: Operator) -> None:
    village = county.village(more=["camera"])
    press = village.keys[0].press()
    still = village.more["camera"].still(press.id, "0" * 64, 3)
    village.send(press, still)
    assert county.sql("SELECT count(*) FROM event WHERE id = %s AND kind = 'still'", still.id) == [(1,)]
    county.sql(
        "INSERT INTO picture (event, incident, device, gateway, sum, size) VALUES (%s, %s, %s, %s, '', 3)",
        still.id, press.id, village.more["camera"].id, village.gateway,
    )  # fmt: skip
    county.sql("INSERT INTO picture_part VALUES (%s, 0, 'abc')", still.id)
    assert operator.http.post(f"/api/sites/{village.sites[0]}/erase").status_code == 200
    assert county.sql("SELECT count(*) FROM picture_part WHERE event = %s", still.id) == [(0,)]
    assert county.sql("SELECT deleted_at IS NOT NULL FROM picture WHERE event = %s", still.id) == [(True,)]


def test_the_list_of_what_is_held_leaves_no_table_out(county: County) -> None:
    """Every table that leads to a site by its keys, and those without keys that name devices or events."""
    leads = county.sql("""
        WITH RECURSIVE key AS (
            SELECT conrelid::regclass::text AS here, confrelid::regclass::text AS there
            FROM pg_constraint WHERE contype = 'f'
        ), led (name) AS (SELECT 'site' UNION SELECT key.here FROM key JOIN led ON key.there = led.name)
        SELECT name FROM led
        UNION SELECT table_name FROM information_schema.columns
        WHERE table_schema = 'public' AND column_name IN ('device', 'event', 'incident', 'site', 'frame')
    """)
    # Of gateways themselves, and partitions of the readings.
    others = {"invite", "store"}
    named = {name for (name,) in leads if not name.startswith("reading_") and name not in others}
    assert named - {held.table for held in HELD} == set()


def test_every_statement_of_the_list_runs(county: County) -> None:
    import psycopg

    with psycopg.connect(county.conninfo) as conn:
        for held in HELD:
            for statement in (held.export, *held.erase):
                if statement:
                    conn.execute(statement, {"site": "nowhere"})
        conn.rollback()
    assert all(held.erase or held.stays or held.table == "picture_part" for held in HELD)


def test_a_list_of_households_takes_two_people(zone: Zone, operator: Operator) -> None:
    [site, _] = zone.sites("1", "2")
    post(operator, f"sites/{site}/consents", **CONSENT)
    post(operator, f"sites/{site}/household", **WORDS)
    other = zone.county.more_than("administrator")
    id = post(operator, "household-lists", area=zone.id(zone.east), why="台风转移").json()["id"]

    def say(who: Operator, verb: str) -> httpx.Response:
        return who.http.post(f"/api/household-lists/{id}/{verb}")

    assert say(operator, "take").status_code == 409
    assert "cannot release" in say(operator, "release").json()["error"]
    assert say(other, "release").status_code == 204
    assert say(other, "release").status_code == 409
    assert say(other, "take").status_code == 409
    taken = say(operator, "take")
    assert taken.status_code == 200
    head, first, second = csv.reader(io.StringIO(taken.text.removeprefix("\ufeff")))
    assert (len(head), first[0], second[0]) == (10, site, f"z{zone.code}2")
    assert first[5] == "儿子 +8613800138000 zh；邻居 +8657788123456"
    assert first[6] == "'=邻居"  # no spreadsheet reckons with it
    assert all(harmless(cell) == cell for cell in first)
    assert say(operator, "take").status_code == 409
    with pytest.raises(Exception, match="check"):
        zone.county.sql("UPDATE household_list SET released_by = asked_by WHERE id = %s", id)
    listed = next(a for a in other.get("household-lists")["lists"] if a["id"] == id)
    assert (listed["asked_by"], listed["released_by"], bool(listed["taken_at"])) == (operator.name, other.name, True)


def test_a_release_is_over_after_a_day(zone: Zone, operator: Operator) -> None:
    id = post(operator, "household-lists", area=zone.id(zone.east), why="核对").json()["id"]
    assert zone.county.more_than("administrator").http.post(f"/api/household-lists/{id}/release").status_code == 204
    zone.county.sql("UPDATE household_list SET released_at = released_at - interval '25 hours' WHERE id = %s", id)
    assert operator.http.post(f"/api/household-lists/{id}/take").status_code == 409
