"""What the county wants set on a device: told in the answer to its heartbeats, until it says what became of it."""

from typing import Any

import pytest
from heartlamp_protocol.uplink import Item
from heartlamp_server.provisioning import wanted
from heartlamp_server.responder.scope import Grant

from tests.server.county import County, Village
from tests.server.devices import Device
from tests.server.responder.people import Somebody


@pytest.fixture(scope="module")
def village(county: County) -> Village:
    return county.village(houses=6)


@pytest.fixture(scope="module")
def technician(county: County, village: Village) -> Somebody:
    [(area,)] = county.sql("SELECT village FROM gateway WHERE id = %s", village.gateway)
    return Somebody(county, Grant("technician", area))


def want(technician: Somebody, lamp: Device, **settings: Any) -> Any:
    reply = technician.put(f"devices/{lamp.id}/desired", settings=settings)
    assert reply.status_code == 200, reply.text
    return reply.json()


def beat(village: Village, lamp: Device, ver: int | None, kv: int = 1) -> str:
    """The county's answer to a heartbeat; `ver`: what it says of its settings, None nothing."""
    values = [("version", 10000)] if ver is None else [("version", 10000), ("settings_ver", ver)]
    [verdict] = village.send(lamp.reading(values, kv=kv), to="readings")
    assert verdict.verdict == "received", verdict.reason
    return verdict.receipt


def state(technician: Somebody, lamp: Device) -> Any:
    settings = technician.get(f"devices/{lamp.id}").json()["settings"]
    return settings["state"], settings["desired"]


def test_a_device_is_told_at_each_heartbeat_until_it_says_that_it_has_it(
    village: Village, technician: Somebody
) -> None:
    lamp = village.lamps[0]
    assert beat(village, lamp, 0) == ""
    assert state(technician, lamp) == ("none", {})
    first = want(technician, lamp, lang="en")
    assert state(technician, lamp) == ("waits", {"lang": "en"})  # and if it is offline for a year
    for _ in range(2):
        said = lamp.reads(beat(village, lamp, 0))
        assert (said["kind"], said["ver"], said["set"]) == ("settings", first["version"], {"lang": "en"})
    assert village.send(lamp.reading([("settings_ver", 0)]), lamp.press())[1].receipt  # an alarm's is its own
    assert beat(village, lamp, first["version"]) == ""
    assert state(technician, lamp) == ("done", {"lang": "en"})
    second = want(technician, lamp, lang="zh")
    assert second["version"] > first["version"]
    assert lamp.reads(beat(village, lamp, first["version"]))["set"] == {"lang": "zh"}
    assert beat(village, lamp, -second["version"]) == ""
    assert state(technician, lamp) == ("refused", {"lang": "zh"})
    assert want(technician, lamp, lang=None)["desired"] == {}


def test_a_program_that_knows_nothing_of_it_is_told_nothing_and_shown_so(
    village: Village, technician: Somebody
) -> None:
    lamp = village.lamps[1]
    want(technician, lamp, lang="en")
    assert beat(village, lamp, None) == ""
    assert state(technician, lamp)[0] == "unable"


def test_a_key_is_told_under_the_one_in_use_and_no_more_after_its_first_use(
    village: Village, technician: Somebody
) -> None:
    lamp = village.lamps[2]
    assert beat(village, lamp, 0) == ""
    assert technician.post(f"devices/{lamp.id}/rotate").json()["kv"] == 2
    said = lamp.reads(beat(village, lamp, 0))
    assert (said["kv"], said["set"]) == (1, {"kv": 2})
    ver = said["ver"]
    assert isinstance(ver, int)
    assert beat(village, lamp, ver, kv=2) == ""
    assert state(technician, lamp)[0] == "done"
    later = want(technician, lamp, lang="en")
    said = lamp.reads(beat(village, lamp, ver, kv=2), kv=2)
    assert (said["kv"], said["ver"], said["set"]) == (2, later["version"], {"lang": "en"})


def test_a_device_whose_county_forgot_versions_is_told_a_higher_one(
    county: County, village: Village, technician: Somebody
) -> None:
    lamp = village.lamps[3]
    before = want(technician, lamp, lang="en")["version"]
    county.sql("UPDATE device SET wanted = '{}', wanted_ver = 0 WHERE id = %s", lamp.id)  # an older backup
    assert want(technician, lamp, lang="zh")["version"] >= before


def test_who_brings_a_heartbeat_in_anothers_name_gets_no_settings(village: Village, technician: Somebody) -> None:
    lamp = village.lamps[4]
    want(technician, lamp, lang="en")
    message = lamp.reading([("settings_ver", 0)])
    [verdict] = village.send_items([Item(0, 0, f"{village.lamps[5].id}.1", message.frame())], to="readings")
    assert (verdict.verdict, verdict.receipt) == ("received", "")


@pytest.mark.parametrize(
    "settings",
    [
        {}, {"wifi": {"ssid": "x", "password": ""}}, {"kv": 2}, {"consent": 1}, {"nonsense": 1}, {"lang": "../x"},
        {"心\0": 1}, {"lang": "\0"},
        {"lang": 7}, {"lang": "x" * 17}, {"sensors": {"heat": {"fire_mc": 62000}}}, {"lang": "en", "host": "10.0.0.1"},
    ],
)  # fmt: skip
def test_what_cannot_be_wanted_is_refused_and_changes_nothing(
    village: Village, technician: Somebody, settings: Any
) -> None:
    lamp = village.lamps[5]
    reply = technician.put(f"devices/{lamp.id}/desired", settings=settings)
    assert reply.status_code == 422
    assert reply.json()["do"].startswith("请更正")
    assert state(technician, lamp) == ("none", {})


def test_an_operator_may_not(county: County, village: Village) -> None:
    [(area,)] = county.sql("SELECT village FROM gateway WHERE id = %s", village.gateway)
    operator = Somebody(county, Grant("operator", area))
    assert operator.put(f"devices/{village.lamps[0].id}/desired", settings={"lang": "en"}).status_code in (403, 404)


@pytest.mark.parametrize(
    "value",
    [[], 7, {"Heat": 1}, {"heat": {"a": {"b": 1}}}, {"heat": "x"}, {"heat": True}, {"a": 2**53}, {"h": {"x" * 25: 1}}],
)
def test_sensors_are_whole_numbers_by_sensor(value: Any) -> None:
    with pytest.raises(wanted.Wrong):
        wanted.check("temperature", {"sensors": value})
    wanted.check("temperature", {"sensors": {"heat": {"fire_mc": 62000}, "age_days": 400}})
    with pytest.raises(wanted.Wrong):
        wanted.check("button", {"sensors": {"age_days": 400}})


def test_half_a_character_for_a_name_is_refused_in_words(village: Village, technician: Somebody) -> None:
    path, body = f"/api/devices/{village.lamps[5].id}/desired", b'{"settings":{"\\ud800":1,"lang":"\\ud800"}}'
    reply = technician.http.put(path, content=body, headers={"Content-Type": "application/json"})
    assert (reply.status_code, "?" in reply.json()["error"]) == (422, True)
