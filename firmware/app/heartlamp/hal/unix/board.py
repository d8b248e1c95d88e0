"""A virtual board on MicroPython's unix port.

Pins come as JSON lines on stdin, `{"pin":"red","level":1,"t":…}`, "t" being when it moved, ns since 1970 (without it:
when the line is read; a board that was busy would take two presses for one that bounces).
`{"measure":"temp_mc","value":21500}` is what an analog part reads from now on, null: it does not answer; without such
a line the part is not fitted. `{"serial":{…}}` is a line on its serial port, `{"serial":"…"}` the very text of one.
Stdin's end or `{"quit":1}` is the power going off. A line must be written in one go: the board reads it to its end once
it has begun. What the board shows, and a trace of what it did, go to stdout as JSON lines with "t", ns since 1970.
"""

import asyncio
import json
import os
import select
import sys
import time
from asyncio import core

from heartlamp.rules import wav
from heartlamp.settings.log import Log

ONE_MOMENT_NS = 2_000_000
POWER_ON, DEEP_SLEEP = 1, 4  # machine's own numbers
ASLEEP, RESTART = 72, 73  # how a device ends that goes to sleep, or starts again; virtual.py sees to it


class Board:
    """`root`: where the flash is mounted; without one the board still alarms, from RAM. `nvs`: as esp32.NVS, or None.
    `boot`: how this start came about, as boot.py's choose() says."""

    listen = None  # the serial line comes with the pins
    board = "virtual"

    def __init__(self, root: str, ether: str = "", nvs=None) -> None:
        self.root = root
        self._pins = None  # all of them
        self.boot = {"slot": "rom", "version": 0, "safe": 0, "trial": 0, "fresh": 0, "crashes": 0, "refused": 0}
        self._ether = ether  # "HOST:PORT,MAC"
        self._nvs = nvs
        self._radio = None
        self.on_serial = None  # called with each object, or text, that comes on the serial port
        self.kept = {}  # what a sleep does not forget
        self.pictures = None  # folder of the host, for a camera
        self.wifi = None  # {"ssid", "password"}: of no use here
        self.log = Log()
        self._measures = {}
        self._levels = {}
        self._cause = POWER_ON
        self._nap_ms = 0
        self._slept_ms = None

    def started(self, cause: int, before: "Board | None") -> None:
        """cause: of this start; before: the board of the start before, None at power on. What is outside of a board
        does not start again with it."""
        self._cause = cause
        if before is not None:
            self._measures, self._levels, self._radio = before._measures, before._levels, before._radio
            if cause == DEEP_SLEEP:
                self.kept, self._slept_ms = before.kept, before._slept_ms

    def fit(self, board: str) -> None:
        """Has the pins of the board of this name; all where the program, as its sources, knows no such board, or where
        the settings are lost."""
        self._pins = None
        if not board:
            return
        try:
            self._pins = __import__("heartlamp.boards." + board.replace("-", "_"), None, None, ("PINS",)).PINS
        except ImportError:
            pass

    def clock(self) -> int:
        """ms since some moment before this boot; never wraps, never set."""
        return time.ticks_ms()

    def stamp(self) -> int:
        return time.time_ns()

    def random(self, n: int) -> bytes:
        return os.urandom(n)

    def feed(self) -> None:
        """A supervisor starts the process again; there is no watchdog to feed."""

    def sleep(self, ms: int) -> None:
        """Deep sleep until a pin moves or the time is over; never returns: the device starts anew."""
        from heartlamp.rules import inputs

        self._nap_ms = ms
        self.kept["held"] = inputs.held([name for name in self._levels if self._levels[name]])
        raise SystemExit(ASLEEP)

    def can_sleep(self) -> bool:
        """Whether anything but the time could wake this board: rather awake than deaf."""
        return True

    def reset(self) -> None:
        """Never returns: the device starts anew."""
        raise SystemExit(RESTART)

    def nap(self) -> None:
        """Sleeps as sleep() said."""
        poll = select.poll()
        poll.register(sys.stdin, select.POLLIN)
        began = self.clock()
        poll.poll(self._nap_ms)
        self._slept_ms = self.clock() - began

    def slept_ms(self) -> "int | None":
        """How long the sleep lasted that this start is the end of; None: it is not."""
        return self._slept_ms

    def reset_cause(self) -> int:
        """As machine.reset_cause() of an ESP32."""
        return self._cause

    def rssi(self) -> "int | None":
        return None

    def transmit(self, dbm: int) -> None:
        """The radio's power from now on."""

    def level(self, pin: str) -> "int | None":
        """Of a pin, now; None: not known, because it has not moved."""
        return self._levels.get(pin)

    def measure(self, name: str) -> "int | None":
        """What an analog part reads, in the unit at the end of its name; None: not fitted. Raises OSError where it does
        not answer."""
        value = self._measures.get(name, 0)
        if value is None:
            raise OSError(name + " does not answer")
        return value if name in self._measures else None

    def has(self, name: str) -> bool:
        """Whether a pin is fitted."""
        return self._pins is None or name in self._pins

    def radio(self):
        """None: no radio, because there is no ether to send into."""
        if self._radio is None and self._ether:
            from heartlamp.hal.unix.radio import Radio

            address, _, mac = self._ether.partition(",")
            host, _, port = address.partition(":")
            self._radio = Radio((host, int(port)), bytes([int(mac[i : i + 2], 16) for i in range(0, 12, 2)]))
        return self._radio

    def camera(self):
        """One that shows pictures of a folder, None where there is no such folder."""
        if self.pictures is None:
            return None
        from heartlamp.hal.unix.camera import Camera

        return Camera(self.pictures, self.trace)

    def nvs(self):
        """As esp32.NVS; None: no storage beside the flash."""
        return self._nvs

    def about(self) -> dict:
        """What this board is, for a technician."""
        fitted = ("nvs", self._nvs), ("radio", self.radio()), ("camera", self.camera())
        return {
            "board": "virtual",
            "micropython": ".".join([str(n) for n in sys.implementation.version[:3]]),
            "mac": self._ether.partition(",")[2],
            "capabilities": [name for name, part in fitted if part is not None],
        }

    def serial(self, said: dict) -> None:
        _print({"t": time.time_ns(), "serial": said})

    async def link(self) -> None:
        """The network is the machine's own."""

    async def edge(self, until: "int | None") -> "tuple | None":
        """(pin, level, ms, stamp) of the next edge; None at time `until`."""
        if until is None:
            await _readable(sys.stdin)
        else:
            try:
                await asyncio.wait_for_ms(_readable(sys.stdin), max(0, until - self.clock()))
            except asyncio.TimeoutError:
                return None
        try:
            line = sys.stdin.readline()
        except ValueError:
            line = "not UTF-8"
        if not line:
            raise SystemExit(0)
        at, stamp = self._moment()
        serial = None
        try:
            said = json.loads(line)
            if said.get("quit"):
                raise SystemExit(0)
            if "measure" in said:
                self._measures[said["measure"]] = said["value"]
            elif "serial" in said:
                serial = said["serial"]
            else:
                self._levels[said["pin"]] = 1 if said["level"] else 0
                late = max(0, stamp - said.get("t", stamp)) // 1_000_000
                return said["pin"], 1 if said["level"] else 0, at - late, stamp
        except (ValueError, KeyError, AttributeError, TypeError):
            self.trace("not understood", bytes=len(line))  # not what it says: it may be half a secret
            serial = "" if line[:10] == '{"serial":' else None
        if serial is not None and self.on_serial is not None:
            self.on_serial(serial)
        return None

    def _moment(self) -> "tuple[int, int]":
        """Both clocks at one moment. A pin has its time latched as it moves, as by an interrupt; where this program is
        put aside between two looks at two clocks, an edge would be as much too early, and a press a bounce."""
        for _ in range(20):
            before = self.stamp()
            at, stamp = self.clock(), self.stamp()
            if 0 <= stamp - before < ONE_MOMENT_NS:
                break
        return at, stamp

    def show(self, picture: dict) -> None:
        _print({"t": time.time_ns(), "show": picture})

    def recorded(self, clip: str) -> bool:
        """Whether /prompts on the flash has this clip."""
        try:
            os.stat(self.root + "/prompts/" + clip)
            return True
        except OSError:
            return False

    async def tone(self, notes: "list[tuple[int, int]]", rounds: int) -> None:
        """Sounds so many rounds of (Hz, ms). Cancelled, it is silent at once."""
        await _sound({"tone": notes, "rounds": rounds}, sum([ms for _, ms in notes]) * rounds)

    async def play(self, clips: "list[str]") -> None:
        """Clips of /prompts, one after the other; one that cannot be played is left out, it must not end the lamp."""
        played, ms = [], 0
        for clip in clips:
            try:
                ms += _length(self.root + "/prompts/" + clip)
                played.append(clip)
            except (OSError, ValueError) as error:
                self.trace("clip", path=clip, error=str(error))
        await _sound({"play": played}, ms)

    def trace(self, what: str, **fields) -> None:
        self.log.add(self.clock(), what, fields)
        fields["trace"] = what
        if "t" not in fields:
            fields["t"] = time.time_ns()
        _print(fields)


def _length(path: str) -> int:
    """ms"""
    with open(path, "rb") as f:
        return wav.sound_in(f.read(wav.HEAD))[1] // wav.BYTES_A_MS


async def _sound(what: dict, ms: int) -> None:
    what["t"] = time.time_ns()
    _print(what)
    try:
        await asyncio.sleep_ms(ms)
    except asyncio.CancelledError:
        _print({"t": time.time_ns(), "hush": 1})
        raise


def _print(fields: dict) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")  # one write, so that lines stay whole


async def _readable(stream):
    await _queue(stream)


def _queue(stream):
    yield core._io_queue.queue_read(stream)
