"""`python -m tests.village backlog`, a part of `make bench`: how fast a day's backlog goes up when the uplink is back,
into the real county: its server, on PostgreSQL."""

import json
import os
import sqlite3
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
from heartlamp_server.database.embedded import Embedded

from tests.gateway.rig.device import Device
from tests.gateway.rig.waiting import until
from tests.village.plan import House, Village
from tests.village.rig import Rig, VillageSide

READINGS, ALARMS, HOUSES = 10_000, 50, 5
VALUES = {"heap_b": 90_000, "held": 0, "rssi_dbm": -60, "version": 100, "path_lan_ms": 1_200}  # as a lamp's heartbeat
THIN = ((5, 60), (1, 60))  # Mbit/s up, ms there and back
AT_ONCE = 50  # rounds that are on their way into the gateway
PATIENCE_S = 120.0


def village(id: str) -> Village:
    return Village(id, f"{id}村", "", tuple(House(id, "一组", n, ("lamp",)) for n in range(1, HOUSES + 1)))


def lamps(rig: Rig, side: VillageSide) -> list[Device]:
    """Of a village, connected."""
    enrolled, made = rig.folder / "enrolled", []
    for house in side.plan.houses:
        config = json.loads((enrolled / "devices" / f"{house.device('lamp')}.json").read_text())
        ca = enrolled / "gateways" / side.plan.gateway / "ca.pem"
        made.append(Device(config["dev"], bytes.fromhex(config["root"]), ca, int(config["port"])).start())
    return made


def pile_up(side: VillageSide, devices: list[Device]) -> list[str]:
    """A backlog on the gateway's disk; returns the alarms."""
    pressed = []
    with closing(sqlite3.connect(f"file:{side.folder}/data/readings.db?mode=ro", uri=True)) as disk:
        rounds = READINGS // len(devices)
        for n in range(rounds):
            for device in devices:
                device.read("reading", **VALUES)
            if n % (rounds // (ALARMS // len(devices))) == 0:
                pressed += [(device, device.press()) for device in devices]
            if n % AT_ONCE == AT_ONCE - 1:
                kept = (n + 1) * len(devices)
                until("readings", lambda kept=kept: _count(disk) >= kept, PATIENCE_S)  # type: ignore[misc]
        until("readings", lambda: _count(disk) >= rounds * len(devices), PATIENCE_S)
    for device, press in pressed:
        device.is_heard(press, PATIENCE_S)
    return [press for _, press in pressed]


def _count(disk: sqlite3.Connection) -> int:
    return int(disk.execute("SELECT count(*) FROM reading").fetchone()[0])


def late(side: VillageSide, device: Device) -> float:
    """Seconds from a press, in the middle of the draining, to the county's receipt."""
    with closing(sqlite3.connect(f"file:{side.folder}/data/readings.db?mode=ro", uri=True)) as disk:
        until("half of the readings", lambda: _count(disk) < READINGS // 2, PATIENCE_S)
        began = time.perf_counter()
        device.is_received(device.press(), PATIENCE_S)
        seconds = time.perf_counter() - began
        assert _count(disk), "it was pressed too late"
    return seconds


def drain(rig: Rig, sides: list[VillageSide], pressed: list[str]) -> tuple[float, float]:
    """(seconds until the county has all alarms, seconds until it has all readings) of these villages."""
    with psycopg.connect(Embedded(rig.folder / "postgres").conninfo, autocommit=True) as county:
        alarms = 0.0
        disks = [sqlite3.connect(f"file:{side.folder}/data/readings.db?mode=ro", uri=True) for side in sides]
        began = time.perf_counter()
        for side in sides:
            side.uplink.mend()
        while not alarms or any(map(_count, disks)):
            if not alarms:
                row = county.execute("SELECT count(*) FROM event WHERE id = ANY(%s)", (pressed,)).fetchone()
                alarms = time.perf_counter() - began if row == (len(pressed),) else 0.0
            assert time.perf_counter() - began < PATIENCE_S
            time.sleep(0.02)
        seconds = time.perf_counter() - began
        for disk in disks:
            disk.close()
    return alarms, seconds


def main() -> int:
    def say(text: str) -> None:
        print(f"· {text}", flush=True)

    with tempfile.TemporaryDirectory(prefix="hl-backlog-") as folder:
        os.chmod(folder, 0o755)  # PostgreSQL runs as nobody where we are root
        with Rig(Path(folder), (village("one"), village("two")), boards=False, say=say) as rig:
            sides = list(rig.villages.values())
            for side in sides:
                log = rig.folder / f"log/{side.plan.id}-gateway.log"
                until("the registry", lambda log=log: "devices at" in log.read_text(), PATIENCE_S)  # type: ignore[misc]
            devices = {side.plan.id: lamps(rig, side) for side in sides}
            lines = []
            for these in (sides[:1], sides):
                say(f"{len(these)} of 2 villages cut off, {READINGS} readings and {ALARMS} alarms in each")
                for side in these:
                    side.uplink.cut()
                pressed = [press for side in these for press in pile_up(side, devices[side.plan.id])]
                alarms, seconds = drain(rig, these, pressed)
                many = READINGS * len(these)
                lines.append(
                    f"{len(these)} of 2 villages back: {len(pressed)} alarms in {alarms:.2f} s; "
                    f"{many} readings in {seconds:.2f} s, {many / seconds:.0f} a second"
                )
            for mbit, ms in THIN:
                say(f"a village on a line of {mbit} Mbit/s up and {ms} ms there and back")
                (side, *_), (device, *_) = sides, devices["one"]
                side.uplink.cut()
                side.uplink.thin(mbit * 1e6, ms / 1e3)
                pressed = pile_up(side, devices["one"])
                with ThreadPoolExecutor() as beside:
                    amid = beside.submit(late, side, device)
                    alarms, seconds = drain(rig, [side], pressed)
                lines.append(
                    f"{mbit} Mbit/s up, {ms} ms: {len(pressed)} alarms in {alarms:.2f} s; {READINGS} readings in"
                    f" {seconds:.2f} s, {READINGS / seconds:.0f} a second; an alarm amid them in {amid.result():.2f} s"
                )
            for each in devices.values():
                for device in each:
                    device.stop()
    print("\n" + "\n".join(lines))
    return 0
