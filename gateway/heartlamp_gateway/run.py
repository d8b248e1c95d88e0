"""The composition root: every part is made here, once, and knows of the others only what it is given."""

import fcntl
import os
import signal
import sys
import threading
from pathlib import Path
from typing import IO

from heartlamp_protocol.registry import Registry

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
from heartlamp_gateway.from_county import FromCounty
from heartlamp_gateway.from_devices import FromDevices
from heartlamp_gateway.install.notify import Heart
from heartlamp_gateway.install.papers import Papers
from heartlamp_gateway.outbox import Outbox
from heartlamp_gateway.presence import Presence
from heartlamp_gateway.say import log, thread
from heartlamp_gateway.telemetry import Telemetry
from heartlamp_gateway.ticker import Ticker
from heartlamp_gateway.upkeep import Upkeep

ALARMS, READINGS = "alarms.db", "readings.db"


def run(config: Config, *, with_broker: bool = False, synchronous: str = "FULL", vfs: str | None = None) -> None:
    """Runs until SIGTERM or SIGINT. Raises OSError or apsw.Error when it cannot start. `with_broker`: Mosquitto is our
    child; `synchronous`, `vfs`: of the alarm file, for the tests that pull the plug."""
    # A thread that computes keeps the interpreter for 5 ms unless told otherwise: an alarm would wait for it.
    sys.setswitchinterval(0.0001)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    alone = _lock(config.data_dir / "lock")
    file = AlarmFile(config.data_dir / ALARMS, synchronous, vfs)
    file.open()
    readings = ReadingFile(config.data_dir / READINGS)
    readings.open()
    outbox, presence, contact = Outbox(), Presence(), Contact()
    context = pinned_context(config.county_ca)

    chain = Chain(
        config.id,
        file,
        outbox,
        say=lambda name, payload: alarms_link.say(name, payload),
        in_session=presence.in_session,
    )
    devices, county, upkeep = FromDevices(chain, presence), FromCounty(chain, presence), Upkeep(chain, presence)
    chain.start()

    def registry_to_broker(registry: Registry) -> None:
        try:
            if write_broker_files(config, registry) and not reload_broker(config):
                log.info("no broker of ours runs yet; it will read its new files when it starts")
        except OSError as wrong:
            log.error("the broker's files cannot be written, it goes on with the old ones: %s", wrong)

    registry_to_broker(chain.village.registry)
    telemetry = Telemetry(
        config.id, chain, devices, readings, presence, Line(config, context), contact, lambda: os.urandom(8), stop.wait
    )
    passwords = own_passwords(config)
    alarms_link = Link(
        config.broker,
        Login(files.ALARMS, passwords[files.ALARMS], files.ALARM_TOPICS, 1),
        receive=devices.messages,
        up=upkeep.connected,
        down=presence.unknown,
    )
    telemetry_link = Link(
        config.broker,
        Login(files.TELEMETRY, passwords[files.TELEMETRY], files.TELEMETRY_TOPICS, 0),
        receive=telemetry.messages,
        up=lambda: None,
        down=lambda: None,
    )
    uplink = Uplink(config.id, chain, county, outbox, Line(config, context), contact)
    downlink = Downlink(
        chain, county, Line(config, context), Line(config, context), contact, registry_to_broker, stop.wait
    )
    ticker = Ticker(chain, devices, upkeep, presence, contact, alarms_link.say, stop.wait)

    papers = Papers(config, Line(config, context), contact, lambda: reload_broker(config), stop.wait)
    heart = Heart(chain.lock, stop.wait)

    log.info("%s starts; data in %s", config.name, config.data_dir)
    threads = [
        thread("alarms", alarms_link.run),
        thread("uplink", uplink.run),
        thread("ticker", ticker.run),
        thread("telemetry in", telemetry_link.run),
        thread("telemetry up", telemetry.run),
    ]
    if with_broker:
        mosquitto()
        threads.insert(0, thread("broker", Child(config.broker_dir, stop.wait).run))
    threads += [thread("papers", papers.run), thread("heart", heart.run)]
    down = thread("downlink", downlink.run)  # may be reading for 15 s more: it is not waited for, its rows are whole
    for each in (*threads, down):
        each.start()
    stop.wait()
    log.info("%s stops", config.name)
    for link in (alarms_link, telemetry_link):
        link.stop()
    uplink.stop()
    for each in threads:
        each.join(timeout=3.0)
    chain.close()
    readings.close()
    alone.close()


def _lock(path: Path) -> IO[str]:
    """Two gateways on one folder would each undo the other. Raises OSError when one runs."""
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise OSError(f"another gateway runs on {path.parent}") from None
    return file
