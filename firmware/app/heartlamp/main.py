"""Composition root: makes the links and parts of this device, runs their tasks. `hal`: hal/unix's or hal/esp32's Board.

A task that ends with an unexpected exception, or hangs, ends the program loudly; who started it starts it again, and
the outbox is on the flash.
"""

import asyncio
import sys

from heartlamp import tasks
from heartlamp.config import Config
from heartlamp.device import Device
from heartlamp.kinds import load, names
from heartlamp.outbox import Outbox
from heartlamp.parts.every import CLASSES
from heartlamp.settings.desk import Desk
from heartlamp.settings.store import Store
from heartlamp.supervisor import Supervisor

SLEPT = 4  # machine.DEEPSLEEP_RESET of every ESP32


def run(hal) -> None:
    """Runs until the power goes, or a battery device goes to sleep (SystemExit, whose code the hal knows)."""
    asyncio.new_event_loop()
    asyncio.run(_run(hal))


async def _run(hal) -> None:
    asyncio.get_event_loop().set_exception_handler(_die)
    desk = await _settings(hal)
    conf = desk.config
    device = Device(conf, desk.outbox, hal.clock, hal.random, hal.trace)
    radio = conf.fields.get("radio")
    carries = isinstance(radio, dict) and bool(radio.get("down"))
    wanted = names(conf.kind, hal.boot["safe"] == 1, carries)
    device.parts = [_part(name)(hal, device) for name in wanted]
    for part in device.parts:
        part.check()
    device.start()
    hal.trace(
        "boot", dev=conf.dev, kind=conf.kind, boot=device.boot, held=len(device.outbox.records), cause=hal.reset_cause()
    )
    if hal.boot["slot"] != "rom" or hal.boot["safe"] or hal.boot["fresh"]:
        hal.trace("started", **hal.boot)
    device.links = links = [load("links", name, "Link")(hal, device) for name in conf.links]
    desk.run(device)
    supervisor = Supervisor(hal)
    device.watch = supervisor.start
    for name, part in zip(wanted, device.parts):
        part.start()
        if part.run is not None:
            supervisor.start("part " + name, part.run)
    for link in links:
        supervisor.start("link " + link.NAME, link.run)
        supervisor.start("send " + link.NAME, tasks.sender(hal, device, link))
    supervisor.start("beat", tasks.beat(hal, device, links))
    supervisor.start("report", tasks.report(hal, device, links))
    supervisor.start("pins", tasks.pins(hal, device))
    supervisor.start("room", tasks.room(hal, device))
    if hal.listen is not None:
        supervisor.start("serial", hal.listen)
    await supervisor.run()


def _part(name: str):
    return CLASSES.get(name) or load("parts", name, "Part")


async def _settings(hal) -> Desk:
    """Once this device knows who it is."""
    store = Store(hal.nvs(), hal.root)
    outbox = Outbox(hal.root + "/out")
    desk = Desk(hal, store, outbox)
    hal.on_serial = desk.take
    if store.load(hal.kept.get("settings") if hal.reset_cause() == SLEPT else None) is None:
        from heartlamp.settings.waiting import until_provisioned

        outbox.load(hal.clock())
        hal.fit("")
        await until_provisioned(hal, desk, store)
    if store.repaired or store.left_out:
        hal.trace("settings", repaired=store.repaired, left_out=store.left_out)
    desk.config = Config(store.fields)
    hal.kept["settings"] = store.generation
    hal.wifi, hal.modem = store.fields.get("wifi"), store.fields.get("modem")
    hal.fit(store.fields.get("board", ""))
    return desk


def _die(loop, context: dict) -> None:
    error = context["exception"]
    if isinstance(error, SystemExit):
        raise error
    sys.print_exception(error, sys.stderr)
    raise SystemExit(70)
