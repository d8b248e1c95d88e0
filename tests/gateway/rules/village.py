"""A village as a value: three houses of one group, a fourth of another, a button."""

import json

from heartlamp_gateway.rules import lamps
from heartlamp_gateway.rules.model import Village
from heartlamp_protocol.device.names import event_id
from heartlamp_protocol.downlink import IncidentCommand
from heartlamp_protocol.passwords import mosquitto_hash
from heartlamp_protocol.registry import Device, Registry, Site

HASH = mosquitto_hash("secret", bytes(12))


def listed(id: str, kind: str, site: str) -> Device:
    return Device(id, kind, site, {f"{id}.1": HASH})


SITES = (
    Site("s7", "三组 7号", "g3"),
    Site("s9", "三组 9号", "g3"),
    Site("s2", "三组 2号", "g3"),
    Site("s1", "四组 1号", "g4"),
)
DEVICES = (
    listed("lamp7", "lamp", "s7"),
    listed("butt7", "button", "s7"),
    listed("lamp9", "lamp", "s9"),
    listed("lamp2", "lamp", "s2"),
    listed("lamp1", "lamp", "s1"),
)
VILLAGE = lamps.relight(Village(Registry(1, "柳树村", SITES, DEVICES)))


def id_of(device: str, number: int) -> str:
    return event_id(device, number.to_bytes(8, "big"))


A, B, C = (id_of("butt7", n) for n in (1, 2, 3))


def calls(village: Village, device: str) -> list[dict[str, object]]:
    state = json.loads(lamps.payload(village.lamps[device], "e" * 16))
    return list(state["calls"])


def said(
    incident: str,
    events: tuple[str, ...],
    answer: str,
    site: str = "s7",
    what: str = "panic",
    who: str = "城关派出所",
    by: str = "",
    withdrawn: tuple[str, ...] = (),
) -> IncidentCommand:
    return IncidentCommand(incident, site, what, events, 1, answer, who, by, withdrawn, {"lamp7": '{"mac":"x"}'})
