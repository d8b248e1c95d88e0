"""The composition root: every part is made here, once, and knows of the others only what it is given."""

import fcntl
import gc
import os
import signal
import sys
import threading
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
from heartlamp_gateway.from_county import FromCounty
from heartlamp_gateway.from_devices import FromDevices
from heartlamp_gateway.from_outputs import FromOutputs
from heartlamp_gateway.install.papers import Papers
from heartlamp_gateway.notes import Notes
from heartlamp_gateway.outbox import Outbox
from heartlamp_gateway.outputs.opening import Opened
from heartlamp_gateway.pictures.announced import Announced
from heartlamp_gateway.pictures.folder import Folder
from heartlamp_gateway.pictures.intake import Intake
from heartlamp_gateway.pictures.store import Store
from heartlamp_gateway.pictures.upload import Upload
from heartlamp_gateway.presence import Presence
from heartlamp_gateway.rules.health import FAULT, WARN
from heartlamp_gateway.say import log, thread
from heartlamp_gateway.sntp import Sntp
from heartlamp_gateway.supervision.box import Box
from heartlamp_gateway.supervision.checks import checks
from heartlamp_gateway.supervision.devices import Devices
from heartlamp_gateway.supervision.systemd import notify
from heartlamp_gateway.supervision.watch import Watch
from heartlamp_gateway.telemetry import Telemetry
from heartlamp_gateway.telemetry_up import TelemetryUp
from heartlamp_gateway.ticker import Ticker
from heartlamp_gateway.updates.cache import Cache
from heartlamp_gateway.updates.fetch import Fetch
from heartlamp_gateway.updates.shelf import Shelf
from heartlamp_gateway.upkeep import Upkeep
from heartlamp_gateway.windows.opening import Windows
from heartlamp_gateway.windows.view import Trouble

ALARMS, READINGS = "alarms.db", "readings.db"
THREADS = ("alarms", "uplink", "downlink", "ticker", "telemetry in", "telemetry up", "supervision", "box", "room")
"""Those that show life; one that does not for a minute ends the process."""


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
    outbox, presence, contact, notes = Outbox(), Presence(), Contact(), Notes()
    watch = Watch()
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

    extra: list[threading.Thread] = []  # of parts that not every box has; their work is safe to end anywhere
    shelf: Shelf | None = None
    if config.updates:
        cache = Cache(config.data_dir / "bundles", config.updates.bytes_max)
        shelf = Shelf(
            cache,
            config.updates.rate,
            village=lambda: chain.village,
            lived=chain.lived,
            online=presence.all,
            say=lambda name, payload: files_link.say(name, payload),
            pause=stop.wait,
        )
        fetch = Fetch(
            cache, Line(config, context), config.updates.fetch_rate, lambda: chain.village.registry, quiet, stop.wait
        )
        extra += [thread("updates out", shelf.run), thread("updates in", fetch.run)]
    devices = FromDevices(chain, presence, *((shelf.wants,) if shelf else ()))
    county, upkeep = FromCounty(chain, presence), Upkeep(chain, presence)
    chain.start()
    intake: Intake | None = None
    if config.pictures:
        pictures = Store(Folder(config.data_dir / "pictures", config.pictures.keep_free), chain.lived)
        announced = Announced(chain)
        intake = Intake(
            pictures,
            announced.still,
            lambda name, payload: files_link.say(name, payload),
            announced.note,
            config.pictures.bytes_max,
        )
        upload = Upload(pictures, Line(config, context), config.pictures.rate, intake.ask, quiet, stop.wait)
        extra.append(thread("pictures up", upload.run))
    if config.time:
        extra.append(thread("time", Sntp(config.time, stop.is_set).run))

    def registry_to_broker(registry: Registry) -> None:
        try:
            if write_broker_files(config, registry) and not reload_broker(config):
                log.info("no broker of ours runs yet; it will read its new files when it starts")
        except OSError as wrong:
            log.error("the broker's files cannot be written, it goes on with the old ones: %s", wrong)

    registry_to_broker(chain.village.registry)
    box = Box(
        checks(
            config.data_dir,
            room,
            refusing=lambda: chain.ledger.refusing or file.volatile,
            sessions=lambda: (alarms_link.since, telemetry_link.since, telemetry.pulse_at),
            away_ms=contact.away_ms,
            zones=config.supervision.zones,
            door=config.ups,
        ),
        stop.wait,
        beat["box"],
    )
    supervised = Devices(
        config.id,
        chain,
        presence,
        contact,
        notes,
        listening=lambda: later(alarms_link.since, telemetry_link.since),
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
    passwords = own_passwords(config)
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
    files_link = Link(
        config.broker,
        Login(files.FILES, passwords[files.FILES], files.FILE_TOPICS, 1),
        receive=intake.messages if intake else lambda batch: None,
        up=intake.ask if intake else lambda: None,
        down=lambda: None,
    )
    if intake or shelf:
        extra.append(thread("files", files_link.run))
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

    papers = Papers(config, Line(config, context), contact, lambda: reload_broker(config), stop.wait)

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
    wrong = partial(troubles, box, outputs)
    seen_by = windows.threads(chain, presence, contact, outbox, readings, lambda: alarms_link.is_up, passwords, wrong)
    if with_broker:
        mosquitto()
        threads.insert(0, thread("broker", Child(config.broker_dir, stop.wait).run))
    threads.append(thread("papers", papers.run))
    down = thread("downlink", downlink.run)  # may be reading for 15 s more: it is not waited for, its rows are whole
    for each in (*threads, *extra, down, *seen_by):
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
    for link in (alarms_link, telemetry_link, files_link):
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


def troubles(box: Box, outputs: Opened) -> list[Trouble]:
    """What is wrong with the box and its outputs, for whoever looks."""
    found = [Trouble(h.name, h.zh, h.en) for h in box.healths() if h.state in (WARN, FAULT)]
    faults = [(name, why) for name, why in outputs.runner.faults().items() if why]
    faults += [("card", text) for text in outputs.warnings()]
    return found + [Trouble(name, f"{name}：{why}", f"{name}: {why}") for name, why in faults]


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
