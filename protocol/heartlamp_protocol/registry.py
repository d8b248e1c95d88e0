"""What a gateway is told of its village: sites, devices, and who may log in at its broker."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from heartlamp_protocol.bundles import BUNDLE_MAX
from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.limits import VERSION
from heartlamp_protocol.device.names import is_device_id, is_hex
from heartlamp_protocol.fields import read_integer, read_object, read_objects, read_text

SITE_ID_MAX = 60  # characters
THROUGH_MAX = 8  # lamps that one device may reach by radio
UPDATES_MAX = 64  # bundles that are offered in one village at a time


@dataclass(frozen=True, slots=True)
class Site:
    """`group`: household group; lamps of one group are neighbours."""

    id: str
    name: str
    group: str


@dataclass(frozen=True, slots=True)
class Device:
    """`users`: MQTT user name -> Mosquitto `$7$` password hash; empty: revoked. `through`: lamps that may carry its
    frames, which it reaches by radio."""

    id: str
    kind: str
    site: str
    users: dict[str, str]
    through: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Update:
    """A bundle that these devices are to be offered; a device is in one at most. `bundle`: 16 hex; `size`: bytes;
    `again`: also to those that have refused it before."""

    bundle: str
    size: int
    again: bool
    devices: tuple[str, ...]


@dataclass(frozen=True)  # without slots, so that the indexes are made once
class Registry:
    """What a gateway must know of its village. It holds no secret but password hashes."""

    version: int
    village: str
    sites: tuple[Site, ...]
    devices: tuple[Device, ...]
    updates: tuple[Update, ...] = ()

    @cached_property
    def site(self) -> dict[str, Site]:
        """By id."""
        return {site.id: site for site in self.sites}

    @cached_property
    def device(self) -> dict[str, Device]:
        """By id."""
        return {device.id: device for device in self.devices}

    @cached_property
    def live(self) -> frozenset[str]:
        """Ids of the devices that may log in."""
        return frozenset(device.id for device in self.devices if device.users)

    @cached_property
    def neighbours(self) -> dict[str, tuple[Device, ...]]:
        """Household group, "" where there is none -> the devices at its sites, in the order of `devices`."""
        found: dict[str, list[Device]] = {}
        for device in self.devices:
            site = self.site.get(device.site)
            found.setdefault(site.group if site else "", []).append(device)
        return {group: tuple(devices) for group, devices in found.items()}

    def to_json(self) -> bytes:
        return json.dumps(
            {
                "v": VERSION,
                "version": self.version,
                "village": self.village,
                "sites": [{"id": s.id, "name": s.name, "group": s.group} for s in self.sites],
                "devices": [
                    {"id": d.id, "kind": d.kind, "site": d.site, "users": d.users, "through": list(d.through)}
                    for d in self.devices
                ],
                "updates": [
                    {"bundle": u.bundle, "size": u.size, "again": int(u.again), "devices": list(u.devices)}
                    for u in self.updates
                ],
            },
            ensure_ascii=False,
        ).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Registry":
        fields = read_object(data)
        devices = []
        for d in read_objects(fields, "devices"):
            users = d.get("users")
            if not isinstance(users, dict) or not all(isinstance(h, str) for h in users.values()):
                raise FrameError("users must be an object of password hashes")
            id, kind, site = read_text(d, "id", 20), read_text(d, "kind", 20), read_text(d, "site", SITE_ID_MAX)
            devices.append(Device(id, kind, site, users, _through(d)))
        sites = tuple(
            Site(read_text(s, "id", SITE_ID_MAX), read_text(s, "name", 100), read_text(s, "group", 60))
            for s in read_objects(fields, "sites")
        )
        village = read_text(fields, "village", 100)
        return cls(read_integer(fields, "version"), village, sites, tuple(devices), _updates(fields))


def _through(device: dict[str, Any]) -> tuple[str, ...]:
    through = device.get("through", [])  # a list of before lamps carried anything has none
    if not isinstance(through, list) or len(through) > THROUGH_MAX or not all(is_device_id(lamp) for lamp in through):
        raise FrameError(f"through must be a list of at most {THROUGH_MAX} device ids")
    return tuple(through)


def _updates(fields: dict[str, Any]) -> tuple[Update, ...]:
    if "updates" not in fields:  # a list of before there were any
        return ()
    listed = read_objects(fields, "updates")
    if len(listed) > UPDATES_MAX:
        raise FrameError(f"updates must be at most {UPDATES_MAX}")
    updates = []
    for u in listed:
        devices = u.get("devices")
        if not isinstance(devices, list) or not all(is_device_id(device) for device in devices):
            raise FrameError("devices of an update must be a list of device ids")
        if not is_hex(u.get("bundle"), 16):
            raise FrameError("bundle of an update must be 16 hex")
        again = read_integer(u, "again", 0, 1) == 1
        updates.append(Update(str(u["bundle"]), read_integer(u, "size", 1, BUNDLE_MAX), again, tuple(devices)))
    return tuple(updates)
