"""Heartbeats and readings: kept once, looked up by device and name, and never in an alarm's way."""

from datetime import UTC, datetime, timedelta

from heartlamp_protocol.uplink import Item

from tests.server.county import County, Operator, Village


def values(operator: Operator, device: str, name: str, hours: float = 24) -> list[int]:
    return [p["value"] for p in operator.get("readings", device=device, name=name, hours=hours)["points"]]


def test_a_heartbeat_is_kept_and_counts_as_a_sign_of_life(village: Village, operator: Operator) -> None:
    lamp = village.lamps[0]
    beat = lamp.reading([("battery_mv", 3700), ("rssi_dbm", -61)])
    verdict = village.send(beat, to="readings")[0]
    assert (verdict.verdict, verdict.receipt) == ("received", "")
    assert values(operator, lamp.id, "battery_mv") == [3700]
    assert values(operator, lamp.id, "rssi_dbm") == [-61]
    view = device_view(operator, lamp.id)
    assert view["last_seen"] is not None
    assert not view["overdue"]
    assert device_view(operator, village.lamps[1].id)["overdue"]


def test_a_reading_offered_twice_counts_once(village: Village, operator: Operator) -> None:
    reading = village.keys[0].reading([("temp_mc", 21500)], kind="reading")
    village.send(reading, reading, to="readings")
    village.send(reading, to="readings", age=40)
    assert values(operator, village.keys[0].id, "temp_mc") == [21500]


def test_of_a_batch_that_is_offered_again_with_newer_ones_only_these_are_new(
    village: Village, operator: Operator, county: County
) -> None:
    lamp, key = village.lamps[0], village.keys[0]
    batch = [lamp.reading([("held", n), ("heap_b", n)]) for n in range(20)] + [key.reading([("battery_mv", 3700)])]
    village.send(*batch, to="readings")
    village.send(*batch, lamp.reading([("heap_b", 20)]), key.reading([("held", 1)]), to="readings", age=5_000)
    assert sorted(values(operator, lamp.id, "held")) == list(range(20))
    assert sorted(values(operator, lamp.id, "heap_b")) == list(range(21))
    assert (values(operator, key.id, "battery_mv"), values(operator, key.id, "held")) == ([3700], [1])


def test_one_bad_reading_fails_nothing(village: Village, operator: Operator) -> None:
    lamp = village.lamps[0]
    good = lamp.reading([("temp_mc", 1)])
    forged = lamp.reading([("temp_mc", 2)]).forged()
    items = [Item(1, 0, "x", forged.frame()), Item(2, 0, "x", b"noise"), Item(3, 0, "x", good.frame())]
    assert [v.verdict for v in village.send_items(items, to="readings")] == ["quarantined", "rejected", "received"]
    assert values(operator, lamp.id, "temp_mc") == [1]


def test_odd_ages_never_fail(village: Village, operator: Operator, county: County) -> None:
    lamp = village.lamps[0]
    day = 24 * 3600 * 1000
    ages = [-1, 0, 29 * day, 31 * day, 2**53 - 1]
    items = [Item(n, 0, "x", lamp.reading([("temp_mc", n)]).frame(age)) for n, age in enumerate(ages)]
    assert {v.verdict for v in village.send_items(items, to="readings")} == {"received"}
    known = sorted(values(operator, lamp.id, "temp_mc", hours=24 * 40))
    assert known == [1, 2]  # the others were measured nobody knows when: confirmed, not stored, and no sign of life
    oldest = county.sql("SELECT min(at) FROM reading WHERE device = %s", lamp.id)[0][0]
    assert timedelta(days=28) < datetime.now(UTC) - oldest < timedelta(days=30)


def test_an_alarm_among_readings_is_an_alarm(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    assert village.send(press, village.lamps[0].reading([("a_b", 1)]), to="readings")[0].verdict == "received"
    assert operator.card(press.id)["presses"] == 1
    assert village.send(village.lamps[0].reading([("a_b", 2)]))[0].verdict == "received"
    assert values(operator, village.lamps[0].id, "a_b") == [1, 2]


def test_the_gateway_says_who_is_online(village: Village, operator: Operator) -> None:
    lamp = village.lamps[0].id
    village.send_items([], notes=[village.note(1, "", "online", lamp)], to="readings")
    assert device_view(operator, lamp)["online"] is True
    village.send_items([], notes=[village.note(2, "", "offline", lamp)], to="readings")
    assert device_view(operator, lamp)["online"] is False
    assert device_view(operator, village.lamps[1].id)["online"] is None


def device_view(operator: Operator, device: str) -> dict[str, object]:
    sites = operator.get("devices")["sites"]
    return next(d for s in sites for d in s["devices"] if d["id"] == device)


def test_an_old_heartbeat_is_no_sign_of_life(village: Village, operator: Operator) -> None:
    lamp = village.lamps[0]
    village.send_items([Item(1, -1, "x", lamp.reading([("held", 0)]).frame())], to="readings")
    device = next(d for s in operator.get("devices")["sites"] for d in s["devices"] if d["id"] == lamp.id)
    assert (device["last_seen"], device["overdue"]) == (None, True)


def test_a_device_is_shown_in_samples(village: Village, operator: Operator) -> None:
    lamp = village.lamps[0]
    for value in (-60, -70, -62):
        village.send(lamp.reading([("rssi_dbm", value), ("version", 10100)]), to="readings")
    page = operator.get("readings/device", device=lamp.id, hours=24 * 30, samples=300)
    samples = page["series"]["rssi_dbm"]
    assert (page["seconds"], min(s["low"] for s in samples), max(s["high"] for s in samples)) == (3 * 3600, -70, -60)
    assert sum(s["many"] for s in samples) == 3
    assert set(page["series"]) == {"rssi_dbm", "version"}
    assert operator.get("readings/device", device="nobody1")["series"] == {}
    assert operator.get("readings/health") == {
        "store": "postgresql", "well": True, "waiting": 0, "dropped": 0, "why": "",
    }  # fmt: skip


def test_what_is_no_id_is_not_looked_up(operator: Operator) -> None:
    for query in ("device=x'&name=a", "device=lamp01&name=a b", "device=&name=a", "device=lamp01&name="):
        reply = operator.http.get(f"/api/readings?{query}")
        assert (reply.status_code, set(reply.json())) == (422, {"error", "do"})
