"""Composition root: makes the parts, runs the tasks. `hal` is hal/unix.py's or hal/esp32.py's Board.

A task that ends with an unexpected exception ends the program loudly; the supervisor (or the watchdog) starts it again,
and the outbox is on the flash.
"""

import asyncio
import gc
import sys

from heartlamp_protocol.device.event import write_shown
from heartlamp_protocol.device.kinds import heartbeat_ms

from heartlamp import config
from heartlamp.device import Device
from heartlamp.link import Link
from heartlamp.outbox import Outbox
from heartlamp.rules import keys, lamp
from heartlamp.wait import wait


def run(hal) -> None:
    """Runs until the power goes."""
    asyncio.run(_run(hal))


async def _run(hal) -> None:
    asyncio.get_event_loop().set_exception_handler(_die)
    conf = config.read(hal.root + "/config.json")
    device = Device(conf, Outbox(hal.root + "/out"), hal.clock, hal.random, hal.trace)
    device.start()
    hal.trace("boot", dev=conf.dev, kind=conf.kind, boot=device.boot, held=len(device.outbox.records))
    link = Link(hal, device)
    asyncio.create_task(_send(hal, device, link))
    asyncio.create_task(_show(hal, device, link))
    asyncio.create_task(_beat(hal, device, link))
    asyncio.create_task(link.run())
    asyncio.create_task(hal.guard())
    await _pins(hal, device, link)


async def _pins(hal, device: Device, link: Link) -> None:
    """Red at its first edge; the rest once it has settled."""
    lines = {}
    while True:
        edge = await hal.edge(_settle(hal, device, lines, hal.clock()))
        if edge is not None:
            pin, level, at, stamp = edge
            _settle(hal, device, lines, at)  # what was due before this edge
            line = lines.get(pin, keys.Line())
            if pin in keys.CONTACTS:
                lines[pin] = keys.edge_contact(line, level, at)
            else:
                lines[pin], pressed = keys.edge(line, level, at)
                if pressed and pin == keys.PANIC:
                    device.alarm("panic", pin, at, stamp)
        if device.to_send.is_set():
            link.urgent.set()


def _settle(hal, device: Device, lines: dict, now: int) -> "int | None":
    """Acts on what has settled; returns when to look again."""
    soonest = None
    for pin in lines:
        contact = keys.CONTACTS.get(pin)
        lines[pin], gesture, at = (keys.settle_contact if contact else keys.settle)(lines[pin], now)
        if contact and gesture:
            device.contact(pin, gesture == "closed")
            if gesture == "closed":
                device.alarm(contact, pin, now, hal.stamp())
        elif gesture and pin == keys.GO:
            device.green(gesture, now, hal.stamp())
        if at is not None and (soonest is None or at < soonest):
            soonest = at
    return soonest


async def _send(hal, device: Device, link: Link) -> None:
    while True:
        await link.up.wait()
        device.to_send.clear()
        records, soonest = device.due(hal.clock())
        for record in records:
            now = hal.clock()
            if not await link.publish("event", device.frame(record, now), 1):
                link.up.clear()  # until the next session
                break
            device.sent(record, now)
        if not records:
            await wait(device.to_send, soonest, hal.clock())


async def _show(hal, device: Device, link: Link) -> None:
    last = None
    while True:
        device.to_show.clear()
        facts, now = device.facts(), hal.clock()
        picture = lamp.picture(facts, now)
        if picture != last:
            hal.show(picture)
            last = picture
        if device.unreported and link.session is not None:
            device.unreported = False
            epoch, ver, _ = device.state
            if epoch:  # in a task of its own: a stuck line must not hold up the lamp
                asyncio.create_task(link.publish("shown", write_shown(epoch, ver), 1))
        await wait(device.to_show, lamp.next_change(facts, now), now)


async def _beat(hal, device: Device, link: Link) -> None:
    """Heartbeats, and a contact's readings at once when it moves: QoS 0, not stored, the next one says it all again."""
    while True:
        await link.up.wait()
        now = hal.clock()
        device.to_read.clear()
        await link.publish("reading", device.reading("heartbeat", now, device.health(gc.mem_free())), 0)
        if device.contacts:
            await link.publish("reading", device.reading("reading", now, device.contacts), 0)
        await wait(device.to_read, now + heartbeat_ms(device.config.kind), hal.clock())


def _die(loop, context: dict) -> None:
    error = context["exception"]
    if not isinstance(error, SystemExit):
        sys.print_exception(error, sys.stderr)
    raise SystemExit(70)
