"""`make demo`: two villages on this machine, with a page that draws them and lets you press."""

import contextlib
import os
import shutil
import signal
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.village.journal import Seen
from tests.village.leftovers import end_postgres
from tests.village.lock import Lock, Taken
from tests.village.page_server import PageServer
from tests.village.rig import ROOT, Rig
from tests.village.strip import Strip

PINS = ("red", "green", "smoke", "flood")


class Demo:
    """Keeps what the page shows, from the rig's journal, and does what the page asks."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._shows: dict[str, dict[str, Any]] = {}
        self._strip = Strip({h.device(k): h for h in rig.houses() for k in h.kinds})
        self._plugged = {"server": True, "postgres": True}
        self.page = PageServer(self.state, self.act)

    def start(self) -> None:
        for seen in self._rig.journal.all(lambda s: True):
            self._take(seen)
        self._rig.journal.listeners.append(self._take)
        self.page.start()

    # --- what the page sees --------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        rig = self._rig
        return {
            "console": rig.console_url,
            "villages": [
                {
                    "id": side.plan.id,
                    "name": side.plan.name,
                    "gateway_up": side.gateway.pid is not None,
                    "broker_up": side.broker.pid is not None,
                    "uplink_up": side.uplink.up,
                    "houses": [
                        {
                            "site": h.site,
                            "name": h.name,
                            "group": h.group,
                            "devices": [
                                {
                                    "id": h.device(k),
                                    "kind": k,
                                    "up": rig.boards[h.device(k)].running,
                                    "show": self._shows.get(h.device(k)),
                                }
                                for k in h.kinds
                            ],
                        }
                        for h in side.plan.houses
                    ],
                }
                for side in rig.villages.values()
            ],
            "server_up": rig.server.pid is not None,
            "postgres_up": self._plugged["postgres"],
            "hops": [asdict(s) for s in self._strip.stations],
        }

    def process_changed(self, village: str | None, name: str, up: bool) -> None:
        self.page.hub.send("process", {"village": village, "name": name, "up": up})

    def _take(self, seen: Seen) -> None:
        if seen.what == "show":
            self._shows[seen.source] = seen.fields
            self.page.hub.send("show", {"device": seen.source, "show": seen.fields})
        if self._strip.take(seen):
            self.page.hub.send("hops", [asdict(s) for s in self._strip.stations])

    # --- what the page asks --------------------------------------------------------------------------------------

    def act(self, path: str, fields: dict[str, Any]) -> None:
        if path == "/pin":
            self._pin(str(fields["device"]), str(fields["pin"]), int(fields["level"]))
        elif path == "/plug":
            self._plug(fields.get("village"), str(fields["process"]), bool(fields["up"]))
        else:
            raise ValueError(f"no such control: {path}")

    def _pin(self, device: str, pin: str, level: int) -> None:
        board = self._rig.boards.get(device)
        if board is None or pin not in PINS:
            raise ValueError(f"no pin {pin} on device {device}")
        (board.press if level else board.release)(pin)

    def _plug(self, village: str | None, name: str, up: bool) -> None:
        rig = self._rig
        if name == "uplink" and village in rig.villages:
            cable = rig.villages[str(village)].uplink
            cable.mend() if up else cable.cut()
            self.process_changed(village, name, up)
        elif name in ("broker", "gateway") and village in rig.villages:
            process = getattr(rig.villages[str(village)], name)
            process.plug_in() if up else process.pull_plug()
        elif name == "server":
            rig.server.plug_in() if up else rig.server.pull_plug()
        elif name == "postgres" and not up:
            rig.kill_postgres()  # the server starts it again by itself; that is what there is to see
        else:
            raise ValueError(f"no plug {name} in {village}")


class Ended(BaseException):
    """Ctrl-C, a closed terminal, or whoever else asks us to end."""


class Ending:
    """Raises Ended in the main thread at the first signal that asks for it."""

    def __init__(self) -> None:
        self.asked = False

    def listen(self) -> None:
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGINT, self._end)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup: it shall outlive its terminal
            signal.signal(signal.SIGHUP, self._end)

    def _end(self, *_: object) -> None:
        if self.asked:
            return  # a second Ctrl-C must not tear the ending
        self.asked = True
        with contextlib.suppress(OSError):  # the terminal is gone
            os.write(1, "\n· ending every process of the demo\n".encode())  # print may be what was interrupted
        raise Ended


def main(folder: Path = ROOT / "build/demo") -> int:
    ending = Ending()
    ending.listen()
    lock = Lock(folder.with_name(folder.name + ".lock"))
    try:
        with lock.hold():
            if folder.exists():
                _say("removing what the last demo kept")
                end_postgres(folder, _say)
                shutil.rmtree(folder, ignore_errors=True)
            return _run(folder, lock)
    except Taken as taken:
        print(f"{taken}\nNothing was started, and nothing of it was touched. End it there with Ctrl-C first.")
        return 1
    except Ended:
        return 0
    except Exception:
        if not ending.asked:
            raise
        return 0  # a part that was half made when the end came over it


def _say(text: str) -> None:
    print(f"· {text}", flush=True)


def _run(folder: Path, lock: Lock) -> int:
    began = time.monotonic()
    demos: list[Demo] = []

    def changed(village: str | None, name: str, up: bool) -> None:
        for demo in demos:
            demo.process_changed(village, name, up)

    with Rig(folder, say=_say, on_process=changed) as rig:
        rig.command_centre()
        demo = Demo(rig)
        demos.append(demo)
        demo.start()
        lock.tell(demo.page.url)
        print(_welcome(rig, demo, time.monotonic() - began), flush=True)
        try:
            threading.Event().wait()
        finally:
            demo.page.stop()
    return 0


def _welcome(rig: Rig, demo: Demo, seconds: float) -> str:
    return f"""
  Heart-Lamp is up after {seconds:.0f} s
  {len(rig.villages)} villages, {len(rig.houses())} households, {len(rig.boards)} devices

  the villages        {demo.page.url}
  the command centre  {rig.console_url}     account: duty     password: {rig.password}

  Three things to try
  1. Open both pages side by side. In the village, press any red key: the house's lamp, the neighbours' lamps and the
     command centre answer. Accept there with the key `a` and watch the lamp.
  2. Press a neighbour's green key: somebody is coming, and the victim's lamp says who.
  3. Pull the plug of the uplink, the gateway or the server, then press. Nothing is lost: put it back and look.

  Ctrl-C ends everything. Logs and data: {Path(os.path.relpath(rig.folder))}/
"""
