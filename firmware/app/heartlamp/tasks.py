"""The tasks that every device has, made for its links and parts. They run for ever; `alive()` says that they do."""

import asyncio
import gc
import sys

from heartlamp_protocol.device.event import write_ask, write_shown, write_state
from heartlamp_protocol.device.kinds import heartbeat_ms

from heartlamp.rules.jitter import jittered
from heartlamp.rules.values import parcels
from heartlamp.rules.watch import ALIVE_MS
from heartlamp.wait import wait

CALM_MS = 1_000  # after the start: who was woken by a press has other things to do
AGAIN_MS = 50_000  # where there is too little: looking costs a tenth of a second, and who is silent for longer hangs


def pins(hal, device):
    """Raw edges to the part that wants them; each part acts on what has settled."""

    def settle(now: int) -> int:
        soonest = now + ALIVE_MS
        for part in device.parts:
            at = part.settle(now)
            if at is not None and at < soonest:
                soonest = at
        return soonest

    async def run(alive) -> None:
        while True:
            alive()
            edge = await hal.edge(settle(hal.clock()))
            if edge is not None:
                pin, level, at, stamp = edge
                settle(at)  # what was due before this edge
                for part in device.parts:
                    if pin in part.PINS:
                        part.edge(pin, level, at, stamp)

    return run


def sender(hal, device, link):
    """Events, on one path: the paths do not wait for each other."""
    woken = device.to_send.ear()

    async def run(alive) -> None:
        while True:
            alive()
            if not link.up.is_set():
                await wait(link.up, None, hal.clock())
                continue
            woken.clear()
            records, soonest = device.due(link.NAME, hal.clock())
            for record in records:
                now = hal.clock()
                if device.outbox.find(record.id) is None:
                    continue  # it was received meanwhile
                if not await link.publish("event", device.frame(record, now), 1):
                    link.up.clear()  # until it is up again
                    break
                device.sent(link.NAME, record, now)
                alive()
            if not records:
                await wait(woken, soonest, hal.clock())

    return run


def beat(hal, device, links: list):
    """Heartbeats and readings, on the first path that is up. Nobody receipts them."""
    woken = device.to_read.ear()

    async def run(alive) -> None:
        due = hal.clock()
        while True:
            alive()
            woken.clear()
            link, now = _first_up(links), hal.clock()
            if link is None:
                await wait(woken, None, now)
                continue
            if now >= due or device.greet:
                device.greet = False
                random = hal.random(2)
                due = now + jittered(heartbeat_ms(device.config.kind), random[0] << 8 | random[1])
                for values in parcels(device.health(now, gc.mem_free())):
                    if await link.publish("reading", device.telemetry.heartbeat(values, now), 0):
                        device.beats += 1
            waiting = device.telemetry.next(now)
            if waiting is None:
                await wait(woken, due, now)
            elif await link.publish("reading", waiting[1], 0):
                device.telemetry.sent(waiting[0])
            else:
                await wait(woken, None, now)

    return run


def report(hal, device, links: list):
    """Tells the village which of its states the lamp shows."""
    woken = device.to_report.ear()

    async def run(alive) -> None:
        while True:
            alive()
            woken.clear()
            showing = device.showing
            link = _first_up([link for link in links if link.NAME != "wan"])
            if link is not None and showing.shown is not None and showing.reported != showing.shown:
                showing.reported = shown = showing.shown
                if not await link.publish("shown", write_shown(shown[0], shown[1]), 1):
                    showing.reported = None
                    await wait(woken, None, hal.clock())
            else:
                await wait(woken, None, hal.clock())

    return run


async def hello(device, link) -> None:
    """At each new session or carrier: what was meant for us meanwhile, and the way back to us, which lamps learn."""
    await link.publish("ask", write_ask(device.gateway_epoch), 1)
    await link.publish("state", write_state(1), 1)


def room(hal, device):
    """Keeps room on the flash for alarms, whenever nobody waits for anything. A battery device does a part of it in
    each of its short wakes."""

    async def run(alive) -> None:
        pause = CALM_MS
        while True:
            alive()
            await asyncio.sleep_ms(pause)
            pause = ALIVE_MS
            if not device.is_needed() and not device.outbox.has_room():
                from heartlamp.room import make

                if await make(device.outbox, lambda: device.is_needed() or alive()):
                    hal.trace("reserve")
                del sys.modules["heartlamp.room"], make  # its RAM is for others now
                pause = AGAIN_MS

    return run


def _first_up(links: list):
    for link in links:
        if link.up.is_set():
            return link
    return None
