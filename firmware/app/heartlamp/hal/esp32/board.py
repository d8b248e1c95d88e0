"""An ESP32 board: keys and contacts, LEDs, a piezo or a speaker, Wi-Fi; wiring.py knows what of it is fitted where.

The tests have no board: keys, sleep and wake run against stand-ins for the chip, the rest is compiled and no more.
"""

import asyncio
import json
import os
import time

import esp32
import network
from machine import DEEPSLEEP_RESET, RTC, WDT, Pin, reset, reset_cause

from heartlamp import boot_state
from heartlamp.hal.esp32 import leds, sounder, wifi, wiring
from heartlamp.rules import keys
from heartlamp.settings.log import Log

EDGES_MOST = 64  # of one burst of bounce; the first one is the press
WATCHDOG_MS = 30_000
BOARD = "board"  # in NVS, apart from the settings: a board stays what it is


class Board:
    """`root`: of the flash, which boot.py has mounted."""

    root = ""

    def __init__(self) -> None:
        self.board = ""  # its name
        self._wiring = None  # a module of heartlamp/boards
        self._pins = {}  # (pin, level that means pulled) by name
        self._edges = []
        self._noted = {}  # each input's level at its last edge
        self._flag = asyncio.ThreadSafeFlag()
        self._ms = 0
        self._ticks = time.ticks_ms()
        self._leds = None
        self._sounder = None
        self._wifi = None
        self._joining = asyncio.Lock()
        self._failed = 0  # joins, so far
        self._unjoined_at = None  # when one last did
        self._radio = None
        self._watchdog = None
        self._probes = None
        self._camera = None
        self._dbm = 19
        self.kept = _kept()  # what a sleep does not forget
        self._nvs = None
        self.on_serial = None
        self.wifi = None
        self.modem = None
        self._modem = None
        self.log = Log()

    def fit(self, board: str) -> None:
        """Takes the pins of the board of this name, "": of the one it had last, so that a device that has lost its
        settings has keys and a light. A contact that is closed already is an edge like any other. Without such a board
        the device runs on without pins, so that it can be provisioned again."""
        before = boot_state.get(self.nvs(), BOARD)
        before = str(before, "utf-8") if before else ""
        board = board or before
        if self._wiring is not None:  # fitted while it waited for its settings
            if board != self.board:
                self.reset()  # these pins are another board's
            return
        self.board, self._wiring = board, wiring.find(board)
        if self._wiring is None:
            self.trace("no board", name=board)
            return
        if board != before:
            boot_state.put(self.nvs(), BOARD, board.encode())
        self._leds = leds.fitted(self._wiring, self.clock)
        self._sounder = sounder.fitted(self._wiring, self.trace)
        for name, pin, pulled in wiring.inputs(self._wiring):
            self._pins[name] = pin, pulled
            self._noted[name] = self.level(name)
            pin.irq(lambda pin, name=name: self._edge(name), Pin.IRQ_RISING | Pin.IRQ_FALLING)
        pulled = [name for name in self._pins if self._noted[name]]
        if reset_cause() == DEEPSLEEP_RESET:
            from heartlamp.hal.esp32 import sleeping

            found = sleeping.found({name: self._wiring.PINS[name] for name in self._pins}, pulled, self.kept)
        else:
            self.kept["held"], found = [], [(name, 1) for name in pulled]
        ticks = time.ticks_ms()
        self._edges += [(name, level, ticks) for name, level in found]

    def clock(self) -> int:
        """ms; asked often enough (a heartbeat does) it never wraps."""
        ticks = time.ticks_ms()
        self._ms += time.ticks_diff(ticks, self._ticks)
        self._ticks = ticks
        return self._ms

    def stamp(self) -> int:
        return time.time_ns()

    def random(self, n: int) -> bytes:
        return os.urandom(n)

    def feed(self) -> None:
        """A loop that hangs for half a minute is started again."""
        if self._watchdog is None:
            self._watchdog = WDT(timeout=WATCHDOG_MS)
        self._watchdog.feed()

    def sleep(self, ms: int) -> None:
        """Deep sleep until an input of the board's `wake` is pulled or the time is over; then the device starts anew.
        Returns where a key was pressed just now."""
        pulled = [name for name in self._pins if self._noted[name]]
        for name in self._pins:
            if self.level(name) != self._noted[name]:
                self._edge(name)
        if not self._edges and self.can_sleep():
            from heartlamp.hal.esp32 import sleeping

            sleeping.sleep_on(self._pins, pulled, self._wiring.WAKE, self.kept, ms)

    def can_sleep(self) -> bool:
        """As hal/unix/board.py says: the ESP32-C3 has wake_on_gpio from MicroPython 1.27."""
        return "red" in self._pins and (hasattr(esp32, "wake_on_ext0") or hasattr(esp32, "wake_on_gpio"))

    def slept_ms(self) -> "int | None":
        """As hal/unix/board.py says: by the clock that runs through a deep sleep."""
        began = self.kept.get("slept_at")
        if reset_cause() != DEEPSLEEP_RESET or began is None:
            return None
        return max(0, time.time_ns() // 1_000_000 - began)

    def reset_cause(self) -> int:
        return reset_cause()

    def rssi(self) -> "int | None":
        if self._wifi is None or not self._wifi.isconnected():
            return None
        return self._wifi.status("rssi")

    def transmit(self, dbm: int) -> None:
        self._dbm = dbm

    def level(self, pin: str) -> "int | None":
        """1: pulled; None: not fitted."""
        if pin not in self._pins:
            return None
        found, pulled = self._pins[pin]
        return int(found.value() == pulled)

    def measure(self, name: str) -> "int | None":
        """As hal/unix/board.py says."""
        if self._wiring is None:
            return None
        if name == "battery_mv":
            return wiring.battery_mv(self._wiring)
        if name not in ("temp_mc", "tilt_mdeg") and name[-9:] != "_line_ohm":
            return None
        if self._probes is None:
            from heartlamp.hal.esp32.probes import Probes

            self._probes = Probes(self._wiring.PINS)
        return self._probes.measure(name)

    def has(self, name: str) -> bool:
        return self._wiring is not None and name in self._wiring.PINS

    def radio(self):
        if self._radio is None:
            try:
                from heartlamp.hal.esp32.radio import Radio
            except ImportError:
                return None  # a MicroPython without ESP-NOW

            self._radio = Radio(self._wlan())
        return self._radio

    def camera(self):
        """Always the same one: making another would put out the light of a picture that is being taken."""
        if self._camera is None and self._wiring is not None:
            from heartlamp.hal.esp32.camera import find

            self._camera = find(self._wiring.PINS.get("indicator"), self._wiring.CAMERA)
        return self._camera

    def nvs(self):
        """None where the NVS does not work: then the settings' other copy is read."""
        if self._nvs is None:
            from heartlamp.hal.esp32.nvs import Nvs

            try:
                self._nvs = Nvs("heartlamp")
            except OSError:
                return None
        return self._nvs

    def about(self) -> dict:
        """As hal/unix/board.py says."""
        from heartlamp.hal.esp32.about import about

        return about(self)

    def reset(self) -> None:
        reset()

    async def listen(self, alive) -> None:
        from heartlamp.hal.esp32.serial_port import listen

        await listen(lambda line: self.on_serial(line), alive)

    def serial(self, said: dict) -> None:
        print(json.dumps({"serial": said}))

    async def link(self) -> None:
        """Joins the Wi-Fi of the settings, or else dials its modem; each path asks, one joins. Raises OSError where it
        cannot."""
        before = self._failed
        async with self._joining:
            if self._failed != before:
                raise OSError("no network just now")  # who waited for another's try would wait too long for one more
            try:
                if self.wifi is None and self.modem is not None:
                    await self._dialled().join(self.modem)
                    return
                radio = self._radio is not None and self._radio.on
                await asyncio.sleep_ms(wifi.pause_ms(self._unjoined_at, self.clock(), radio))
                await wifi.join(self._wlan(), self.wifi, self.kept)
            except OSError:
                self._failed += 1
                self._unjoined_at = self.clock()
                raise

    def _dialled(self):
        if self._modem is None:
            from heartlamp.hal.esp32.modem import Modem

            self._modem = Modem(*wiring.modem(self._wiring))
        return self._modem

    def _wlan(self):
        if self._wifi is None:
            self._wifi = network.WLAN(network.STA_IF)
            self._wifi.active(True)
            # 0: who lost its access point stays quiet until join() is called; it would scan on for ever, and the radio
            # would be deaf just when it is the only path.
            self._wifi.config(txpower=self._dbm, reconnects=0)
        return self._wifi

    async def edge(self, until: "int | None") -> "tuple | None":
        """(pin, level, ms, stamp) of the next edge; None at time `until`."""
        while not self._edges:
            if until is None:
                await self._flag.wait()
                continue
            try:
                await asyncio.wait_for_ms(self._flag.wait(), max(0, until - self.clock()))
            except asyncio.TimeoutError:
                return None
        name, level, ticks = self._edges.pop(0)
        return name, level, self.clock() - time.ticks_diff(time.ticks_ms(), ticks), 0

    def show(self, picture: dict) -> None:
        if self._leds is not None:
            self._leds.show(picture["meaning"])

    def recorded(self, clip: str) -> bool:
        """As hal/unix/board.py says, and so the next two."""
        try:
            os.stat("/prompts/" + clip)
            return True
        except OSError:
            return False

    async def tone(self, notes: "list[tuple[int, int]]", rounds: int) -> None:
        if self._sounder is not None:
            await self._sounder.tone(notes, rounds)

    async def play(self, clips: "list[str]") -> None:
        if self._sounder is not None:
            await self._sounder.play(["/prompts/" + clip for clip in clips])

    def trace(self, what: str, **fields) -> None:
        self.log.add(self.clock(), what, fields)
        print(what, fields)

    def _edge(self, name: str) -> None:
        """In the interrupt's soft half: no more than noting it. It is late where a call into the chip (TLS, flash, DNS)
        takes long: then press and release are both over, and each finds the level as it was."""
        level, ticks = self.level(name), time.ticks_ms()
        if len(self._edges) < EDGES_MOST:
            for one in keys.edges(self._noted[name], level):
                self._edges.append((name, one, ticks))
            self._noted[name] = level
        self._flag.set()


def _kept() -> dict:
    try:
        return json.loads(RTC().memory())
    except ValueError:
        return {}
