"""`python -m tests.gateway.bench`, a part of `make bench`: a village of 300 lamps; its county there, away and back.

Press → neighbour's lamp beside a floor of the same run: a program that does nothing but take the press from the broker,
commit one row and publish it to the lamp. Idle and with ten times the usual telemetry; what the gateway takes of the
machine; how fast a day's backlog goes up.
"""

import getpass
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import apsw
import paho.mqtt.client as mqtt
from heartlamp_protocol.registry import Site
from paho.mqtt.enums import CallbackAPIVersion

from tests.gateway.rig.device import Device, _without_delay
from tests.gateway.rig.processes import Process
from tests.gateway.rig.village import Rig
from tests.gateway.rig.waiting import until
from tests.ports import free_port

LAMPS, HOUSES_A_GROUP = 300, 10
ROUNDS = int(os.environ.get("HEARTLAMP_BENCH_ROUNDS", "150"))
REST_S = 0.1
EVERY_S = 30.0  # of a mains device's heartbeats
IDLE_S = 30.0
BACKLOG, ALARMS = 10_000, 50


def floor(folder: Path, rounds: int) -> list[float]:
    """ms of each: press → bare program with one commit → lamp, over TLS and a broker of their own."""
    from tests.gateway.rig.certificates import Authority

    authority, port = Authority(folder, "floor"), free_port()
    cert, key = authority.certificate("floor")
    socket = folder / "floor.sock"
    (folder / "floor.conf").write_text(
        f"listener {port} 127.0.0.1\ncertfile {cert}\nkeyfile {key}\nlistener 0 {socket}\nallow_anonymous true\n"
        f"user {getpass.getuser()}\n"
    )
    broker = Process(["/usr/sbin/mosquitto", "-c", str(folder / "floor.conf")], folder / "floor.log").start()
    until("the floor's broker", socket.exists)
    came = threading.Event()
    db = apsw.Connection(str(folder / "floor.db"))
    db.pragma("journal_mode", "wal")
    db.pragma("synchronous", "FULL")
    db.execute("CREATE TABLE event(body BLOB)")

    def commit(client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        db.execute("INSERT INTO event VALUES(?)", (bytes(message.payload),))
        client.publish("lamp", b"x" * 400, 1)

    def client(tls: bool, take: Callable[[mqtt.Client, object, mqtt.MQTTMessage], None], *topics: str) -> mqtt.Client:
        transport = "tcp" if tls else "unix"
        made = mqtt.Client(CallbackAPIVersion.VERSION2, transport=transport)  # type: ignore[arg-type]
        made.on_socket_open = _without_delay if tls else None
        made.on_message = take
        subscribed = threading.Event()
        made.on_subscribe = lambda *_: subscribed.set()
        if tls:
            made.tls_set(ca_certs=str(authority.ca))
        made.connect("127.0.0.1" if tls else str(socket), port if tls else 1)
        made.loop_start()
        for topic in topics:
            made.subscribe(topic, 1)
        assert not topics or subscribed.wait(5)
        return made

    clients = [
        client(False, commit, "press"),
        client(True, lambda *_: came.set(), "lamp"),
        client(True, lambda *_: None),
    ]
    found = []
    try:
        for _ in range(rounds):
            came.clear()
            began = time.perf_counter()
            clients[2].publish("press", b"y" * 330, 1)
            assert came.wait(5)
            found.append((time.perf_counter() - began) * 1000)
            time.sleep(REST_S)
    finally:
        for each in clients:
            each.disconnect()
            each.loop_stop()
        broker.kill()
        db.close()
    return found


class Helper:
    """Devices in a process of their own; see the modules `rig.crowd` and `rig.apart`."""

    def __init__(self, module: str, rig: Rig, **said: object) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"tests.gateway.rig.{module}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.ask(json.dumps({"port": rig.port, "ca": str(rig.authority.ca), **said})) == "ready\n"

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        print(line, file=self._process.stdin, flush=True)

    def ask(self, line: str) -> str:
        self.tell(line)
        return self.hear()

    def hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


def named(rig: Rig, id: str) -> list[str]:
    return [id, rig.roots[id].hex()]


def presses(victim: Helper, neighbour: Helper, rig: Rig, rounds: int) -> tuple[list[float], list[float]]:
    """ms of each from the press until who pressed hears so, and until the neighbour's lamp has its call. The county
    closes each before the next."""
    heard, lit = [], []
    for _ in range(rounds):
        neighbour.tell("call")
        said = json.loads(victim.ask("press"))
        lit.append((json.loads(neighbour.hear())["at"] - said["at"]) * 1000)
        heard.append((json.loads(victim.ask(f"told {said['press']}"))["heard"] - said["at"]) * 1000)
        rig.county.incident(said["press"], "s0", "panic", (said["press"],), 1, "closed", "值班员", [])
        neighbour.ask("dark")
        time.sleep(REST_S)
    return heard, lit


def usage(pid: int) -> tuple[float, float]:
    """(CPU seconds so far, MB resident)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def backlog(rig: Rig, victims: list[Device]) -> dict[str, float]:
    """Seconds after the county's return until it has all alarms, all readings; and what a second that was."""
    rig.county.stop()
    kept = len(rig.county.store.readings)
    pressed: list[str] = []
    for n in range(BACKLOG // len(victims)):
        for victim in victims:
            victim.read(heap_b=n, held=0)
        if n % max(1, BACKLOG // len(victims) * len(victims) // ALARMS // 2) == 0 and len(pressed) < ALARMS:
            pressed += [victim.press() for victim in victims][: ALARMS - len(pressed)]
    for press in pressed:
        until(f"{press} is heard", lambda press=press: any(press in v.heard for v in victims))  # type: ignore[misc]
    time.sleep(2)  # readings are written in bunches
    began = time.perf_counter()
    rig.county.start()
    until("alarms", lambda: all(p in rig.county.store.events for p in pressed), 60)
    alarms = time.perf_counter() - began
    last, at = len(rig.county.store.readings), time.perf_counter()
    while time.perf_counter() - at < 3:
        now = len(rig.county.store.readings)
        if now != last:
            last, at = now, time.perf_counter()
        time.sleep(0.01)
    seconds = at - began
    return {"alarms_s": alarms, "readings": last - kept, "readings_s": seconds, "a_second": (last - kept) / seconds}


def main() -> int:
    def say(text: str) -> None:
        print(f"· {text}", flush=True)

    names = [f"lamp{n:04}" for n in range(LAMPS)]
    with tempfile.TemporaryDirectory(prefix="hl-bench-") as folder:
        say("the floor of this machine")
        floors = floor(Path(folder), ROUNDS)
        sites = tuple(Site(f"s{n}", f"{n // HOUSES_A_GROUP}组 {n}号", f"g{n // HOUSES_A_GROUP}") for n in range(LAMPS))
        rig = Rig(
            Path(folder), kinds={name: ("lamp", site.id) for name, site in zip(names, sites, strict=True)}, sites=sites
        )
        helpers: list[Helper] = []
        try:
            rig.start()
            say(f"{LAMPS} lamps connect")
            many = Helper("crowd", rig, every=EVERY_S, lamps=[named(rig, id) for id in names[2:]])
            helpers.append(many)
            victim, neighbour = (Helper("apart", rig, device=named(rig, name)) for name in names[:2])
            helpers += [victim, neighbour]
            time.sleep(5)
            say(f"{IDLE_S:.0f} s of rest")
            before, _ = usage(rig.gateway.pid)
            time.sleep(IDLE_S)
            after, resident = usage(rig.gateway.pid)
            say(f"{ROUNDS} presses")
            idle_heard, idle = presses(victim, neighbour, rig, ROUNDS)
            say("the same with ten times the telemetry")
            many.tell(json.dumps({"every": EVERY_S / 10}))
            time.sleep(3)
            _, loud = presses(victim, neighbour, rig, ROUNDS)
            many.tell(json.dumps({"every": 3600}))
            victim.end()
            neighbour.end()
            say(f"the county goes away, {BACKLOG} readings and {ALARMS} alarms, and it comes back")
            late = backlog(rig, [rig.device(id) for id in names[:2]])
        finally:
            for each in helpers:
                each.end()
            rig.close()
    table = {
        "floor": floors,
        "press → heard, idle": idle_heard,
        "press → neighbour, idle": idle,
        "press → neighbour, 10 × telemetry": loud,
    }
    shown = {name: (statistics.median(v), sorted(v)[int(len(v) * 0.99)]) for name, v in table.items()}
    p50, p99 = shown["floor"]
    print(f"\n{'':36}{'p50 ms':>9}{'p99 ms':>9}{'× floor':>10}{'':>7}")
    for name, (half, most) in shown.items():
        print(f"{name:<36}{half:>9.2f}{most:>9.2f}{half / p50:>10.2f}{most / p99:>7.2f}")
    load = shown["press → neighbour, 10 × telemetry"][1] / shown["press → neighbour, idle"][1]
    print(f"p99 under 10 × telemetry: {load:.2f} × idle")
    print(f"{LAMPS} idle lamps: {(after - before) / IDLE_S * 100:.1f} % of a core, {resident:.0f} MB")
    rate = f"{late['readings']:.0f} readings, {late['a_second']:.0f} a second"
    print(f"after the county's return: {ALARMS} alarms in {late['alarms_s']:.2f} s; {rate}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
