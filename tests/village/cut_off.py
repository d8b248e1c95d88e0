"""Plays a day in a village that is cut off from its county: gateway, Mosquitto, the county's server and PostgreSQL are
the real ones, the gateway on a machine that sleeps while nothing happens (hurried.py). Its siren is missing, its
loudspeaker is a program, its modem stands on a bus of the tests' own."""

import json
import sqlite3
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psycopg
from heartlamp_protocol.downlink import PING_SECONDS
from heartlamp_protocol.escalation.decide import TAKEOVER_MS
from heartlamp_protocol.escalation.plan import Plan
from heartlamp_server.database.embedded import Embedded

from tests.gateway.modem.rig import Box
from tests.gateway.rig.device import Device
from tests.gateway.rig.waiting import until
from tests.village import day
from tests.village.day import HOUR, Call, Course, Deed
from tests.village.hurried import Sleep
from tests.village.rig import Rig

HURRIED = Path(__file__).with_name("hurried.py")
PATIENCE_S = 60.0
BEAT = 4 * HOUR  # of what lives on a battery
TABLES = """
[[speaker]]
name = "村口"
kind = "command"
command = ["true", "{{file}}"]

[modem]
bus = "{bus}"
delivery_s = 0
"""


@dataclass
class Done:
    """What happened. `calls`: of each incident, silent ones too, its id; `courses`: of the others; `events`: id -> its
    incident, where exactly one is right; `matters`: id -> its call; `at`: id -> BOOTTIME when the gateway had it;
    `steps`: (incident, "step/target/channel/time") -> BOOTTIME when it was first told of; `readings`: how many of each
    device; `pressed`: the events that are alarms; `cancelled`: calls that the house took back."""

    calls: dict[Call, str] = field(default_factory=dict)
    courses: dict[Call, Course] = field(default_factory=dict)
    events: dict[str, str] = field(default_factory=dict)
    matters: dict[str, Call] = field(default_factory=dict)
    at: dict[str, int] = field(default_factory=dict)
    steps: dict[tuple[str, str], int] = field(default_factory=dict)
    notes: list[tuple[int, int, str, str, str]] = field(default_factory=list)
    """(n, at, incident, what, subject) of what the village tells of its incidents"""
    readings: dict[str, int] = field(default_factory=dict)
    pressed: list[str] = field(default_factory=list)
    cancelled: set[Call] = field(default_factory=set)


class _Rig(Rig):
    def plan_is(self, plan: Plan) -> None:
        """The county hands it to the village."""
        file = self.folder / "plan.json"
        file.write_bytes(plan.to_json())
        words = ("plan", "load", day.VILLAGE.gateway, "--file", file)
        self._server_cli(*words, "--config", self.folder / "county/server.toml")


class CutOff:
    """`with` it: the uplink is cut from the start. `folder`: for PostgreSQL, which runs as nobody; `beat_ms`: how often
    what lives on mains says something."""

    def __init__(self, folder: Path, beat_ms: int) -> None:
        self.done = Done()
        self._folder, self._beat_ms = folder, beat_ms
        self._devices: dict[str, Device] = {}
        self._ends = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._ends.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def _start(self) -> None:
        short = Path(self._ends.enter_context(tempfile.TemporaryDirectory(prefix="hl-")))
        self.sleep = Sleep(short / "slept")
        self._box = Box(short)
        self._ends.callback(self._box.close)
        self._box.start()
        self.rig = _Rig(
            self._folder / "rig",
            (day.VILLAGE,),
            tables=TABLES.format(bus=self._box.address),
            gateway=(sys.executable, HURRIED, short / "slept"),
            boards=False,
        )
        self._ends.enter_context(self.rig)
        self._ends.callback(self._stop_devices)
        self.side = self.rig.villages[day.VILLAGE.id]
        self.log = self._folder / "rig/log/day-gateway.log"
        self.says("devices at")
        self.rig.plan_is(day.PLAN)
        self.says("plan version 1")
        for text in ("gateway-alarms: session", "gateway-telemetry: session", "modem: there"):
            self.says(text)
        data = self.side.folder / "data"
        self._alarms = self._reader(data / "alarms.db")
        self._readings = self._reader(data / "readings.db")
        until("nothing waits", lambda: self.waiting() == (0, 0), PATIENCE_S)
        self._n = int(self.disk("SELECT coalesce(max(n), 0) FROM outbox")[0][0])
        self.side.uplink.cut()
        # What a machine slept through is nobody's silence: only so long awake makes the village its own master.
        time.sleep(TAKEOVER_MS / 1000 + PING_SECONDS)
        self.began = self._beat_at = self.sleep.now()
        self._rare_at = self.began

    def _reader(self, path: Path) -> sqlite3.Connection:
        made = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
        self._ends.callback(made.close)
        return made

    def says(self, text: str, times: int = 1) -> None:
        """The gateway's log has it so often."""
        until(text, lambda: self.log.read_text(errors="replace").count(text) >= times, PATIENCE_S)

    def waiting(self) -> tuple[int, int]:
        """(rows for the county, readings) on the gateway's disk."""
        ((rows,),) = self.disk("SELECT count(*) FROM outbox WHERE received IS NULL")
        return int(rows), int(self._readings.execute("SELECT count(*) FROM reading").fetchone()[0])

    def disk(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Of the gateway's alarms."""
        return self._alarms.execute(query, values).fetchall()

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Of the county's database."""
        with psycopg.connect(Embedded(self.rig.folder / "postgres").conninfo, autocommit=True) as conn:
            return conn.execute(query, values).fetchall()

    # --- the day

    def play(self, deeds: list[Deed], until_ms: int = day.DAY) -> None:
        """All of it, and every step that follows, each at its time; until this time of the day."""
        for id in sorted({d.device for d in deeds if d.device} | set(self._mains())):
            self.device(id)
        left = list(deeds)
        while True:
            due = self._due()
            at = min([self.began + d.at for d in left[:1]] + [t for t, _, _ in due[:1]], default=None)
            if at is None:
                break
            self._pass(at)
            if left and self.began + left[0].at == at:
                self._do(left.pop(0))
            else:
                self._see({(incident, key) for t, incident, key in due if t == at})
        self._pass(self.began + until_ms)

    def kill_gateway(self) -> None:
        """kill -9; returns when it is there again."""
        sessions = self.log.read_text(errors="replace").count("gateway-alarms: session")
        self.side.gateway.kill()
        self.says("gateway-alarms: session", sessions + 1)

    def speak(self, times: int, every: int = 0) -> None:
        """Readings of what lives on mains. `every`: ms slept before each round."""
        for _ in range(times):
            self.sleep.until(self.sleep.now() + every)
            self._speak(self._mains())

    def _see(self, wanted: set[tuple[str, str]]) -> None:
        until(f"the steps {wanted}", lambda: self.look() and wanted <= self.done.steps.keys(), PATIENCE_S)

    def _due(self) -> list[tuple[int, str, str]]:
        """(BOOTTIME, incident, key) of what is to be done and was not seen, soonest first."""
        found = [
            (course.opened + ms, course.incident, key)
            for course in self.done.courses.values()
            for ms, key in course.due()
            if (course.incident, key) not in self.done.steps
        ]
        return sorted(found)

    def _pass(self, at: int) -> None:
        """Sleeps until shortly before `at`, with everybody's readings at their times, and is awake then."""
        while self._beat_at <= at:
            self.sleep.until(self._beat_at)
            speakers = self._mains()
            if self._beat_at >= self._rare_at:
                self._rare_at += BEAT
                speakers = list(self._devices)
                self._offer_again()
            self._speak(speakers)
            self._beat_at += self._beat_ms
        self.sleep.until(at - 20)
        while (left := at - self.sleep.now()) > 0:
            time.sleep(left / 1000)

    def _speak(self, speakers: list[str]) -> None:
        _, before = self.waiting()
        for id in speakers:
            made = self.done.readings[id] = self.done.readings.get(id, 0) + 1
            self._devices[id].read("reading", temp_mc=20_000 + made, heap_b=90_000, held=0, rssi_dbm=-60, mains=1)
        until("readings", lambda: self.waiting()[1] >= before + len(speakers), PATIENCE_S)

    def _offer_again(self) -> None:
        """What has no `received` is offered for ever."""
        for device in self._devices.values():
            for event in list(device.frames):
                device.again(event)

    def _do(self, deed: Deed) -> None:
        done = self.done
        if deed.do == "duty":
            seen = len(done.notes)
            self._box.receives(day.HEAD, "1")
            until("the answer", lambda: self.look() and self._answers(seen), PATIENCE_S)
            at, incident = self._answers(seen)[0]
            assert incident == done.calls[deed.call], f"{incident} was answered, and not the newest call {deed.call}"
            done.courses[deed.call].said.append((at - done.courses[deed.call].opened, "duty", "coming"))
            return
        device = self.device(deed.device)
        if deed.do == "press":
            self.press(device, deed.call)
        elif deed.do == "cancel":
            self._heard(device, device.cancel(), deed.call)
            done.cancelled.add(deed.call)
        else:
            course = done.courses[deed.call]
            at = self._heard(device, device.answer(course.incident, deed.do), deed.call)
            course.said.append((at - course.opened, deed.device, deed.do))

    def press(self, device: Device, call: Call) -> None:
        event = device.press(call[1])
        new = call not in self.done.calls
        self.done.calls.setdefault(call, event)
        self.done.pressed.append(event)
        at = self._heard(device, event, call)
        if new and call[1] != "silent":
            self.done.courses[call] = Course(event, at)

    def _heard(self, device: Device, event: str, call: Call) -> int:
        """Waits for it; BOOTTIME when it came."""
        device.is_heard(event, PATIENCE_S)
        ((at,),) = self.disk("SELECT at FROM outbox WHERE event = ?", event)
        self.done.at[event], self.done.matters[event] = int(at), call
        self.done.events[event] = self.done.calls[call]
        return int(at)

    def _answers(self, after: int) -> list[tuple[int, str]]:
        return [(at, incident) for _, at, incident, what, _ in self.done.notes[after:] if what == "duty"]

    def look(self) -> bool:
        """Reads what the gateway's disk has got to tell since the last look."""
        rows = self.disk(
            "SELECT n, at, incident, what, subject FROM outbox WHERE frame IS NULL AND n > ? ORDER BY n", self._n
        )
        for n, at, incident, what, subject in rows:
            self._n = n
            self.done.notes.append((n, at, incident, what, subject))
            if what == "step":
                key = subject.partition(" ")[0].partition("/")[2]
                self.done.steps.setdefault((incident, key), at)
        return True

    # --- devices

    def _mains(self) -> list[str]:
        return [h.device(k) for h in day.VILLAGE.houses for k in h.kinds if k in day.MAINS]

    def devices(self) -> list[Device]:
        return list(self._devices.values())

    def device(self, id: str) -> Device:
        if id not in self._devices:
            enrolled = self.rig.folder / "enrolled"
            config = json.loads((enrolled / "devices" / f"{id}.json").read_text())
            ca = enrolled / "gateways" / day.VILLAGE.gateway / "ca.pem"
            self._devices[id] = Device(id, bytes.fromhex(config["root"]), ca, int(config["port"])).start()
        return self._devices[id]

    def _stop_devices(self) -> None:
        for device in self._devices.values():
            device.stop()
