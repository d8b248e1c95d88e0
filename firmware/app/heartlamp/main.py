"""Composition root: makes the links and parts of this device, runs their tasks. `hal`: hal/unix's or hal/esp32's Board.

A task that ends with an unexpected exception, or hangs, ends the program loudly; who started it starts it again, and
the outbox is on the flash.
"""

import asyncio
import gc
import sys

from heartlamp import config, tasks
from heartlamp.device import Device
from heartlamp.kinds import PARTS, load
from heartlamp.outbox import Outbox
from heartlamp.supervisor import Supervisor

# bytes: collected this often, RAM stays whole, and a button runs on 20 % less than with a heap that first fills up
COLLECT_EVERY = 8192


def run(hal) -> None:
    """Runs until the power goes, or a battery device goes to sleep (SystemExit, whose code the hal knows)."""
    asyncio.new_event_loop()
    gc.threshold(COLLECT_EVERY)
    asyncio.run(_run(hal))


async def _run(hal) -> None:
    asyncio.get_event_loop().set_exception_handler(_die)
    conf = config.read(hal.root + "/config.json")
    device = Device(conf, Outbox(hal.root + "/out"), hal.clock, hal.random, hal.trace)
    device.start()
    hal.trace(
        "boot", dev=conf.dev, kind=conf.kind, boot=device.boot, held=len(device.outbox.records), cause=hal.reset_cause()
    )
    device.parts = [load("parts", name, "Part")(hal, device) for name in PARTS[conf.kind]]
    device.links = links = [load("links", name, "Link")(hal, device) for name in conf.links]
    supervisor = Supervisor(hal)
    for part in device.parts:
        part.start()
        if part.run is not None:
            supervisor.start(type(part).__module__, part.run)
    for link in links:
        supervisor.start("link " + link.NAME, link.run)
        supervisor.start("send " + link.NAME, tasks.sender(hal, device, link))
    supervisor.start("beat", tasks.beat(hal, device, links))
    supervisor.start("report", tasks.report(hal, device, links))
    supervisor.start("pins", tasks.pins(hal, device))
    await supervisor.run()


def _die(loop, context: dict) -> None:
    error = context["exception"]
    if isinstance(error, SystemExit):
        raise error
    sys.print_exception(error, sys.stderr)
    raise SystemExit(70)
