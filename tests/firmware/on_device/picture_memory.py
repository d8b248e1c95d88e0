# mypy: ignore-errors
"""Runs on MicroPython: how much a camera's heap grows while it takes a picture and sends it.

picture_memory.py <flash image> <folder of pictures>. The camera's own parts, outbox and flash; the path is a short one
that makes the MQTT packet and answers with `have`. Prints `{"rest", "taking", "sending", "bytes", "pieces"}`: bytes of
the heap that live at rest, and at most more than that while it takes and sends `bytes`.
"""

import asyncio
import gc
import json
import os
import sys

if ".frozen" not in sys.path:
    sys.path.append(".frozen")

from heartlamp.config import Config
from heartlamp.device import Device
from heartlamp.hal.unix import board, flash
from heartlamp.mqtt import codec
from heartlamp.outbox import Outbox
from heartlamp.parts import camera, pictures
from heartlamp.rules import pieces

CONFIG = {
    "dev": "camera01", "kind": "camera", "kv": 1, "root": "5a" * 32, "host": "", "port": 1, "server_name": "", "ca": "",
    "consent": 1,
}  # fmt: skip
told = {"rest": 0, "taking": 0, "sending": 0, "bytes": 0, "pieces": 0}


def look(phase):
    gc.collect()
    told[phase] = max(told[phase], gc.mem_alloc() - told["rest"])


class Board(board.Board):
    def trace(self, what, **fields):
        pass

    def level(self, pin):
        return 1


class Watched:
    """The virtual board's camera, its heap looked at with each part."""

    def __init__(self, camera):
        self._camera = camera
        self.light, self.take, self.drop = camera.light, camera.take, camera.drop

    def part(self, at, size):
        part = self._camera.part(at, size)
        if at % (10 * size) == 0:
            look("taking")
        return part


class Path:
    NAME = "lan"

    def __init__(self, device):
        self.up = asyncio.Event()
        self.up.set()
        self.done = asyncio.Event()
        self._device = device

    async def publish(self, what, payload, qos):
        packet = codec.publish("hl/1/camera01/" + what, payload, qos, 1)
        look("sending")
        head, _, data = bytes(payload).partition(b"\n")
        said = json.loads(head)
        at = said["at"] + len(data)
        told["pieces"] += 1
        del packet, payload, head, data
        have = {"v": 1, "kind": "have", "still": said["still"], "at": at}
        self._device.message("lan", "have", json.dumps(have).encode())
        if at == told["bytes"]:
            self.done.set()
        return True


async def main(image, folder):
    flash.mount(image, "/flash", True)
    hal = Board("/flash")
    hal.pictures = folder
    told["bytes"] = os.stat(folder + "/" + sorted(os.listdir(folder))[0])[6]
    device = Device(Config(CONFIG), Outbox("/flash/out"), hal.clock, hal.random, hal.trace)
    device.start()
    path = Path(device)
    device.links = [path]
    shown = Watched(hal.camera())
    hal.camera = lambda: shown
    device.parts = [part.Part(hal, device) for part in (pictures, camera)]
    tasks = []
    for part in device.parts:
        part.start()
        tasks.append(asyncio.create_task(part.run(lambda: None)))
    await asyncio.sleep_ms(50)
    gc.collect()
    told["rest"] = gc.mem_alloc()
    device.alarm("panic", "red", hal.clock(), 0)
    while not [r for r in device.outbox.records if r.kind == "still"]:
        await asyncio.sleep_ms(20)
    for record in device.outbox.records:
        record.heard = True
    device.to_show.ring()
    await asyncio.wait_for(path.done.wait(), 20)
    assert told["pieces"] == -(-told["bytes"] // pieces.PIECE)
    print(json.dumps(told))


asyncio.run(main(sys.argv[1], sys.argv[2]))
