# mypy: ignore-errors
# ruff: noqa: UP031, RUF006
"""Runs on MicroPython: the whole device application through a day of bad radio, in virtual time, on real littlefs.

bad_day.py <seed> <kind> <hours>. The line to the village is good, bad, gone, half-open or flapping for seconds to a
quarter of an hour each; the broker acknowledges what it then loses; the gateway is away, changes its store twice, the
county is cut off; the board's power is cut. Prints one JSON line: presses, the events that nobody has at the end
(lost), for how long a lamp told of a press without a receipt (told_ms) and for how long it did not (silent_ms), the
heap after each hour, connections, sleeps, erases. `--trust-broker` shows that this can fail: a PUBACK is a receipt.
`--rest`: nobody presses.
"""

import asyncio
import gc
import json
import random
import sys

if ".frozen" not in sys.path:
    sys.path.append(".frozen")

import vfs
import virtual_time
from heartlamp import main, net
from heartlamp.device import Device
from heartlamp.hal.unix.flash import BLOCK, LFS
from heartlamp.settings.store import Store
from heartlamp_protocol.device.limits import SECOND_PATH_MS
from heartlamp_protocol.device.mac import county_key, digest16
from heartlamp_protocol.device.state import write_lamp
from heartlamp_protocol.said_to_device import write_heard, write_pulse, write_received
from virtual_time import Clock

DEV, ROOT = "lamp0a1b", bytes([0x5A] * 32)
KEY = county_key(ROOT, 1)
COUNTY = "c0" * 8
PLUG, SLEEP = 98, 99  # the exit codes of a board whose power goes, and of one that sleeps
WEATHER = (("good", 9), ("bad", 4), ("gone", 3), ("half-open", 2), ("flapping", 2))


def chance(percent):
    return random.getrandbits(16) % 100 < percent


def between(low, high):
    return low + random.getrandbits(24) % (high - low + 1)


class Flash:
    """NOR in RAM that counts its erases."""

    def __init__(self, blocks):
        self.image = bytearray(b"\xff" * (BLOCK * blocks))
        self.erases = 0

    def readblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        buffer[:] = self.image[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        self.image[at : at + len(buffer)] = buffer

    def ioctl(self, op, block):
        if op == 4:
            return len(self.image) // BLOCK
        if op == 5:
            return BLOCK
        if op == 6:
            self.erases += 1
            self.image[block * BLOCK : (block + 1) * BLOCK] = b"\xff" * BLOCK
        return 0


class World:
    """The weather, the village and the county. pending: event -> when it was stored, until the county has it."""

    def __init__(self):
        self.weather, self.until = "good", 0
        self.calm = False
        self.pending, self.unheard = {}, {}
        self.presses = self.connections = self.silent_ms = self.told_ms = 0
        self.epoch = "e1" * 8
        self.stream = None
        self.shown = ""

    def now(self):
        """The weather of this moment."""
        while Clock.ms >= self.until:
            pick = random.getrandbits(16) % sum(w for _, w in WEATHER)
            for name, weight in WEATHER:
                if pick < weight:
                    self.weather = name
                    break
                pick -= weight
            self.until = max(self.until, Clock.ms) + between(2_000, 900_000 if self.weather == "good" else 240_000)
        return "good" if self.calm else self.weather

    def trace(self, what, **fields):
        if what == "stored":
            self.presses += 1
            self.pending[fields["event"]] = self.unheard[fields["event"]] = Clock.ms
        elif what in ("heard", "received"):
            self.unheard.pop(fields["event"], None)

    def watch(self, every):
        """A lamp whose press has no receipt must say so."""
        late = [at for at in self.unheard.values() if Clock.ms - at > SECOND_PATH_MS + 1_000]
        if late and self.shown == "shout":
            self.told_ms += every
        elif late:
            self.silent_ms += every


WORLD = World()


class Stream:
    """What net.open_tls returns: a TCP line through the weather, and the broker and gateway at its end."""

    def __init__(self, hello):
        WORLD.connections += 1
        WORLD.stream = self
        self.inbox, self.news = [], asyncio.Event()
        self.broken = self.void = False
        self.say(b"\x20\x02\x00\x00", 30)

    def say(self, data, after):
        asyncio.create_task(self._deliver(data, after))

    async def _deliver(self, data, after):
        await asyncio.sleep_ms(after + (between(0, 1500) if WORLD.now() == "bad" else 5))
        if self.void or WORLD.now() in ("gone", "half-open"):
            self.void = True
            return
        self.inbox.append(data)
        self.news.set()

    async def read(self):
        while not self.inbox and not self.broken:
            self.news.clear()
            await self.news.wait()  # no wait_for: who is cancelled within one is cancelled twice (MicroPython 1.25)
        if self.broken:
            raise OSError("the line broke")
        return self.inbox.pop(0)

    def shake(self):
        """Each second."""
        if WORLD.now() == "flapping" and chance(10):
            self.broken = True
            self.news.set()

    async def write(self, data):
        weather = WORLD.now()
        if self.broken or (weather == "flapping" and chance(30)):
            raise OSError("the line broke")
        if self.void or weather in ("gone", "half-open") or (weather == "bad" and chance(5)):
            self.void = True  # what comes after a gap is no use to TCP either
            return
        kind = data[0] >> 4
        if kind == 8:  # SUBSCRIBE
            self.say(b"\x90\x03" + _pid(data) + b"\x01", 10)
        elif kind == 12:
            self.say(b"\xd0\x00", 10)
        elif kind == 3:
            self._published(data)

    def _published(self, data):
        at = 1
        while data[at] & 128:
            at += 1
        at += 1
        size = data[at] << 8 | data[at + 1]
        topic, rest = str(data[at + 2 : at + 2 + size], "utf-8"), data[at + 2 + size :]
        if data[0] & 6:
            self.say(b"\x40\x02" + rest[:2], 8)
            rest = rest[2:]
        if WORLD.weather == "bad" and chance(15) and not WORLD.calm:
            return  # acknowledged by the broker, and lost
        what = topic.split("/")[-1]
        if what == "event":
            self._event(rest)
        elif what == "ask":
            self._down("lamp", write_lamp(WORLD.epoch, 1, []), 20)
            self.pulse()

    def _event(self, frame):
        body = frame[frame.find(b'"body":') + 7 : -1]
        id = json.loads(body)["id"]
        if WORLD.calm or chance(85):
            self._down("receipt", write_heard(id, WORLD.epoch), between(3, 40))
        if WORLD.calm or chance(60):  # else: the county is cut off
            WORLD.pending.pop(id, None)
            self._down("receipt", write_received(KEY, DEV, 1, id, digest16(body), COUNTY), between(20, 3_000))

    def pulse(self):
        self._publish("hl/1/pulse", write_pulse(WORLD.epoch, 1, 1), 5)

    def _down(self, what, payload, after):
        self._publish("hl/1/%s/%s" % (DEV, what), payload, after)

    def _publish(self, topic, payload, after):
        topic = topic.encode()
        body = bytes((len(topic) >> 8, len(topic) & 255)) + topic + payload
        head, n = b"\x30", len(body)
        while n > 127:
            head += bytes((n & 127 | 128,))
            n >>= 7
        self.say(head + bytes((n,)) + body, after)

    def close(self):
        self.broken = True
        if WORLD.stream is self:
            WORLD.stream = None


def _pid(data):
    at = 1
    while data[at] & 128:
        at += 1
    return data[at + 1 : at + 3]


async def open_tls(host, port, name, ca, hello, on_dates):
    await asyncio.sleep_ms(between(20, 200))
    weather = WORLD.now()
    if weather in ("gone", "half-open"):
        await asyncio.sleep_ms(between(1_000, 9_000))
        raise OSError("no route to host")
    if weather == "bad" and chance(40):
        raise OSError("connection reset")
    return Stream(hello)


class Board:
    """The hal, in virtual time."""

    root = "/f"
    listen = None

    def __init__(self, ends_at):
        self.ends_at = ends_at
        self.kept = {}
        self.cause, self.nap_ms, self.slept = 1, 0, None
        self.edges = []
        self.next_press = ends_at if "--rest" in sys.argv else Clock.ms + between(1_000, 60_000)
        self.plug_at = Clock.ms + between(3_600_000, 6 * 3_600_000)
        self.heap, self.heap_at = [], Clock.ms + 1_800_000
        self.trace = WORLD.trace
        self.calm_at = ends_at - 900_000

    def clock(self):
        return Clock.ms

    def stamp(self):
        return 0

    def random(self, n):
        return bytes([random.getrandbits(8) for _ in range(n)])

    async def edge(self, until):
        """A press now and then, and the sky's other events at their time."""
        while True:
            if self.edges:
                return self.edges.pop(0)
            if Clock.ms >= self.next_press and not WORLD.calm:
                self.next_press = Clock.ms + (between(200, 3_000) if chance(20) else between(60_000, 1_800_000))
                self.edges = [("red", 1, Clock.ms, 0), ("red", 0, Clock.ms + 90, 0)]
                continue
            if until is not None and Clock.ms >= until:
                return None
            await asyncio.sleep_ms(min(250, 250 if until is None else max(1, until - Clock.ms)))
            self.sky()

    def sky(self):
        if Clock.ms >= self.calm_at:
            WORLD.calm = True
        if Clock.ms >= self.heap_at and not WORLD.pending:
            self.heap_at += 3_600_000
            gc.collect()
            self.heap.append(gc.mem_alloc())
        if Clock.ms >= self.plug_at and not WORLD.calm:
            self.plug_at += between(3_600_000, 8 * 3_600_000)
            WORLD.epoch = "%016x" % random.getrandbits(30) if chance(40) else WORLD.epoch
            raise SystemExit(PLUG)
        if Clock.ms >= self.ends_at:
            raise SystemExit(0)

    async def link(self):
        pass

    def show(self, picture):
        WORLD.shown = picture["meaning"]

    def recorded(self, clip):
        return False

    async def tone(self, *_):
        pass

    async def play(self, clips):
        pass

    def sleep(self, ms):
        self.nap_ms = ms
        raise SystemExit(SLEEP)

    def can_sleep(self):
        return True

    def slept_ms(self):
        return self.slept

    def nap(self):
        """Until a press, its time, or the next thing of the sky."""
        wake = [Clock.ms + self.nap_ms, self.calm_at if Clock.ms < self.calm_at else self.ends_at]
        if not WORLD.calm:
            wake += [self.next_press, self.plug_at]
        began = Clock.ms
        Clock.ms = max(Clock.ms, min(wake))
        self.slept = Clock.ms - began
        self.cause = 4
        self.sky()

    def nothing(self, *_):
        return None

    boot = {"slot": "rom", "safe": 0, "trial": 0, "fresh": 0}  # noqa: RUF012
    feed = fit = measure = radio = camera = nvs = rssi = level = transmit = serial = nothing

    def has(self, name):
        return False

    def reset_cause(self):
        return self.cause


async def village():
    """Pulses, unless the gateway is away; and who looks at the lamp."""
    away_until = 0
    while True:
        for _ in range(10):
            await asyncio.sleep_ms(1_000)
            WORLD.watch(1_000)
            if WORLD.stream is not None:
                WORLD.stream.shake()
        if chance(2) and not WORLD.calm:
            away_until = Clock.ms + between(10_000, 600_000)
        if Clock.ms >= away_until and WORLD.stream is not None:
            WORLD.stream.pulse()


def provision():
    fields = {"dev": DEV, "kind": sys.argv[2], "kv": 1, "root": "5a" * 32, "host": "h", "port": 1, "server_name": "s"}
    fields["ca"] = "BEGIN CERTIFICATE"
    Store(None, "/f").save(fields)


def day(hours):
    flash = Flash(64)
    vfs.VfsLfs2.mkfs(flash, **LFS)
    vfs.mount(vfs.VfsLfs2(flash, **LFS), "/f")
    provision()
    before = flash.erases
    net.open_tls = open_tls
    board = Board(Clock.ms + hours * 3_600_000)
    ends = {PLUG: 0, SLEEP: 0, 0: 0}
    asyncio.new_event_loop = lambda: None  # main.run would forget the village
    while not ends[0]:
        virtual_time.begin()
        asyncio.create_task(village())
        try:
            if board.nap_ms:
                board.nap()
                board.nap_ms = 0
            main.run(board)
        except SystemExit as end:
            ends[end.args[0]] += 1  # a KeyError is a fault of the device
            WORLD.stream, WORLD.unheard = None, {}
    print(
        json.dumps(
            {
                "presses": WORLD.presses, "lost": len(WORLD.pending), "silent_ms": WORLD.silent_ms,
                "told_ms": WORLD.told_ms, "connections": WORLD.connections, "cuts": ends[PLUG], "sleeps": ends[SLEEP],
                "heap": board.heap, "erases": flash.erases - before,
            }
        )
    )  # fmt: skip


def trust_broker(device, name, record, now):
    device.outbox.remove(record)


if "--trust-broker" in sys.argv:
    Device.sent = trust_broker
random.seed(int(sys.argv[1]))
main.COLLECT_EVERY = -1  # when the heap is full, as MicroPython does: a day passes four times as fast
day(int(sys.argv[3]))
