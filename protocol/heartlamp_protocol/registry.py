"""What a gateway is told of its village: sites, devices, and who may log in at its broker."""

import json
from dataclasses import dataclass

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.limits import VERSION
from heartlamp_protocol.fields import read_integer, read_object, read_objects, read_text

SITE_ID_MAX = 60  # characters


@dataclass(frozen=True, slots=True)
class Site:
    """`group`: household group; lamps of one group are neighbours."""

    id: str
    name: str
    group: str


@dataclass(frozen=True, slots=True)
class Device:
    """`users`: MQTT user name -> Mosquitto `$7$` password hash; empty: revoked."""

    id: str
    kind: str
    site: str
    users: dict[str, str]


@dataclass(frozen=True, slots=True)
class Registry:
    """What a gateway must know of its village. It holds no secret but password hashes."""

    version: int
    village: str
    sites: tuple[Site, ...]
    devices: tuple[Device, ...]

    def to_json(self) -> bytes:
        return json.dumps(
            {
                "v": VERSION,
                "version": self.version,
                "village": self.village,
                "sites": [{"id": s.id, "name": s.name, "group": s.group} for s in self.sites],
                "devices": [{"id": d.id, "kind": d.kind, "site": d.site, "users": d.users} for d in self.devices],
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
            devices.append(
                Device(read_text(d, "id", 20), read_text(d, "kind", 20), read_text(d, "site", SITE_ID_MAX), users)
            )
        sites = tuple(
            Site(read_text(s, "id", SITE_ID_MAX), read_text(s, "name", 100), read_text(s, "group", 60))
            for s in read_objects(fields, "sites")
        )
        return cls(read_integer(fields, "version"), read_text(fields, "village", 100), sites, tuple(devices))
