"""Who this device is, whom it trusts, and how it reaches them: what enrolment wrote.

Where it is kept: settings/store.py; what it may be: settings/fields.py.
"""

from heartlamp_protocol.device.mac import county_key, device_key, mqtt_password
from heartlamp_protocol.device.names import user


class Config:
    """Device id, kind, key version; the village's broker (host, port, server_name); ca: PEM bytes; the three keys;
    links: their names in the order they are tried; fields: all of it as given."""

    def __init__(self, fields: dict) -> None:
        self.take(fields)

    def take(self, fields: dict) -> None:
        """Other settings from now on; `fields` are never changed, but replaced. What was made with the old ones (a
        session, a joined Wi-Fi) stays until the next start."""
        root = bytes([int(fields["root"][i : i + 2], 16) for i in range(0, 64, 2)])
        self.fields = fields
        self.dev = fields["dev"]
        self.kind = fields["kind"]
        self.kv = fields["kv"]
        self.host = fields["host"]
        self.port = fields["port"]
        self.server_name = fields["server_name"]
        self.ca = fields["ca"].encode()
        self.links = tuple(fields.get("links", ("lan",)))
        self.consent = fields.get("consent") == 1
        self.user = user(self.dev, self.kv)
        self.password = mqtt_password(root, self.kv)
        self.device_key = device_key(root, self.kv)
        self.county_key = county_key(root, self.kv)
