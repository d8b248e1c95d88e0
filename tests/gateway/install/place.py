"""A real county, and boxes that become gateways at it."""

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
from heartlamp_server import config as server_config
from heartlamp_server.device.invite import invite
from heartlamp_server.device.vault import Vault, read_key

from tests.gateway.rig.device import Device
from tests.gateway.rig.processes import Process
from tests.ports import free_port
from tests.server.county import County
from tests.village.uplink import Uplink

PROGRAM = (sys.executable, "-m", "heartlamp_gateway")


class Village:
    """Enrolled at the county: one group of two houses, each with a lamp and a button; no box yet."""

    def __init__(self, county: County) -> None:
        self.county, self.mark, self.port = county, secrets.token_hex(3), free_port()
        self.gateway, self.name = f"gw{self.mark}", f"村{self.mark}"
        self.devices: list[Device] = []
        host, _, port = county.gateways.removeprefix("https://").rpartition(":")
        self.uplink = Uplink((host, int(port)))
        self.uplink.start()
        county.enrol(self.document())

    def document(self) -> Any:
        sites = [
            {
                "id": f"s{self.mark}{n}",
                "name": f"三组 {n}号",
                "devices": [
                    {"id": f"lamp{self.mark}{n}", "kind": "lamp"},
                    {"id": f"key{self.mark}{n}", "kind": "button"},
                ],
            }
            for n in range(2)
        ]
        broker = {"host": "127.0.0.1", "port": self.port, "name": "127.0.0.1"}
        village = {
            "code": "",
            "name": self.name,
            "township": "城关镇",
            "gateway": self.gateway,
            "broker": broker,
            "groups": [{"name": "三组", "sites": sites}],
        }
        return {"county": {"name": "庆丰县", "code": "990101"}, "villages": [village]}

    def code(self) -> str:
        settings = server_config.read(self.county.config)

        async def work() -> str:
            async with await psycopg.AsyncConnection.connect(self.county.conninfo, autocommit=True) as conn:
                return await invite(conn, Vault(read_key(settings.key_file)), self.gateway, "")

        return asyncio.run(work())

    @property
    def address(self) -> str:
        """Where the county is, over a cable that can be cut."""
        return f"https://127.0.0.1:{self.uplink.port}"

    def events(self) -> set[str]:
        """What the county has of this village."""
        return {row[0] for row in self.county.sql("SELECT id FROM event WHERE gateway = %s", self.gateway)}

    def close(self) -> None:
        for device in self.devices:
            device.stop()
        self.uplink.stop()

    def device(self, name: str) -> Device:
        """Connected."""
        fields = json.loads((self.county.out / "devices" / f"{name}{self.mark}0.json").read_text())
        ca = self.county.folder / "ca.pem"
        made = Device(fields["dev"], bytes.fromhex(fields["root"]), ca, self.port).start()
        self.devices.append(made)
        return made


class Box:
    """A machine of its own, as far as a folder can be one."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config, self.data = folder, folder / "etc" / "gateway.toml", folder / "var"
        folder.mkdir()
        self.gateway = Process([*PROGRAM, "run", "--with-broker", "--config", str(self.config)], folder / "log")

    def do(self, *words: str | Path, check: bool = True, typed: str = "") -> "subprocess.CompletedProcess[str]":
        places = ("--config", self.config, *(("--data", self.data) if words[0] in ("setup", "restore") else ()))
        done = subprocess.run(
            [*PROGRAM, *map(str, words), *map(str, places)],
            capture_output=True,
            text=True,
            timeout=60,
            input=typed,
            env=os.environ,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def setup(self, village: Village, code: str = "", *more: str, check: bool = True) -> str:
        answers = self.folder / "answers.toml"
        answers.write_text(f'county = "{village.address}"\ncode = "{code or village.code()}"\n')
        done = self.do("setup", "--from", answers, *more, check=check)
        return done.stdout + done.stderr

    def run(self) -> "Box":
        self.gateway.start()
        self.gateway.says("gateway-alarms: session")
        self.gateway.says("devices at")
        return self

    def copy(self, folder: Path) -> "Box":
        """The disk of this box in another one."""
        made = Box(folder)
        shutil.copytree(self.data, made.data, ignore=lambda _, names: [n for n in names if n.endswith(".sock")])
        made.config.parent.mkdir()
        made.config.write_text(self.config.read_text().replace(str(self.folder), str(folder)))
        return made

    def token(self) -> str:
        return (self.data / "papers" / "token").read_text().strip()
