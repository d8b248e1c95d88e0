"""The list of today and a device's page, at a real county."""

import pytest
from heartlamp_server.responder.scope import Grant

from tests.gateway.rig.waiting import until
from tests.server.county import County, Village
from tests.server.responder.people import Somebody


@pytest.fixture(scope="module")
def village(county: County) -> Village:
    return county.village(houses=3)


@pytest.fixture(scope="module")
def technician(county: County, village: Village) -> Somebody:
    [(area,)] = county.sql("SELECT village FROM gateway WHERE id = %s", village.gateway)
    return Somebody(county, Grant("technician", area))


def test_the_list_says_who_needs_what_in_the_order_of_the_way(
    county: County, village: Village, technician: Somebody
) -> None:
    for n, site in enumerate(village.sites):
        county.sql("UPDATE site SET longitude = %s, latitude = 28 WHERE id = %s", 120 - n / 100, site)
    village.send(village.lamps[0].reading([("version", 10000), ("key_stuck", 1), ("rssi_dbm", -90)]), to="readings")
    village.send(village.lamps[1].press())
    village.send(village.lamps[1].reading([("version", 10000), ("rssi_dbm", -50)]), to="readings")
    heard = "SELECT 1 FROM device WHERE id = ANY(%s) AND last_seen IS NOT NULL"  # which is written once in a while
    until("both heard of", lambda: len(county.sql(heard, [lamp.id for lamp in village.lamps[:2]])) == 2, 30)
    said = technician.get("fleet").json()
    rows = {row["device"]: row for row in said["rows"]}
    assert rows[village.lamps[0].id]["todo"] == ["no_drill", "stuck_key", "link_weak"]
    assert village.lamps[1].id not in rows  # it needs nothing
    assert rows[village.lamps[2].id]["todo"][0] == "offline"
    assert said["counts"]["stuck_key"] == 1
    assert (said["devices"], said["more"]) == (6, False)
    order = [row["site"] for row in said["rows"] if row["device"].startswith("lamp")]
    assert order == [village.sites[2], village.sites[0]]  # from the west
    assert [r["device"] for r in technician.get("fleet", todo="stuck_key").json()["rows"]] == [village.lamps[0].id]
    assert len(technician.get("fleet", todo="all").json()["rows"]) == 6
    assert technician.get("fleet", village=2**40).json()["rows"] == []


def test_a_devices_page_has_its_keys_without_secrets_and_its_history(
    county: County, village: Village, technician: Somebody
) -> None:
    lamp = village.lamps[0]
    village.send(lamp.reading([("version", 10000), ("rssi_dbm", -90)]), to="readings")
    assert technician.post(f"devices/{lamp.id}/rotate").json() == {"device": lamp.id, "kv": 2, "used": 1}
    reply = technician.get(f"devices/{lamp.id}")
    page = reply.json()
    assert [(k["version"], k["pending"]) for k in page["keys"]] == [(1, False), (2, True)]
    assert {r["name"]: r["value"] for r in page["reported"]}["rssi_dbm"] == -90
    assert ("key", "2") in {(line["what"], line["detail"]) for line in page["history"]}
    assert lamp.root.hex() not in reply.text
    assert technician.get("devices/lampnobody").status_code == 404
