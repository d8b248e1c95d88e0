# mypy: ignore-errors
"""Runs on MicroPython: detectors and probes through a week of good and bad days, in virtual time, on real littlefs.

sensor_week.py <seed> <days>. The parts of a device that has every sensor; contacts that close, tremble and stick,
probes that drift, jump and fall silent, rain. Receipts come at once. Prints one JSON line: alarms, readings, the most
of an hour, how often the parts were looked at in the last, quiet hour, the heap after each day, erases a day at rest.
"""

import gc
import json
import random
import sys

if ".frozen" not in sys.path:
    sys.path.append(".frozen")

import vfs
from heartlamp.config import Config
from heartlamp.device import Device
from heartlamp.hal.unix.flash import BLOCK, LFS
from heartlamp.outbox import Outbox
from heartlamp.parts import contacts, probes
from nor import Nor, empty, is_erase

CONFIG = {
    "dev": "sensor01", "kind": "smoke", "kv": 1, "root": "5a" * 32, "host": "", "port": 1, "server_name": "", "ca": "",
    "sensors": {"smoke": {}, "gas": {"nc": 1}, "flood": {}, "door": {}, "rain": {}},
}  # fmt: skip
HOUR = 3_600_000


class Hal:
    root = "/f"
    now = 1000

    def __init__(self):
        self.measures = {"temp_mc": 21_000, "tilt_mdeg": 2_000}

    def clock(self):
        return self.now

    def stamp(self):
        return 0

    def random(self, n):
        return bytes([random.getrandbits(8) for _ in range(n)])

    def trace(self, what, **fields):
        pass

    def measure(self, name):
        value = self.measures.get(name, 0)
        if value is None:
            raise OSError("silent")
        return value if name in self.measures else None


class Week:
    def __init__(self):
        self.hal = Hal()
        blank = empty(32)
        vfs.VfsLfs2.mkfs(Nor(blank), **LFS)
        self.flash = Nor(blank)
        vfs.mount(vfs.VfsLfs2(self.flash, **LFS), "/f")
        self.device = Device(Config(CONFIG), Outbox("/f/out"), self.hal.clock, self.hal.random, self.hal.trace)
        self.device.start()
        self.parts = [part.Part(self.hal, self.device) for part in (contacts, probes)]
        for part in self.parts:
            part.start()
        self.edge("gas", 1)
        self.alarms = self.readings = self.looks = 0

    def edge(self, pin, level):
        for part in self.parts:
            part.settle(self.hal.now)
        for part in self.parts:
            if pin in part.PINS:
                part.edge(pin, level, self.hal.now, None)

    def live(self, until):
        """As the pins' task does it."""
        while self.hal.now < until:
            self.looks += 1
            at = until
            for part in self.parts:
                look = part.settle(self.hal.now)
                if look is not None:
                    assert look > self.hal.now, "it asks to be looked at in the past"
                    at = min(at, look)
            for record in list(self.device.outbox.records):
                self.alarms += 1
                self.device.outbox.remove(record)
            while True:
                waiting = self.device.telemetry.next(self.hal.now)
                if waiting is None:
                    break
                self.device.telemetry.sent(waiting[0])
                self.readings += 1
            self.hal.now = at

    def wild_hour(self):
        end = self.hal.now + HOUR
        while self.hal.now < end:
            dice = random.getrandbits(16) % 10
            pin = ("smoke", "gas", "door", "rain", "recessed")[random.getrandbits(16) % 5]
            if dice < 4:
                for n in range(random.getrandbits(5)):
                    self.edge(pin, n & 1)
                    self.live(self.hal.now + random.getrandbits(9))
            name = ("temp_mc", "tilt_mdeg")[random.getrandbits(1)]
            self.hal.measures[name] = None if dice == 9 else random.getrandbits(17) - 20_000
            self.live(min(end, self.hal.now + random.getrandbits(19)))
        self.hal.measures.update({"temp_mc": 21_000, "tilt_mdeg": 2_000})
        for pin, level in (("smoke", 0), ("gas", 1), ("door", 0), ("rain", 0), ("recessed", 0)):
            self.edge(pin, level)


def main():
    random.seed(int(sys.argv[1]))
    week, heap, most = Week(), [], 0
    erases = 0
    for _ in range(int(sys.argv[2])):
        for hour in range(24):
            before = week.readings
            if hour == 12:
                week.wild_hour()
                week.flash.log.clear()
            for _ in range(6):
                if hour != 12:
                    week.hal.measures["temp_mc"] = 21_000 + random.getrandbits(9)
                    week.hal.measures["tilt_mdeg"] = 2_000 + random.getrandbits(6)
                    week.live(week.hal.now + HOUR // 6)
            most = max(most, week.readings - before)
        gc.collect()
        erases = len([1 for operation in week.flash.log if is_erase(operation)])
        week.flash.log.clear()
        gc.collect()
        heap.append(gc.mem_alloc())
    week.looks = 0
    week.live(week.hal.now + HOUR)
    print(json.dumps({
        "alarms": week.alarms, "readings": week.readings, "most_an_hour": most, "looks_at_rest": week.looks,
        "heap": heap, "erases_a_half_day": erases, "block": BLOCK, "age_days": week.parts[0]._age.days(),
    }))  # fmt: skip


main()
