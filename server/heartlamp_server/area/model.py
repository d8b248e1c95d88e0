"""villages.json: what is to be enrolled, read strictly; a bad row gives a reason and spoils nothing else. Pure."""

from dataclasses import dataclass, replace
from typing import Any

from heartlamp_protocol.device.kinds import KINDS
from heartlamp_protocol.device.names import is_device_id
from heartlamp_protocol.registry import SITE_ID_MAX, THROUGH_MAX

from heartlamp_server import plain
from heartlamp_server.area import radio


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the village's devices find its broker; `name` stands in its certificate."""

    host: str
    port: int
    name: str


@dataclass(frozen=True, slots=True)
class Device:
    """`through`: lamps of its village that may carry its frames by radio; `links`: its ways out. Both in the order in
    which it tries them. With `wan` among them it reaches the county by itself, as its own gateway of one."""

    id: str
    kind: str
    through: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    wan: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    id: str
    name: str
    address: str
    landmark: str
    group: str
    devices: tuple[Device, ...]


@dataclass(frozen=True, slots=True)
class Village:
    """`gateway`: its id, or "" where the village has none; `radio_channel`: of what goes from device to lamp."""

    code: str
    name: str
    township: str
    gateway: str
    broker: Broker | None
    sites: tuple[Site, ...]
    radio_channel: int = radio.CHANNEL


@dataclass(frozen=True, slots=True)
class County:
    name: str
    code: str
    villages: tuple[Village, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an incident is. `snapshot`: as the incident keeps it; `village`: the area; `gateways`: the village's;
    `lamps`: how many its household group has; `of_one`: (gateway of one, its lamp, that lamp's site) of the group."""

    snapshot: dict[str, Any]
    village: int | None
    gateways: tuple[str, ...]
    lamps: int
    of_one: tuple[tuple[str, str, str], ...]


class _Bad(Exception):
    pass


def read(document: Any) -> County:
    """`document`: parsed JSON. What is wrong stands in `problems`, each with its place; the rest is taken."""
    problems: list[str] = []
    county = document.get("county") if isinstance(document, dict) else None
    if not isinstance(county, dict) or not isinstance(county.get("name"), str) or not plain.name(county["name"]):
        return County("", "", (), ('the file needs {"county":{"name","code"},"villages":[…]}',))
    villages = []
    for place, row in _rows(document, "villages", "", problems):
        try:
            villages.append(_village(row, place, problems))
        except _Bad as bad:
            problems.append(f"{place}: {bad}")
    return County(plain.name(county["name"]), str(county.get("code", "")), tuple(villages), tuple(problems))


def _village(row: dict[str, Any], place: str, problems: list[str]) -> Village:
    gateway = _text(row, "gateway", "")
    if gateway and not is_device_id(gateway):
        raise _Bad(f"gateway {gateway!r} is not 4 to 20 of a-z 0-9")
    sites = []
    for group_place, group in _rows(row, "groups", place, problems):
        for site_place, site in _rows(group, "sites", group_place, problems):
            try:
                sites.append(_site(site, _text(group, "name"), site_place, problems))
            except _Bad as bad:
                problems.append(f"{site_place}: {bad}")
    return Village(
        _text(row, "code", ""),
        _text(row, "name"),
        _text(row, "township"),
        gateway,
        _broker(row.get("broker")),
        _linked(sites, place, problems),
        radio.channel(row.get("radio_channel"), place, problems),
    )


def _linked(sites: list[Site], place: str, problems: list[str]) -> tuple[Site, ...]:
    """Who goes through whom can only be judged when every device of the village is known."""
    kinds = {device.id: device.kind for site in sites for device in site.devices}
    named = {device.id: device.through for site in sites for device in site.devices}
    through = radio.untangled(kinds, named, place, problems)

    def linked(device: Device) -> Device:
        links = radio.links(device.id, device.kind, device.links, through[device.id], place, problems)
        if device.wan and "wan" not in links:  # said without an order: it comes last
            links = (*links, "wan")
        return replace(device, through=through[device.id], links=links)

    return tuple(replace(site, devices=tuple(map(linked, site.devices))) for site in sites)


def _broker(row: Any) -> Broker | None:
    if row is None:
        return None
    if not isinstance(row, dict) or type(row.get("port")) is not int:
        raise _Bad("the broker needs host, port and name")
    return Broker(_text(row, "host"), row["port"], _text(row, "name"))


def _site(row: dict[str, Any], group: str, place: str, problems: list[str]) -> Site:
    devices = []
    for device_place, device in _rows(row, "devices", place, problems):
        id, kind = device.get("id"), device.get("kind")
        if not is_device_id(id):
            problems.append(f"{device_place}: device id {id!r} is not 4 to 20 of a-z 0-9, first a letter")
        elif kind not in KINDS:
            problems.append(f"{device_place}: kind {kind!r} is none of {', '.join(KINDS)}")
        else:
            through = _words(device, "through", THROUGH_MAX, device_place, problems)
            links = _words(device, "links", len(radio.LINKS), device_place, problems)
            wan = device.get("wan") is True or "wan" in links
            devices.append(Device(str(id), str(kind), through, links, wan))
    return Site(
        _text(row, "id", most=SITE_ID_MAX),
        _text(row, "name"),
        _text(row, "address", ""),
        _text(row, "landmark", ""),
        group,
        tuple(devices),
    )


def _rows(parent: dict[str, Any], name: str, place: str, problems: list[str]) -> list[tuple[str, dict[str, Any]]]:
    rows = parent.get(name, [])
    if not isinstance(rows, list):
        problems.append(f"{place} {name}: not a list".strip())
        return []
    good = []
    for number, row in enumerate(rows):
        where = f"{place} {name}[{number}]".strip()
        if isinstance(row, dict):
            good.append((where, row))
        else:
            problems.append(f"{where}: not an object")
    return good


def _words(row: dict[str, Any], name: str, most: int, place: str, problems: list[str]) -> tuple[str, ...]:
    """A short list of texts, each once; () where there is none."""
    words = row.get(name, [])
    if not isinstance(words, list) or len(words) > most or not all(isinstance(word, str) for word in words):
        problems.append(f"{place}: {name} is not a list of at most {most} texts")
        return ()
    return tuple(dict.fromkeys(words))


def _text(row: dict[str, Any], name: str, default: str | None = None, most: int = 100) -> str:
    value = row.get(name, default)
    text = plain.name(value) if isinstance(value, str) else None
    if text is None or (not text and default is None) or len(text) > most:
        raise _Bad(f"{name} is missing, not a text, or longer than {most} characters")
    return text
