"""One village: three houses of one group, a fourth house of another, a button; a gateway, a broker, a county."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from heartlamp_protocol.device.mac import mqtt_password
from heartlamp_protocol.device.names import user
from heartlamp_protocol.passwords import mosquitto_hash
from heartlamp_protocol.registry import Device as Listed
from heartlamp_protocol.registry import Registry, Site

from tests.gateway.rig.cable import Cable
from tests.gateway.rig.certificates import Authority
from tests.gateway.rig.county import County
from tests.gateway.rig.device import Device
from tests.gateway.rig.processes import GATEWAY, Process
from tests.gateway.rig.waiting import until
from tests.ports import free_port

SITES = (
    Site("s7", "三组 7号", "g3"),
    Site("s9", "三组 9号", "g3"),
    Site("s2", "三组 2号", "g3"),
    Site("s1", "四组 1号", "g4"),
)
DEVICES = {
    "lamp7": ("lamp", "s7"),
    "butt7": ("button", "s7"),
    "lamp9": ("lamp", "s9"),
    "lamp2": ("lamp", "s2"),
    "lamp1": ("lamp", "s1"),
    "cam2": ("camera", "s2"),
    "hush7": ("silent", "s7"),
    "butt2": ("button", "s2"),
    "butt1": ("button", "s1"),
}
START_S = 30.0  # a second; the tests share their machine
THROUGH = {
    "cam2": ("lamp9",),
    "butt2": ("cam2",),  # two hops from lamp9
    "butt1": ("lamp1",),
}


class Rig:
    """`device(id)` gives a connected device; `close` ends all that was started. `tables`: of gateway.toml, for parts
    that not every box has. `kinds`: device -> (kind, site). `env`: more of it for gateway and broker;
    `county_by`: the cable by which it reaches the county, made of the county's port; `county_name`: by what name."""

    def __init__(
        self,
        folder: Path,
        command: tuple[str, ...] = GATEWAY,
        tables: str = "",
        kinds: Mapping[str, tuple[str, str]] = DEVICES,
        sites: tuple[Site, ...] = SITES,
        env: dict[str, str] | None = None,
        county_by: type[Cable] | None = None,
        county_name: str = "127.0.0.1",
    ) -> None:
        self.folder, self._tables, self._kinds, self._sites = folder, tables, kinds, sites
        self.roots = {id: secrets.token_bytes(32) for id in kinds}
        self.authority = Authority(folder)
        self.county = County(self.authority.certificate("server", county_name), self.registry(1), self.roots)
        self._county_name = county_name
        self._cable = county_by(self.county.port) if county_by else None
        self.port = free_port()
        self.config = folder / "gateway.toml"
        self._write_config()
        self.data = folder / "data"
        self.gateway = Process([*command, str(self.config)], folder / "gateway.log", env)
        made = subprocess.run(
            [sys.executable, "-m", "heartlamp_gateway", "broker-files", "--config", str(self.config)],
            check=True,
            capture_output=True,
            text=True,
        )
        self.broker = Process(["/usr/sbin/mosquitto", "-c", made.stdout.strip()], folder / "mosquitto.log", env)
        self._devices: list[Device] = []

    def start(self) -> "Rig":
        self.broker.start()
        until("the broker's socket", lambda: (self.data / "broker" / "mosquitto.pid").exists(), START_S)
        self.gateway.start()
        self.gateway.says("devices at", START_S)  # the registry came, and with it the passwords
        self.gateway.says("gateway-alarms: session", START_S)
        return self

    def registry(self, version: int, without: str = "") -> Registry:
        """`without`: a device that is revoked."""
        devices = []
        for id, (kind, site) in self._kinds.items():
            name = user(id, 1)
            hash = mosquitto_hash(mqtt_password(self.roots[id], 1), secrets.token_bytes(12))
            devices.append(Listed(id, kind, site, {} if id == without else {name: hash}, THROUGH.get(id, ())))
        return Registry(version, "柳树村", self._sites, tuple(devices))

    def device(self, id: str, by: Device | None = None, port: int = 0, keepalive: int = 20) -> Device:
        """`by`: the lamp that carries for it, instead of a session of its own; `port`: of a cable to the broker."""
        made = Device(id, self.roots[id], self.authority.ca, port or self.port)
        self._devices.append(made)
        return made.by(by) if by else made.start(keepalive)

    @property
    def cable(self) -> Cable:
        assert self._cable is not None
        return self._cable

    def close(self) -> None:
        for device in self._devices:
            device.stop()
        self.gateway.kill()
        self.broker.kill()
        self.county.stop()
        if self._cable is not None:
            self._cable.close()

    def _write_config(self) -> None:
        cert, key = self.authority.certificate("gateway")
        county_port = self._cable.port if self._cable else self.county.port
        token = self.folder / "token"
        token.write_text(self.county.token)
        text = json.dumps  # a JSON string is a TOML string
        self.config.write_text(
            f"""id = "gwliu1"
name = "柳树村"
county_url = "https://{self._county_name}:{county_port}"
county_ca = {text(str(self.authority.ca))}
token_file = {text(str(token))}
data_dir = {text(str(self.folder / "data"))}

[broker]
host = "127.0.0.1"
port = {self.port}
cert = {text(str(cert))}
key = {text(str(key))}
ca = {text(str(self.authority.ca))}

{self._tables}
""",
            encoding="utf-8",
        )


__all__ = ["Rig", "os"]
