# mypy: ignore-errors
"""Runs on MicroPython: more presses than a flash is meant to hold, on a flash image, and a restart.

full_outbox.py <image>. Prints `{"stored": …, "held": …, "overflowed": …, "due": …, "held_after": …, "slowest_ms": …}`.
"""

import json
import os
import sys
import time

from heartlamp.config import Config
from heartlamp.device import Device
from heartlamp.hal.unix import flash
from heartlamp.outbox import MOST, Outbox

fields = {"dev": "lamp0a1b", "kind": "lamp", "kv": 1, "root": "5a" * 32}
fields.update({"host": "h", "port": 1, "server_name": "s", "ca": "c"})


def device(traces):
    outbox = Outbox("/flash/out")
    made = Device(Config(fields), outbox, time.ticks_ms, os.urandom, lambda what, **more: traces.append(more))
    made.start()
    return made


def main():
    flash.mount(sys.argv[1], "/flash", True)
    traces, slowest = [], 0
    before = device(traces)
    for _ in range(MOST + 5):
        start = time.ticks_ms()
        before.alarm("panic", "red", start, 0)
        slowest = max(slowest, time.ticks_diff(time.ticks_ms(), start))
    before.path_up("lan")
    due = len(before.due("lan", time.ticks_ms())[0])
    after = device([])
    print(
        json.dumps(
            {
                "stored": len([t for t in traces if t.get("flash") == 1]),
                "held": len(before.outbox.records),
                "overflowed": before.overflowed,
                "due": due,
                "held_after": len(after.outbox.records),
                "slowest_ms": slowest,
            }
        )
    )


main()
