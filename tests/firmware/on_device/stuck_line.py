# mypy: ignore-errors
"""Runs on MicroPython: a line whose other side takes nothing any more, amid a write that waits for no answer.

All times are a fiftieth of the real ones. Prints why the session ended, or "it did not".
"""

import asyncio
import time

from heartlamp.mqtt.session import Session

TIMES = 50


class Stuck:
    """Takes the SUBSCRIBE, then nothing."""

    def __init__(self):
        self.taken = 0

    async def read(self):
        if self.taken != 1:
            await asyncio.sleep(60)
        self.taken = 2
        return b"\x90\x03\x00\x01\x00"  # SUBACK

    async def write(self, data):
        if self.taken:
            await asyncio.sleep(60)
        self.taken = 1

    def close(self):
        pass


async def main():
    session = Session(Stuck(), lambda: time.ticks_ms() * TIMES, 4096)

    tasks = []

    def opened(session):
        tasks.append(asyncio.create_task(session.publish("hl/1/button01/reading", b"{}", 0)))

    try:
        await asyncio.wait_for(session.run([("hl/1/pulse", 0)], opened, None), 4)
        print("it did not")
    except asyncio.TimeoutError:  # noqa: UP041 - another class on MicroPython
        print("it did not")
    except OSError as error:
        print(error)


asyncio.run(main())
