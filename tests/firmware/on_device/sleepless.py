# mypy: ignore-errors
"""Runs on MicroPython: the part that lets a battery device sleep, on boards that cannot, or not now; a minute in one
second. Prints as JSON, for a board that cannot and for one whose sleep() returns: how often it took leave of its links.
Then the naps that it remembers before and after a press."""

import asyncio
import json
import time

from heartlamp.parts.sleep import Part


class Hal:
    def __init__(self, can):
        self.can, self.kept = can, {}

    def can_sleep(self):
        return self.can

    def clock(self):
        return time.ticks_ms() * 60

    def sleep(self, ms):
        pass

    def trace(self, what, **fields):
        pass


class Device:
    parts, received_at, heard_at, drill_at, beats = (), None, None, None, 1

    def __init__(self):
        self.left, self.leaving = 0, [self.leave]
        self.outbox = self
        self.records = ()

    async def leave(self):
        self.left += 1

    def holds_event(self):
        return False


async def minute(can):
    device = Device()
    running = asyncio.create_task(Part(Hal(can), device).run(lambda: None))
    await asyncio.sleep_ms(1_000)
    running.cancel()
    return device.left


async def main():
    told = [await minute(False), await minute(True)]
    part = Part(Hal(True), Device())
    part.hal.kept["naps"] = 7
    part.edge("tamper", 1, 0, 0)
    part.edge("red", 0, 0, 0)
    told.append(part.hal.kept["naps"])
    part.edge("red", 1, 0, 0)
    print(json.dumps(told + [part.hal.kept["naps"]]))  # noqa: RUF005


asyncio.run(main())
