"""The composition root: every part is made here, once, and knows of the others only what it is given."""

import fcntl
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO

from heartlamp_protocol.registry import Registry

from heartlamp_gateway import clock
from heartlamp_gateway.broker import files
from heartlamp_gateway.broker.child import Child, mosquitto
from heartlamp_gateway.broker.link import Link, Login
from heartlamp_gateway.broker.writing import own_passwords, reload_broker, write_broker_files
from heartlamp_gateway.chain import Chain
from heartlamp_gateway.config import Config
from heartlamp_gateway.county.contact import Contact
from heartlamp_gateway.county.downlink import Downlink
from heartlamp_gateway.county.line import Line
from heartlamp_gateway.county.tls import pinned_context
from heartlamp_gateway.county.uplink import Uplink
from heartlamp_gateway.disk.alarms import AlarmFile
from heartlamp_gateway.disk.readings import ReadingFile
from heartlamp_gateway.disk.room import Room
from heartlamp_gateway.favours import Favours
from heartlamp_gateway.from_county import FromCounty
from heartlamp_gateway.from_devices import FromDevices
from heartlamp_gateway.from_outputs import FromOutputs
from heartlamp_gateway.insides import Insides, Told, disk_of
from heartlamp_gateway.install.papers import Papers
from heartlamp_gateway.notes import Notes
from heartlamp_gateway.outbox import Outbox
from heartlamp_gateway.outputs.opening import Opened
from heartlamp_gateway.presence import Presence
from heartlamp_gateway.say import log, thread
from heartlamp_gateway.supervision import outputs as of_outputs
from heartlamp_gateway.supervision.box import Box
from heartlamp_gateway.supervision.certificate import Paper
from heartlamp_gateway.supervision.checks import checks
from heartlamp_gateway.supervision.date import is_apart
from heartlamp_gateway.supervision.devices import Devices
from heartlamp_gateway.supervision.systemd import notify
from heartlamp_gateway.supervision.watch import Watch, breathing
from heartlamp_gateway.telemetry import Telemetry
from heartlamp_gateway.telemetry_up import TelemetryUp
from heartlamp_gateway.ticker import Ticker
from heartlamp_gateway.upkeep import Upkeep
from heartlamp_gateway.windows.opening import Windows
from heartlamp_gateway.windows.view import troubles

ALARMS, READINGS = "alarms.db", "readings.db"
THREADS = ("alarms", "uplink", "downlink", "ticker", "telemetry in", "telemetry up", "supervision", "box", "room")
"""Of the chain: one that shows no life for a minute ends the process. The others are parts: that they hang is said."""


def run(config: Config, *, with_broker: bool = False, synchronous: str = "FULL", vfs: str | None = None) -> None:
    """Runs until SIGTERM or SIGINT. Raises OSError or apsw.Error when it cannot start. `with_broker`: Mosquitto is our
    child; `synchronous`, `vfs`: of the alarm file, for the tests that pull the plug."""
    # A thread that computes keeps the interpreter for 5 ms unless told otherwise: an alarm would wait for it.
    sys.setswitchinterval(0.0001)
    stop, told = threading.Event(), _signals()
    config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    alone = _lock(config.data_dir / "lock")
    room = Room(config.data_dir, config.supervision.reserve)
    room.look()
    file = AlarmFile(config.data_dir / ALARMS, synchronous, vfs, room.give_up)
    file.open()
    readings = ReadingFile(config.data_dir / READINGS, bytes_max=config.supervision.readings, short=lambda: room.short)
    readings.open()
    watch = Watch()
    outbox, presence, contact, notes = Outbox(), Presence(), Contact(watch.awake), Notes()
    beat = {name: watch.heart(name) for name in THREADS}
    context = pinned_context(config.county_ca)

    windows = Windows(config, lambda: chain.village, stop.wait)
    outputs = Opened(
        config,
        minute=lambda: clock.minute(chain.village.plan.utc_offset_min),
        is_wanted=lambda order: answers.is_wanted(order),
        report=lambda order, said: answers.report(order, said),
        answered=lambda is_theirs, answer: answers.answered(is_theirs, answer),
        pause=stop.wait,
        watch=watch,
        rings_on=lambda order: answers.rings_on(order),
    )
    chain = Chain(
        config.id,
        file,
        outbox,
        say=windows.saying(lambda name, payload: alarms_link.say(name, payload)),
        in_session=presence.in_session,
        away_ms=contact.away_ms,
        outputs=outputs.runner,
    )
    answers = FromOutputs(chain)

    def quiet() -> bool:
        return len(outbox) == 0

    passwords = own_passwords(config)
    favours = Favours(
        config,
        chain,
        presence,
        lambda: Line(config, context),
        passwords[files.FILES],
        quiet,
        lambda now: is_apart(contact.ahead_s(now)),
        watch,
        stop.wait,
    )
    devices = FromDevices(chain, presence, *favours.wants)
    county, upkeep = FromCounty(chain, presence), Upkeep(chain, presence)
    chain.start()

    def registry_to_broker(registry: Registry, *, always: bool = False) -> None:
        try:
            if (write_broker_files(config, registry) or always) and not reload_broker(config):
                log.info("no broker of ours runs yet; it will read its new files when it starts")
        except OSError as wrong:
            log.error("the broker's files cannot be written, it goes on with the old ones: %s", wrong)

    # Always at a start: who was killed between the file and the word left a broker that refuses a listed device.
    registry_to_broker(chain.village.registry, always=True)
    paper = Paper(config.broker.cert, config.broker.key)
    heard_of = of_outputs.checks(outputs)
    box = Box(
        checks(
            config.data_dir,
            room,
            refusing=lambda: chain.ledger.told or file.volatile,
            sessions=lambda: (alarms_link.since, telemetry_link.since, telemetry.pulse_at),
            woke=watch.woke,
            away=lambda: (contact.away_ms(), contact.refused),
            ahead_s=contact.ahead_s,
            zones=config.supervision.zones,
            door=config.ups,
            hanging=watch.hanging,
            paper=paper,
            flaws=config.flaws,
            outputs=heard_of,
            planned=lambda: chain.village.plan,
        ),
        stop.wait,
        beat["box"],
        each_s=config.supervision.look_s,
        slow=heard_of.keys(),
    )
    supervised = Devices(
        config.id,
        chain,
        presence,
        contact,
        notes,
        listening=lambda: later(later(alarms_link.since, telemetry_link.since), watch.woke()),
        box=box.lasting,
        limits=config.supervision.limits,
        pause=stop.wait,
        alive=beat["supervision"],
    )
    supervised.start()
    telemetry = Telemetry(chain, devices, readings, supervised.said)
    up_line = Line(config, context, beat["telemetry up"])
    telemetry_up = TelemetryUp(
        config.id,
        chain,
        readings,
        notes,
        presence,
        up_line,
        contact,
        lambda: os.urandom(8),
        stop.wait,
        outbox.has_event,
        beat["telemetry up"],
    )
    alarms_link = Link(
        config.broker,
        Login(files.ALARMS, passwords[files.ALARMS], files.ALARM_TOPICS, 1),
        receive=windows.receiving(devices.messages),
        up=upkeep.connected,
        down=presence.unknown,
        alive=beat["alarms"],
    )
    telemetry_link = Link(
        config.broker,
        Login(files.TELEMETRY, passwords[files.TELEMETRY], files.TELEMETRY_TOPICS, 0),
        receive=windows.reading(telemetry.messages),
        up=lambda: None,
        down=lambda: None,
        alive=beat["telemetry in"],
    )
    uplink = Uplink(config.id, chain, county, outbox, Line(config, context, beat["uplink"]), contact, beat["uplink"])
    downlink = Downlink(
        chain,
        county,
        Line(config, context),
        Line(config, context, beat["downlink"]),
        contact,
        registry_to_broker,
        stop.wait,
        beat["downlink"],
    )
    ticker = Ticker(chain, devices, upkeep, presence, contact, alarms_link.say, stop.wait, beat["ticker"])

    def breathe(name: str) -> Callable[[float], bool]:
        return breathing(stop.wait, watch.part(name))

    papers = Papers(config, Line(config, context), contact, lambda: reload_broker(config), breathe("papers"))

    for flaw in config.flaws:
        log.error("gateway.toml: %s", flaw.en)
    log.info("%s starts; data in %s", config.name, config.data_dir)
    threads = [
        thread("alarms", alarms_link.run),
        thread("uplink", uplink.run),
        thread("ticker", ticker.run),
        thread("telemetry in", telemetry_link.run),
        thread("telemetry up", telemetry_up.run),
        thread("supervision", supervised.run),
        thread("box", box.run),
        thread("room", lambda: room.run(stop.wait, beat["room"])),
        thread("watch", lambda: watch.run(stop.wait, lambda: notify("WATCHDOG=1"))),
    ]
    insides = Insides(
        box,
        heard_of,
        favours,
        lambda: troubles(contact.away_ms(), contact.refused, alarms_link.is_up, disk_of(chain.ledger)),
        lambda: chain.village,
        lambda: paper.ends,
    )
    for_status = Told(config.data_dir, insides.troubles)
    seen_by = windows.threads(
        chain, presence, contact, outbox, readings, lambda: alarms_link.is_up, passwords, insides, answers, watch
    )
    if with_broker:
        mosquitto()
        threads.insert(0, watch.thread("broker", Child(config.broker_dir, breathe("broker")).run))
    threads.append(watch.thread("papers", papers.run))
    threads.append(watch.thread("told", partial(for_status.run, breathe("told"))))
    down = thread("downlink", downlink.run)  # may be reading for 15 s more: it is not waited for, its rows are whole
    for each in (*threads, *favours.threads, down, *seen_by):
        each.start()
    outputs.start()
    chain.resume()
    gc.freeze()  # what the start made stays: looking through it again and again would hold up an alarm for 15 ms
    notify("READY=1")
    os.read(told, 1)
    stop.set()
    notify("STOPPING=1")
    log.info("%s stops", config.name)
    outputs.stop()
    for link in (alarms_link, telemetry_link, favours):
        link.stop()
    uplink.stop()
    windows.stop()
    for each in (*threads, *seen_by):
        each.join(timeout=3.0)
    chain.close()
    readings.close()
    alone.close()


def _signals() -> int:
    """Where a byte can be read once we are told to stop. Not by a handler that sets an event, which takes a lock that
    this thread may hold, nor by one that needs this thread: after a SIGCONT the kernel may interrupt another."""
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    return told


def later(one: int | None, other: int | None) -> int | None:
    """Of two sessions: since when both are up. None: one is not."""
    return None if one is None or other is None else max(one, other)


def _lock(path: Path) -> IO[str]:
    """Two gateways on one folder would each undo the other. Raises OSError when one runs."""
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise OSError(f"another gateway runs on {path.parent}") from None
    return file
