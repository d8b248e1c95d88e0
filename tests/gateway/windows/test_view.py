"""What may be seen, as rules."""

import pytest
from heartlamp_gateway.rules import untold
from heartlamp_gateway.rules.batch import Kept
from heartlamp_gateway.rules.model import Incident, Lamp, Village
from heartlamp_gateway.windows import view
from heartlamp_protocol.registry import Device, Registry, Site
from heartlamp_protocol.uplink import Item, Note

MINUTE, HOUR = 60_000, 3_600_000
SITES = (Site("s7", "三组 7号", "g3"), Site("s9", "三组 9号", "g3"), Site("s1", "四组 1号", "g4"))


def device(id: str, kind: str, site: str) -> Device:
    return Device(id, kind, site, {f"{id}.1": "hash"})


DEVICES = (
    device("lamp7", "lamp", "s7"),
    device("lamp9", "lamp", "s9"),
    device("lamp1", "lamp", "s1"),
    device("hush7", "silent", "s7"),
    Device("gone7", "lamp", "s7", {}),
)
VILLAGE = Village(Registry(1, "柳树村", SITES, DEVICES), lamps={id: Lamp() for id in ("lamp7", "lamp9", "lamp1")})


def with_incident(incident: Incident, **lamps: Lamp) -> Village:
    return Village(VILLAGE.registry, {incident.id: incident}, {**VILLAGE.lamps, **lamps})


@pytest.mark.parametrize(
    ("kind", "online", "quiet", "listening", "expected"),
    [
        ("lamp", True, 1_000, HOUR, "online"),
        ("lamp", False, 1_000, HOUR, "offline"),
        ("lamp", None, None, 10_000, "unknown"),
        ("lamp", None, None, 76_000, "missed"),  # we have listened for 2.5 heartbeats
        ("lamp", True, 76_000, HOUR, "missed"),  # a session that says nothing is no life
        ("button", False, 9 * HOUR, 12 * HOUR, "asleep"),
        ("button", False, 11 * HOUR, 12 * HOUR, "missed"),
        ("button", None, None, 9 * HOUR, "unknown"),
    ],
)
def test_a_devices_state(kind: str, online: bool | None, quiet: int | None, listening: int, expected: str) -> None:
    assert view.state(kind, online, quiet, listening) == expected
    assert expected in view.STATES


def test_no_silent_button_and_no_revoked_device_is_listed() -> None:
    seen = view.devices(VILLAGE, {"hush7": True}, lambda _: 0, {}, HOUR, 0)
    assert [each.id for each in seen] == ["lamp7", "lamp9", "lamp1"]


def test_a_flaw_is_what_asks_for_a_visit() -> None:
    said = {"lamp7": {"mains": 0, "battery_low": 1, "tamper": 0, "battery_mv": 3700}}
    seen = view.devices(VILLAGE, {}, lambda _: 0, said, HOUR, 0)
    assert [each.flaws for each in seen] == [("battery_low", "no_mains"), (), ()]


def test_only_when_it_last_spoke_makes_no_other_view() -> None:
    def at(quiet: int) -> tuple[view.Seen, ...]:
        return view.devices(VILLAGE, {}, lambda _: quiet, {}, HOUR, 0)

    assert at(1_000) == at(2_000)
    assert at(1_000)[0].spoke != at(2_000)[0].spoke
    assert at(1_000) != at(76_000)


def test_an_incident_says_who_knows() -> None:
    incident = Incident("butt7-0000000000000001", "s7", "panic", ("butt7-0000000000000001",), 5)
    (before,) = view.calls(with_incident(incident), frozenset({incident.id}), more=False)
    assert (before.place, before.heard, before.county, before.neighbours, before.showing) == (
        "三组 7号",
        True,
        False,
        1,
        0,
    )
    lit = Lamp(2, (), 2, frozenset({incident.id}))
    (after,) = view.calls(with_incident(incident, lamp9=lit), frozenset(), more=False)
    assert (after.county, after.showing) == (True, 1)
    (unsure,) = view.calls(with_incident(incident), frozenset(), more=True)
    assert not unsure.county  # its row may be among those that memory has no room for


def test_no_silent_and_no_closed_incident_is_shown() -> None:
    silent = Incident("a", "s7", "silent", ("a",), 5)
    closed = Incident("b", "s7", "panic", ("b",), 5, county="closed")
    village = Village(VILLAGE.registry, {"a": silent, "b": closed}, VILLAGE.lamps)
    assert view.calls(village, frozenset(), more=False) == ()


def test_a_house_that_comes_is_named_and_a_person_is_not() -> None:
    house = Incident("a", "s7", "panic", ("a",), 5, (("s9", "coming", "e"),), 1, "coming", "三组 9号")
    (call,) = view.calls(with_incident(house), frozenset(), more=False)
    assert (call.answer, call.who, call.by) == ("coming", "三组 9号", "village")
    person = Incident("a", "s7", "panic", ("a",), 5, county="coming", county_who="A person")
    (call,) = view.calls(with_incident(person), frozenset(), more=False)
    assert (call.answer, call.who, call.by) == ("coming", "", "county")
    duty = Incident("a", "s7", "panic", ("a",), 5, (("@p1", "coming", ""),), 1, "coming", "A person")
    (call,) = view.calls(with_incident(duty), frozenset(), more=False)
    assert (call.answer, call.who, call.by) == ("coming", "", "duty")
    key = Incident("a", "s7", "panic", ("a",), 5, county="coming", county_who="三组 9号", county_by="s9")
    (call,) = view.calls(with_incident(key), frozenset(), more=False)
    assert (call.answer, call.who, call.by) == ("coming", "三组 9号", "village")


def test_what_waits_does_not_tell_of_a_silent_alarm() -> None:
    def row(n: int, device: str, frame: bytes) -> Kept:
        return Kept(n, "", 0, "e", device, item=Item(n, 0, device, frame))

    rows = [
        row(1, "butt7", b'{"what":"panic"}'),
        row(2, "butt7", b'{"what": "silent"}'),
        row(3, "butt7", b'{"what":"\\u0073ilent"}'),
        row(4, "hush7", b"anything"),
        Kept(5, "", 0, "e", "", note=Note(5, 0, "e", "i", "lit", "lamp9")),
    ]
    assert [kept.n for kept in untold.waiting(rows, frozenset({"hush7"}))] == [1, 5]


def test_a_trouble_that_two_parts_know_of_is_said_once() -> None:
    found = (
        *view.troubles(90_000, False, True, "ok"),
        view.Trouble("county", "也", "too"),
        view.Trouble("ups", "电", "power"),
    )
    assert [(each.code, each.en == "too") for each in view.without_repetition(found)] == [
        ("county", False),
        ("ups", False),
    ]


@pytest.mark.parametrize(
    ("away", "refused", "broker", "disk", "codes"),
    [
        (0, False, True, "ok", []),
        (89_999, False, True, "ok", []),
        (90_000, False, True, "ok", ["county"]),
        (90_000, False, False, "refusing", ["broker", "disk", "county"]),
        (0, True, True, "ok", ["refused"]),
        (90_000, True, True, "ok", ["refused"]),  # and not that it goes up later
        (0, False, True, "absent", ["disk"]),
    ],
)
def test_troubles_are_said_in_both_languages(
    away: int, refused: bool, broker: bool, disk: str, codes: list[str]
) -> None:
    found = view.troubles(away, refused, broker, disk)
    assert [trouble.code for trouble in found] == codes
    assert all(trouble.zh and trouble.en.isascii() and not trouble.zh.isascii() for trouble in found)
