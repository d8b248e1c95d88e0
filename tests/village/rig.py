"""The village rig: a county and its villages on one machine, every part real. Behind demo, drill, tests and benchmarks.

boards (MicroPython) -> Mosquitto -> gateway -> uplink (a cable that can be cut) -> server -> PostgreSQL
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import httpx
from heartlamp_tech.ether import Ether
from heartlamp_tech.virtual_board import VirtualBoard

from tests.ports import free_port
from tests.village.command_centre import CommandCentre
from tests.village.journal import Journal, Seen
from tests.village.plan import VILLAGES, House, Village, enrolment
from tests.village.process import Process
from tests.village.uplink import Uplink

ROOT = Path(__file__).resolve().parents[2]
MICROPYTHON = ROOT / ".tools/bin/micropython"
BIN = Path(sys.executable).parent
MOSQUITTO = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin") or "mosquitto"

GATEWAY: tuple[str | Path, ...] = (BIN / "heartlamp-gateway", "run", "--config")
CLI_SECONDS = 120  # for one command of the county server: the longest makes a database, on a slow machine


class VillageSide:
    """What stands in one village: Mosquitto, gateway, boards, and the uplink cable."""

    def __init__(self, plan: Village, broker: Process, gateway: Process, uplink: Uplink, folder: Path) -> None:
        self.plan = plan
        self.broker = broker
        self.gateway = gateway
        self.uplink = uplink
        self.folder = folder


class Rig:
    """Build with `start`, end with `stop` (also a context manager). Everything lives below `folder`.

    `flash`: where the boards' flash images are, else also there. `say` hears one line per step, for a person who waits;
    `on_process(village or None, name, up)` every start and end. `ether`: the air between the boards' radios. `tables`:
    of gateway.toml, for parts that not every box has; `settings`: what every device is provisioned with besides;
    `update_key`: by which they trust updates, hex. `gateway`: the command that runs one, before its configuration's
    path; `boards` False: the devices are enrolled, and somebody else plays them.
    """

    def __init__(
        self,
        folder: Path,
        villages: tuple[Village, ...] = VILLAGES,
        flash: Path | None = None,
        say: Callable[[str], None] = lambda text: None,
        on_process: Callable[[str | None, str, bool], None] = lambda village, name, up: None,
        ether: Ether | None = None,
        tables: str = "",
        settings: dict[str, Any] | None = None,
        update_key: str = "",
        gateway: tuple[str | Path, ...] = GATEWAY,
        boards: bool = True,
    ) -> None:
        self.folder = folder
        self.flash = flash or folder / "flash"
        self.plan = villages
        self.journal = Journal()
        self.villages: dict[str, VillageSide] = {}
        self.boards: dict[str, VirtualBoard] = {}
        self.password = ""
        self._say = say
        self._on_process = on_process
        self._ether = ether
        self._tables, self._settings, self._update_key = tables, settings or {}, update_key
        self._gateway, self._with_boards = gateway, boards
        self._console_port = 0
        self._open: list[CommandCentre] = []

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- building ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._say("the county: PostgreSQL, keys, certificates")
        self._make_county()
        self._say("the villages: Mosquitto and gateway")
        for plan in self.plan:
            self._make_village(plan)
        self.flash.mkdir(exist_ok=True)
        if not self._with_boards:
            return
        count = sum(len(h.kinds) for v in self.plan for h in v.houses)
        self._say(f"{count} devices: MicroPython, each with its own flash")
        self._make_boards()
        self.wait_ready()

    def wait_ready(self, seconds: float = 60) -> None:
        """Until every lamp says `working`: its whole chain is proven."""
        lamps = [h.device("lamp") for v in self.plan for h in v.houses]
        for lamp in lamps:
            self.journal.wait(
                lambda s, lamp=lamp: s.source == lamp and s.what == "show" and s.fields["meaning"] == "working",  # type: ignore[misc]
                seconds=seconds,
                why=f"{lamp} to say that it is ready",
            )

    def _make_county(self) -> None:
        county = self.folder / "county"
        self._console_port, gateway_port = free_port(), free_port()
        self._server_cli(
            "init", "--dir", county, "--database", f"embedded:{self.folder / 'postgres'}",
            "--console-port", self._console_port, "--gateway-port", gateway_port,
        )  # fmt: skip
        config = county / "server.toml"
        self._server_cli("migrate", "--config", config)
        self.password = self._server_cli("user", "add", "duty", "--display", "值班员", "--config", config).split()[-1]
        self._brokers = {v.id: free_port() for v in self.plan}
        villages = self.folder / "villages.json"
        villages.write_text(json.dumps(enrolment(self.plan, self._brokers), ensure_ascii=False, indent=1))
        key = self.folder / "update_key.txt"
        more = ["--update-key", key] if self._update_key else []
        key.write_text(self._update_key)
        self._server_cli("enrol", "--config", config, "--file", villages, "--out", self.folder / "enrolled", *more)
        self._gateway_address = ("127.0.0.1", gateway_port)
        self.server = self._process(None, "server", BIN / "heartlamp-server", "run", "--config", config)
        self.server.plug_in()
        self.wait_server()

    def wait_server(self, seconds: float = 30) -> None:
        """Until the console answers that it is healthy."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.console_url}/healthz", timeout=2).status_code == 200:
                    return
            time.sleep(0.02)  # a listening socket is not an event that can be awaited from outside
        raise TimeoutError(f"the server did not become healthy in {seconds:g} s; its last words:\n{self.server.tail()}")

    def _make_village(self, plan: Village) -> None:
        folder = self.folder / plan.id
        folder.mkdir()
        uplink = Uplink(self._gateway_address)
        uplink.start()
        enrolled = self.folder / "enrolled/gateways" / plan.gateway
        config = folder / "gateway.toml"
        config.write_text(
            f'''id = "{plan.gateway}"
county_url = "https://127.0.0.1:{uplink.port}"
county_ca = "{enrolled / "ca.pem"}"
token_file = "{enrolled / "token"}"
data_dir = "{folder / "data"}"
name = "{plan.name}"

[broker]
host = "127.0.0.1"
port = {self._brokers[plan.id]}
cert = "{enrolled / "broker.crt"}"
key = "{enrolled / "broker.key"}"
ca = "{enrolled / "ca.pem"}"

{self._tables}
'''
        )
        subprocess.run([BIN / "heartlamp-gateway", "broker-files", "--config", config], check=True, capture_output=True)
        broker = self._process(plan.id, "broker", MOSQUITTO, "-c", folder / "data/broker/mosquitto.conf")
        gateway = self._process(plan.id, "gateway", *self._gateway, config)
        self.villages[plan.id] = VillageSide(plan, broker, gateway, uplink, folder)
        broker.plug_in()
        gateway.plug_in()

    def _make_boards(self) -> None:
        self.boards = {
            device: self.board(device) for device in (h.device(k) for v in self.plan for h in v.houses for k in h.kinds)
        }

        def make(device: str) -> None:
            config = json.loads((self.folder / "enrolled/devices" / f"{device}.json").read_text())
            self.boards[device].provision(config | self._settings)
            self.boards[device].start()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(make, self.boards))

    def board(self, device: str) -> VirtualBoard:
        """A new one, off."""
        flash = self.flash / f"{device}.img"
        return VirtualBoard(MICROPYTHON, ROOT, flash, lambda line: self._heard_board(device, line), ether=self._ether)

    def _heard_board(self, device: str, line: dict[str, Any]) -> None:
        if "show" in line:
            self.journal.add(Seen(line["t"], device, "show", line["show"]))
        elif "trace" in line:
            self.journal.add(Seen(line["t"], device, line["trace"], line))

    def _process(self, village: str | None, name: str, *argv: str | Path) -> Process:
        logs = self.folder / "log"
        logs.mkdir(exist_ok=True)
        log = logs / f"{name if village is None else f'{village}-{name}'}.log"
        return Process(name, argv, log, on_change=lambda name, up: self._on_process(village, name, up))

    def _server_cli(self, *words: object) -> str:
        # In a session of its own, and waited for whatever happens here: it may be starting a PostgreSQL, which only it
        # knows how to end. A Ctrl-C comes to the rig alone; a kill -9 of the rig ends it too.
        child = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", BIN / "heartlamp-server", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        hung = f"`heartlamp-server {words[0]}` hung and was killed after {CLI_SECONDS} s"
        try:
            said, complaint = child.communicate(timeout=CLI_SECONDS)
        except subprocess.TimeoutExpired:
            said, complaint = _killed(child)
            raise TimeoutError(f"{hung}; its last words:\n{said}{complaint}") from None
        except BaseException:
            try:
                child.communicate(timeout=CLI_SECONDS)
            except subprocess.TimeoutExpired:
                _killed(child)
                self._say(hung)
            raise
        if child.returncode:
            raise RuntimeError(f"heartlamp-server {words[0]} failed:\n{said}{complaint}")
        return said

    # --- using ---------------------------------------------------------------------------------------------------

    @property
    def console_url(self) -> str:
        return f"http://127.0.0.1:{self._console_port}"

    def command_centre(self) -> CommandCentre:
        """A logged-in seat that follows the feed into the journal."""
        seat = CommandCentre(self.console_url, "duty", self.password, self.journal)
        seat.log_in()
        seat.watch()
        self._open.append(seat)
        return seat

    def houses(self) -> list[House]:
        return [h for v in self.plan for h in v.houses]

    def neighbours(self, house: House) -> list[str]:
        """Lamps of the other houses of its household group."""
        return [
            h.device("lamp")
            for h in self.houses()
            if (h.village, h.group) == (house.village, house.group) and h.number != house.number
        ]

    def press(self, device: str, pin: str = "red", hold: float = 0.08) -> int:
        """Moves the pin down and up again as a finger does. Returns time.time_ns() of the way down."""
        board = self.boards[device]
        at = time.time_ns()
        board.press(pin)
        time.sleep(hold)  # a finger: this duration is the input itself, nothing is awaited here
        board.release(pin)
        return at

    def restart_board(self, device: str) -> None:
        """A power cut of one device, and power again."""
        self.boards[device].kill()
        self.boards[device].start()

    def postgres_pid(self) -> int:
        return int((self.folder / "postgres/postmaster.pid").read_text().split()[0])

    def kill_postgres(self) -> None:
        os.kill(self.postgres_pid(), signal.SIGKILL)

    def stop(self) -> None:
        for seat in self._open:
            seat.stop()
        for board in self.boards.values():
            board.kill()
        for side in self.villages.values():
            side.gateway.pull_plug(signal.SIGTERM)
            side.broker.pull_plug(signal.SIGTERM)
            side.uplink.stop()
        if hasattr(self, "server"):
            self.server.pull_plug(signal.SIGTERM)
        with contextlib.suppress(OSError, ValueError):
            os.kill(self.postgres_pid(), signal.SIGTERM)


def _killed(child: "subprocess.Popen[str]") -> tuple[str, str]:
    """Ends a leader of a session with all that it started there. -> what it had said and complained"""
    os.killpg(child.pid, signal.SIGKILL)
    return child.communicate(timeout=10)
