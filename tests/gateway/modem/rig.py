"""A bus of the test's own, a process that answers on it as ModemManager does, and our adapters with their inbox."""

import json
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from heartlamp_gateway.outputs.adapter import Adapter, Order, Report
from heartlamp_gateway.outputs.modem.bus import Bus, BusError
from heartlamp_gateway.outputs.modem.config import ModemConfig, Sim
from heartlamp_gateway.outputs.modem.inbox import Inbox
from heartlamp_gateway.outputs.modem.names import OBJECT_MANAGER, ROOT
from heartlamp_gateway.outputs.modem.reports import Reports
from heartlamp_gateway.outputs.modem.sms import Sms
from heartlamp_gateway.outputs.modem.turn import Turn
from heartlamp_gateway.outputs.modem.usage import Usage
from heartlamp_gateway.outputs.modem.voice import Voice

from tests.gateway.rig.processes import Process
from tests.gateway.rig.waiting import Board, until

SYSTEM_PYTHON = "/usr/bin/python3"  # has dbusmock, which needs a C library of its own
SERVICE_PY = Path(__file__).with_name("service.py")
MOCK = "org.freedesktop.DBus.Mock"
BUS_CONF = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
<allow user="*"/></policy></busconfig>
"""
HEAD = "13800000007"
TODAY = date(2026, 11, 22)


def order(channel: str = "voice", **differs: Any) -> Order:
    usual = Order(
        key="inc/1/head", channel=channel, address=HEAD, incident="inc", what="panic", place="三组 7号",
        group="g3", name="户长", lang="zh",
    )  # fmt: skip
    return replace(usual, **differs)


class Doing:
    """An order on its way, in a thread of its own, as the runner has it."""

    def __init__(self, adapter: Adapter, order: Order) -> None:
        self._board = Board()
        self.reports: list[Report] = []
        self._ended: list[Report] = []
        self._thread = threading.Thread(target=self._perform, args=(adapter, order), daemon=True)
        self._thread.start()

    def _perform(self, adapter: Adapter, order: Order) -> None:
        ended = adapter.perform(order, self._say)
        with self._board:
            self._ended.append(ended)

    def _say(self, report: Report) -> None:
        with self._board:
            self.reports.append(report)

    @property
    def states(self) -> list[str]:
        return [r.state for r in self.reports]

    def says(self, state: str) -> None:
        self._board.wait(state, lambda: state in self.states)

    def end(self, seconds: float = 30.0) -> Report:
        return self._board.wait("the order's end", lambda: self._ended, seconds)[0]


class Box:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = folder / "bus"
        self.address = f"unix:path={path}"
        (folder / "bus.conf").write_text(BUS_CONF.format(path=path))
        self.bus = Process(
            ["dbus-daemon", f"--config-file={folder / 'bus.conf'}", "--nofork", "--nopidfile"], folder / "bus.log"
        )
        self.service = Process(
            [SYSTEM_PYTHON, "-m", "dbusmock", "--system", "--template", str(SERVICE_PY)],
            folder / "service.log",
            {"DBUS_SYSTEM_BUS_ADDRESS": self.address, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        self.config = ModemConfig(bus=self.address, ring_s=20.0, answer_s=20.0, delivery_s=5.0)
        self.modem = ""
        self.wanted = True
        self.answers: list[tuple[str, str, str]] = []
        self._stop = threading.Event()
        self._inbox: threading.Thread | None = None
        self.make()

    def make(self, config: ModemConfig | None = None, player: tuple[str, ...] | None = None) -> None:
        """The adapters anew, by this configuration; as after a restart of the gateway."""
        self.config = config or self.config
        self.turn, self.reports = Turn(), Reports()
        self.usage = Usage(self.folder / "usage.json", Sim(megabytes=100))
        self.usage.open()
        self.voice = Voice(self.config, self.turn, lambda order: self.wanted, player=player)
        self.sms = Sms(self.config, self.reports)

    def start(self) -> "Box":
        self.start_bus()
        self.start_service()
        self.modem = self.tell("Plug", "s", "{}")
        return self

    def start_bus(self) -> None:
        self.bus.start()
        until("the bus", self._bus_is_there)

    def start_service(self) -> None:
        self.service.start()
        until("ModemManager's stand-in", self._service_is_there)

    def start_inbox(self, on_answer: Callable[[str, str, str], None] | None = None) -> None:
        """Its thread; one that ran before is ended first."""
        self._stop.set()
        if self._inbox is not None:
            self.tell("EmitSignal", "sssav", OBJECT_MANAGER, "InterfacesRemoved", "oas", [("o", ROOT), ("as", [])])
            self._inbox.join(8)
        self._stop = stop = threading.Event()
        note = on_answer or (lambda number, answer, text: self.answers.append((number, answer, text)))

        def wait(seconds: float) -> bool:
            return stop.wait(min(seconds, 0.1))  # a bus that is gone is tried again at once

        inbox = Inbox(self.config, self.turn, self.reports, self.usage, note, wait, lambda: TODAY)
        self._inbox = threading.Thread(target=inbox.run, daemon=True)
        self._inbox.start()

    def close(self) -> None:
        self._stop.set()
        for process in (self.service, self.bus):
            process.kill()  # a bus that is gone ends the inbox's waiting too
        if self._inbox is not None:
            self._inbox.join(8)
            assert not self._inbox.is_alive(), "the inbox does not end"

    # --- the world outside

    def tell(self, member: str, signature: str = "", *args: Any) -> Any:
        with Bus(self.address) as bus:
            answer = bus.call(ROOT, MOCK, member, signature, *args)
        return answer[0] if answer else None

    def far(self, **wishes: Any) -> None:
        self.tell("Far", "s", json.dumps(wishes))

    def replug(self, **fields: Any) -> None:
        self.tell("Unplug", "o", self.modem)
        self.modem = self.tell("Plug", "s", json.dumps(fields))

    def receives(self, number: str, text: str, kind: int = 1, reference: int = 0, delivery: int = 0) -> str:
        path: str = self.tell("Arrive", "oisuu", self.modem, kind, number, reference, delivery)
        self.tell("Write", "oosb", self.modem, path, text, True)
        return path

    def state(self, path: str, new: int, reason: int = 0) -> None:
        self.tell("State", "oiu", path, new, reason)

    def press(self, path: str, digit: str) -> None:
        self.tell("Press", "os", path, digit)

    def seen(self) -> list[list[Any]]:
        """What was asked of the modem."""
        found: list[list[Any]] = json.loads(self.tell("Seen"))["log"]
        return found

    def there(self) -> dict[str, dict[str, Any]]:
        """The messages and calls that the modem has."""
        found: dict[str, dict[str, Any]] = json.loads(self.tell("Seen"))["there"]
        return found

    def call(self) -> str:
        """The path of the call that was started and is not over."""

        def dialling() -> str | None:
            return next((p for p, c in self.there().items() if "/Call/" in p and 0 < int(c["State"]) < 7), None)

        return until("a call", dialling) or ""

    def hang(self) -> None:
        """The service is there and never answers."""
        os.kill(self.service.pid, signal.SIGSTOP)

    def _bus_is_there(self) -> bool:
        try:
            with Bus(self.address):
                return True
        except OSError:
            return False

    def _service_is_there(self) -> bool:
        try:
            self.tell("Seen")
            return True
        except BusError:
            return False
