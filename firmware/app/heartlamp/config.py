"""/config.json on the flash: who this device is and whom it trusts."""

import json

from heartlamp_protocol.device.kinds import KINDS
from heartlamp_protocol.device.mac import county_key, device_key, mqtt_password
from heartlamp_protocol.device.names import is_device_id, is_hex, user


class Config:
    """Device id, kind, key version; the village's broker (host, port, server_name); ca: PEM bytes; the three keys."""

    def __init__(self, fields: dict) -> None:
        root = bytes([int(fields["root"][i : i + 2], 16) for i in range(0, 64, 2)])
        self.dev = fields["dev"]
        self.kind = fields["kind"]
        self.kv = fields["kv"]
        self.links = tuple(fields.get("links", ("lan",)))
        self.fields = fields
        self.consent = fields.get("consent", 0) == 1
        self.host = fields["host"]
        self.port = fields["port"]
        self.server_name = fields["server_name"]
        self.ca = fields["ca"].encode()
        self.user = user(self.dev, self.kv)
        self.password = mqtt_password(root, self.kv)
        self.device_key = device_key(root, self.kv)
        self.county_key = county_key(root, self.kv)


def check(fields: object) -> None:
    """Raises ValueError naming the field that is wrong and what belongs there."""
    if not isinstance(fields, dict):
        raise ValueError("the configuration must be a JSON object")
    for name, good, what in (
        ("dev", is_device_id(fields.get("dev")), "4 to 20 of a-z 0-9, first a letter"),
        ("kind", fields.get("kind") in KINDS, "one of " + ", ".join(KINDS)),
        ("kv", _whole(fields.get("kv"), 1_000_000), "a whole number from 1"),
        ("root", is_hex(fields.get("root"), 64), "64 hex characters"),
        ("host", _text(fields.get("host")), "the broker's address"),
        ("port", _whole(fields.get("port"), 65535), "1 to 65535"),
        ("server_name", _text(fields.get("server_name")), "the name in the gateway's certificate"),
        ("ca", _text(fields.get("ca")) and "BEGIN CERTIFICATE" in fields["ca"], "the county CA as PEM"),
    ):
        if not good:
            raise ValueError("configuration field %s is missing or wrong: it must be %s" % (name, what))


def read(path: str) -> Config:
    """Raises OSError where there is no such file, ValueError where it is wrong."""
    with open(path) as f:
        fields = json.load(f)
    check(fields)
    return Config(fields)


def _whole(value: object, most: int) -> bool:
    return type(value) is int and 1 <= value <= most


def _text(value: object) -> bool:
    return isinstance(value, str) and len(value) > 0
