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
from heartlamp_gateway.from_outputs import FromOutputs
from heartlamp_gateway.outbox import Outbox
from heartlamp_gateway.outputs.runner import Runner
from heartlamp_gateway.presence import Presence
from heartlamp_gateway.say import log, thread
from heartlamp_gateway.telemetry import Telemetry
from heartlamp_gateway.ticker import Ticker
from heartlamp_gateway.upkeep import Upkeep
from heartlamp_gateway.windows.opening import Windows

ALARMS, READINGS = "alarms.db", "readings.db"


def run(config: Config, *, synchronous: str = "FULL", vfs: str | None = None) -> None:
    """Runs until SIGTERM or SIGINT. Raises OSError or apsw.Error when it cannot start. `synchronous`, `vfs`: of the
    alarm file, for the tests that pull the plug."""
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

    outputs = Runner((), lambda order: answers.is_wanted(order), lambda order, said: answers.report(order, said))
    windows = Windows(config, lambda: chain.village, stop.wait)
    chain = Chain(
        config.id,
        file,
        outbox,
        say=windows.saying(lambda name, payload: alarms_link.say(name, payload)),
        in_session=presence.in_session,
        away_ms=contact.away_ms,
        outputs=outputs,
    )
    devices, county, upkeep = FromDevices(chain, presence), FromCounty(chain, presence), Upkeep(chain, presence)
    answers = FromOutputs(chain)
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
        receive=windows.receiving(devices.messages),
        up=upkeep.connected,
        down=presence.unknown,
    )
    telemetry_link = Link(
        config.broker,
        Login(files.TELEMETRY, passwords[files.TELEMETRY], files.TELEMETRY_TOPICS, 0),
        receive=windows.reading(telemetry.messages),
        up=lambda: None,
        down=lambda: None,
    )
    uplink = Uplink(config.id, chain, county, outbox, Line(config, context), contact)
    downlink = Downlink(
        chain, county, Line(config, context), Line(config, context), contact, registry_to_broker, stop.wait
    )
    ticker = Ticker(chain, devices, upkeep, presence, contact, alarms_link.say, stop.wait)

    log.info("%s starts; data in %s", config.name, config.data_dir)
    threads = [
        thread("alarms", alarms_link.run),
        thread("uplink", uplink.run),
        thread("ticker", ticker.run),
        thread("telemetry in", telemetry_link.run),
        thread("telemetry up", telemetry.run),
    ]
    seen_by = windows.threads(chain, presence, contact, outbox, readings, lambda: alarms_link.is_up, passwords)
    down = thread("downlink", downlink.run)  # may be reading for 15 s more: it is not waited for, its rows are whole
    for each in (*threads, down, *seen_by):
        each.start()
    outputs.start()
    stop.wait()
    log.info("%s stops", config.name)
    outputs.stop()
    for link in (alarms_link, telemetry_link):
        link.stop()
    uplink.stop()
    windows.stop()
    for each in (*threads, *seen_by):
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
