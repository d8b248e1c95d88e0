"""Who may carry whose frames: from the plan to the files that devices are started with, and to the gateway."""

import json
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
from heartlamp_protocol.device.mac import pair_key
from heartlamp_protocol.registry import Registry
from heartlamp_server.area.model import read
from heartlamp_server.area.radio import untangled

from tests.server.county import County, Village


def plan(gateway: str, *houses: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A village; of each house its devices."""
    sites = [{"id": f"{gateway}-{n}", "name": f"一组 {n}号", "devices": devices} for n, devices in enumerate(houses)]
    broker = {"host": "127.0.0.1", "port": 8883, "name": f"{gateway}.heartlamp"}
    groups = [{"name": "一组", "sites": sites}]
    village = {
        "name": f"村{gateway}",
        "township": "城关镇",
        "gateway": gateway,
        "broker": broker,
        "groups": groups,
    } | more
    return {"county": {"name": "庆丰县"}, "villages": [village]}


def a(kind: str, id: str, *through: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "kind": kind} | ({"through": list(through)} if through else {}) | more


def file(county: County, device: str) -> dict[str, Any]:
    return dict(json.loads((county.out / f"devices/{device}.json").read_text()))


def registry(county: County, gateway: str) -> Registry:
    place = county.out / "gateways" / gateway
    headers = {"Authorization": f"Bearer {(place / 'token').read_text().strip()}"}
    trusted = ssl.create_default_context(cafile=str(place / "ca.pem"))
    reply = httpx.get(f"{county.gateways}/gateway/v1/registry", headers=headers, verify=trusted)
    return Registry.from_json(reply.content)


def test_a_lamp_is_given_the_keys_of_those_whom_it_carries(county: County) -> None:
    carrier, outlying = a("lamp", "lampnear"), a("camera", "camfar01", "lampnear")
    document = plan(
        "gwradio1",
        [carrier, a("button", "butnear1", "lampnear")],
        [outlying, a("button", "butfar01", "camfar01", "lampnear"), a("smoke", "smokefar")],
        radio_channel=11,
    )
    assert county.enrol(document) == []
    near, far, button = (file(county, id) for id in ("lampnear", "camfar01", "butfar01"))

    def key(child: dict[str, Any], lamp: str) -> str:
        return pair_key(bytes.fromhex(child["root"]), child["kv"], lamp).hex()

    assert near["radio"] == {
        "channel": 11,
        "up": [],
        "down": {
            "butfar01": {"key": key(button, "lampnear"), "own": 0, "lamp": 0},
            "butnear1": {"key": key(file(county, "butnear1"), "lampnear"), "own": 1, "lamp": 0},
            "camfar01": {"key": key(far, "lampnear"), "own": 0, "lamp": 1},
        },
    }
    assert far["radio"]["up"] == ["lampnear"]
    assert far["radio"]["down"] == {"butfar01": {"key": key(button, "camfar01"), "own": 1, "lamp": 0}}
    assert button["radio"] == {"channel": 11, "up": ["camfar01", "lampnear"], "down": {}}
    assert "radio" not in file(county, "smokefar")
    through = {d.id: d.through for d in registry(county, "gwradio1").devices}
    assert through == {
        "lampnear": (),
        "butnear1": ("lampnear",),
        "camfar01": ("lampnear",),
        "butfar01": ("camfar01", "lampnear"),
        "smokefar": (),
    }


def test_enrolling_again_changes_nothing_and_a_change_is_told_once(county: County) -> None:
    def files(folder: Path) -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}

    lamps, button = [a("lamp", "lampsame"), a("lamp", "lampbeta")], a("button", "butsame1", "lampsame")
    county.enrol(plan("gwradio2", [*lamps, button]))
    before, version = files(county.out), registry(county, "gwradio2").version
    assert county.enrol(plan("gwradio2", [*lamps, button])) == []
    assert (files(county.out), registry(county, "gwradio2").version) == (before, version)
    county.enrol(plan("gwradio2", [*lamps, a("button", "butsame1", "lampbeta")]))
    assert registry(county, "gwradio2").version == version + 1
    assert "radio" not in file(county, "lampsame")
    assert list(file(county, "lampbeta")["radio"]["down"]) == ["butsame1"]


def test_a_revoked_button_is_carried_by_nobody(county: County) -> None:
    document = plan("gwradio3", [a("lamp", "lamprevk"), a("button", "butrevk1", "lamprevk")])
    county.enrol(document)
    version = registry(county, "gwradio3").version
    county.cli("device", "revoke", "butrevk1", "--config", county.config)
    assert registry(county, "gwradio3").version == version + 1
    assert len(county.enrol(document)) == 1
    assert "radio" not in file(county, "lamprevk")


def test_no_key_of_a_device_goes_to_a_lamp_of_another_village(county: County) -> None:
    county.enrol(plan("gwradio4", [a("lamp", "lampelse")]))
    problems = county.enrol(plan("gwradio5", [a("lamp", "lampelse"), a("button", "butelse1", "lampelse")]))
    assert ["lampelse is already" in p for p in problems] == [True]
    county.enrol(plan("gwradio4", [a("lamp", "lampelse")]))
    assert "radio" not in file(county, "lampelse")


def test_what_has_a_battery_tries_its_lamp_first_and_what_has_not_its_line(county: County) -> None:
    lamp = a("lamp", "lamplink")
    told = a("button", "butlink2", "lamplink", links=["lan", "relay", "wan"])
    devices = [
        lamp,
        a("silent", "hushlink", "lamplink"),
        a("flood", "wetlink1", "lamplink"),
        a("button", "butlink1"),
        told,
    ]
    assert county.enrol(plan("gwradio6", devices)) == []
    links = {id: file(county, id)["links"] for id in ("lamplink", "hushlink", "wetlink1", "butlink1", "butlink2")}
    assert links == {
        "lamplink": ["lan"],
        "hushlink": ["relay", "lan"],
        "wetlink1": ["lan", "relay"],
        "butlink1": ["lan"],
        "butlink2": ["lan", "relay", "wan"],
    }


def test_a_lamp_enrolled_before_there_was_a_radio_stays_as_it_is(county: County) -> None:
    village: Village = county.village()
    assert {d.through for d in registry(county, village.gateway).devices} == {()}
    assert "radio" not in file(county, village.lamps[0].id)


@pytest.mark.parametrize(
    ("devices", "why", "taken"),
    [
        ([a("button", "butt01", "lamp99")], "no device of this village", ()),
        ([a("button", "butt01", "smoke1"), a("smoke", "smoke1")], "it is a smoke, and only a lamp carries", ()),
        ([a("lamp", "lamp01", "lamp01")], "cannot carry itself", ()),
        ([a("lamp", "lamp02", "lamp01"), a("lamp", "lamp01", "lamp02")], "would turn in a ring", ()),
        (
            [a("lamp", "lamp03", "lamp02"), a("lamp", "lamp02", "lamp01"), a("lamp", "lamp01", "lamp03")],
            "would turn in a ring",
            (),
        ),
        ([a("lamp", "lamp01"), {"id": "butt01", "kind": "button", "through": "lamp01"}], "not a list of at most 8", ()),
        ([{"id": "butt01", "kind": "button", "through": [7]}], "not a list of at most 8 texts", ()),
        ([a("button", "butt01", links=["pigeon"])], "'pigeon' is none of lan, relay, wan", ()),
        ([a("button", "butt01", links=["relay"])], "relay needs a lamp", ()),
        ([a("lamp", "lamp01"), a("button", "butt01", "lamp99", "lamp01")], "lamp99", ("lamp01",)),
    ],
)
def test_what_cannot_carry_is_said_and_the_rest_is_taken(
    devices: list[dict[str, Any]], why: str, taken: tuple[str, ...]
) -> None:
    county = read(plan("gwplan01", devices))
    assert [why in problem for problem in county.problems] == [True]
    (site,) = county.villages[0].sites
    assert [d.id for d in site.devices] == [d["id"] for d in devices]
    last = next(d for d in site.devices if d.id in ("butt01", "lamp01"))
    assert next((d for d in site.devices if d.id == "butt01"), last).through == taken
    assert last.links


@pytest.mark.parametrize("channel", [0, 14, "6", True, None, 6.0])
def test_a_channel_that_is_none_is_said(channel: object) -> None:
    county = read(plan("gwplan02", [a("lamp", "lamp01")], radio_channel=channel))
    assert county.villages[0].radio_channel == 6
    assert len(county.problems) == (channel is not None)


class Counted(str):
    """A name that counts how often any of them is looked up, and ends a walk that does not end."""

    __slots__ = ()
    looked = 0

    def __hash__(self) -> int:
        Counted.looked += 1
        assert Counted.looked < 1_000_000, "the walk goes the same ways again and again"
        return super().__hash__()


@pytest.mark.parametrize("ring", [False, True])
def test_a_village_whose_lamps_each_name_two_is_read_in_few_steps(ring: bool) -> None:
    lamps = [Counted(f"lamp{n:03}") for n in range(200)]
    named: dict[str, tuple[str, ...]] = {lamp: tuple(lamps[max(0, n - 2) : n]) for n, lamp in enumerate(lamps)}
    wanted = dict(named)
    if ring:
        named |= {lamps[0]: (lamps[-1],)}
        named = {lamp: named[lamp] for lamp in [*lamps[1:], lamps[0]]}
    problems: list[str] = []
    Counted.looked = 0
    assert untangled(dict.fromkeys(lamps, "lamp"), named, "here", problems) == wanted
    assert ["would turn in a ring" in problem for problem in problems] == [True] * ring
    assert Counted.looked > len(lamps)
