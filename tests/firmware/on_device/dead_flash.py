# mypy: ignore-errors
"""Runs on MicroPython: a board whose flash and NVS answer nothing but errors starts, and alarms from RAM.

Prints `{"slot": …, "safe": …, "stored": […], "due": …}`.
"""

import json
import os
import sys
import time

if ".frozen" not in sys.path:
    sys.path.append(".frozen")

import boot as starter
from heartlamp.config import Config
from heartlamp.device import Device
from heartlamp.outbox import Outbox

SETTINGS = {"dev": "lamp0a1b", "kind": "lamp", "kv": 1, "root": "5a" * 32}
SETTINGS.update({"host": "h", "port": 1, "server_name": "s", "ca": "c"})


class Dead:
    def fails(self, *_):
        raise OSError(5)

    readblocks = writeblocks = ioctl = get_blob = set_blob = get_i32 = set_i32 = erase_key = commit = fails


def main():
    try:
        starter.mount(Dead(), "/f", {"progsize": 64, "readsize": 256})
        raise AssertionError("a dead flash was mounted")
    except OSError:
        pass
    for _ in range(5):  # however often: without NVS nothing is remembered, and nothing can loop
        begun = starter.choose(Dead(), "/f", True)
    told = []
    outbox = Outbox("/f/out")
    device = Device(Config(SETTINGS), outbox, time.ticks_ms, os.urandom, lambda what, **more: told.append((what, more)))
    device.start()
    device.path_up("lan")
    device.alarm("panic", "red", time.ticks_ms(), 0)
    stored = [more["flash"] for what, more in told if what == "stored"]
    due = len(device.due("lan", time.ticks_ms())[0])
    print(json.dumps({"slot": begun["slot"], "safe": begun["safe"], "stored": stored, "due": due}))


main()
