# mypy: ignore-errors
"""Runs on MicroPython: a lamp under a storm of garbage and recordings, whose packets nobody loses.

radio_storm.py <seed>. A child gives its lamp 20 messages; then 12,000 packets come that are garbage, recordings, or
recordings with one bit changed. Prints `{"taken": messages before the storm, "in_storm": …, "after": one more message's
status, "grown": bytes of heap, "answers": answers to the storm}`.
"""

import asyncio
import gc
import json
import random
import sys
import time
from os import urandom

from heartlamp.radio.hop import UP_MOST, Air
from heartlamp.radio.packet import TAKEN, Message, tag, write_message
from heartlamp.radio.peer import Peer

KEY = bytes(range(32))
LAMP, BUTTON = "lamp0a1b", "button01"


class Hal:
    def clock(self):
        return time.ticks_ms()

    def random(self, n):
        return urandom(n)

    def trace(self, what, **fields):
        raise AssertionError(what)


class Wire:
    """A radio that only the other end of the wire hears."""

    def __init__(self, mac, recorded):
        self.mac, self.recorded, self.other, self.came, self.news, self.sent = mac, recorded, None, [], None, 0

    def start(self):
        self.news = asyncio.Event()

    async def send(self, mac, data):
        self.sent += 1
        if self.recorded is not None:
            self.recorded.append(data)
        if self.other is not None:
            self.other.came.append((self.mac, data, -60))
            self.other.news.set()
        return True

    async def receive(self):
        while not self.came:
            self.news.clear()
            await self.news.wait()
        return self.came.pop(0)


def spoil(data):
    at = random.getrandbits(16) % len(data)
    return data[:at] + bytes([data[at] ^ 1 << random.getrandbits(3)]) + data[at + 1 :]


def garbage():
    return bytes([random.getrandbits(8) for _ in range(random.getrandbits(8) % 251)])


async def main():
    random.seed(int(sys.argv[1]))
    recorded, taken = [], []
    ends = Wire(b"button", recorded), Wire(b"lamp--", recorded)
    ends[0].other, ends[1].other = ends[1], ends[0]
    button, lamp = Air(Hal(), ends[0], BUTTON), Air(Hal(), ends[1], LAMP)
    carrier = Peer(LAMP, tag(LAMP), KEY, True, urandom(4), UP_MOST)
    button.add(carrier)
    lamp.add(Peer(BUTTON, tag(BUTTON), KEY, False, urandom(4), UP_MOST))

    def take(peer, message):
        taken.append(0)
        return TAKEN

    lamp.from_child = take
    button.start()
    lamp.start()
    for n in range(20):
        status = await button.send(
            carrier, write_message(Message("event", "", [], bytes([0]) + bytes([n]) * (40 * n + 1)))
        )
        assert status == TAKEN, (n, status)
    before = len(taken)
    for end in ends:
        end.recorded = None
    gc.collect()
    heap, sent = gc.mem_alloc(), ends[1].sent
    ends[1].other = None  # the storm comes from elsewhere, and so do not the answers
    for i in range(12000):
        data = recorded[random.getrandbits(16) % len(recorded)]
        data = (data, spoil(data), garbage())[i % 3]
        for air in (lamp, button):
            air._take(b"attack", data, -40)
        if i % 50 == 0:
            await asyncio.sleep_ms(0)
    await asyncio.sleep_ms(50)
    gc.collect()
    grown = gc.mem_alloc() - heap
    ends[1].other = ends[0]
    in_storm, answers = len(taken) - before, ends[1].sent - sent
    after = await button.send(carrier, write_message(Message("event", "", [], b"\0after")))
    print(json.dumps({"taken": before, "in_storm": in_storm, "after": after, "grown": grown, "answers": answers}))


asyncio.run(main())
