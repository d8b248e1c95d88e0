# mypy: ignore-errors
"""Runs on MicroPython: the ESP32's own reader of the serial line, on this machine's stdin and stdout. It answers as a
device does that nobody provisioned; its settings are kept in a file of the current folder."""

import asyncio
import json
import sys

if ".frozen" not in sys.path:
    sys.path.append(".frozen")

from heartlamp.hal.esp32.serial_port import listen
from heartlamp.outbox import Outbox
from heartlamp.settings.desk import Desk
from heartlamp.settings.log import Log
from heartlamp.settings.store import Store


class Hal:
    log = Log()
    board = "virtual"

    def clock(self):
        return 0

    def about(self):
        return {"board": "pipe"}

    def serial(self, said):
        print(json.dumps({"serial": said}))

    def trace(self, what, **fields):
        print(what, fields)


desk = Desk(Hal(), Store(None, "."), Outbox("out"))
desk.changed = lambda: None
print("Traceback and other things that a device says")
asyncio.run(listen(desk.take, lambda: None))
