"""`heartlamp-gateway doctor`: tries everything that the village's first answer needs, and says what to do."""

import email.utils
import http.client
import os
import secrets
import socket
import ssl
import stat
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as mqtt
from heartlamp_protocol.device.names import is_hex
from paho.mqtt.enums import CallbackAPIVersion

from heartlamp_gateway.broker import files
from heartlamp_gateway.broker.child import BrokerMissing, mosquitto, running
from heartlamp_gateway.broker.writing import own_passwords
from heartlamp_gateway.config import Config
from heartlamp_gateway.county.line import read_token
from heartlamp_gateway.county.tls import pinned_context
from heartlamp_gateway.disk.room import Room
from heartlamp_gateway.install import openssl
from heartlamp_gateway.rules.health import ABSENT, OK
from heartlamp_gateway.rules.papers import is_due
from heartlamp_gateway.run import ALARMS
from heartlamp_gateway.status import is_running, stored_plan
from heartlamp_gateway.supervision import disk, plan

PATIENCE_S = 5.0
CLOCK_MAX_S = 60.0
UNITS = ("heartlamp-broker.service", "heartlamp-gateway.service")


@dataclass(frozen=True, slots=True)
class Finding:
    """`good` None: could not be tried here. `do`: what helps, "" where nothing is to be done."""

    what: str
    good: bool | None
    said: str
    do: str = ""

    def line(self) -> str:
        mark = {True: "✓", False: "✗", None: "·"}[self.good]
        return f"{mark} {self.what:12} {self.said}" + (f"\n               → {self.do}" if self.do else "")


def examine(config: Config, healths: Mapping[str, Callable[[], str]]) -> Iterator[Finding]:
    """`healths`: of each output that is configured: "" or what is wrong (outputs.adapter.Adapter.health)."""
    yield from _file(config)
    yield from _papers(config)
    yield from _folder(config)
    yield from _county(config)
    yield from _broker(config)
    yield _gateway(config)
    yield _plan(config)
    for name, health in healths.items():
        yield _output(name, health)
    yield from _units()


def _file(config: Config) -> Iterator[Finding]:
    for flaw in config.flaws:
        yield Finding("config", False, flaw.en, "mend gateway.toml, then systemctl restart heartlamp-gateway")


def _papers(config: Config) -> Iterator[Finding]:
    door = config.broker
    token, again = config.token_file, "`setup --again` with a new code from the county"
    try:
        good = is_hex(read_token(token), 64)
        yield Finding("token", good, f"{token}" if good else f"{token} holds no token", "" if good else again)
        for path in (token, door.key):
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                yield Finding("secrets", False, f"others may read {path}", f"chmod 600 {path}")
    except OSError as wrong:
        yield Finding("token", False, str(wrong), again)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(door.cert, door.key)
        begins, ends = openssl.dates(door.cert)
        until = time.strftime("%Y-%m-%d", time.gmtime(ends))
        if not openssl.is_signed_by(door.cert, door.ca):
            yield Finding("certificate", False, f"{door.cert} is not signed by {door.ca}", again)
        elif ends < time.time():
            yield Finding("certificate", False, f"ended on {until}; devices go on, and report it", "mend the uplink")
        elif is_due(begins, ends, time.time()):
            yield Finding("certificate", True, f"until {until}; it is renewed as soon as the county is there")
        else:
            yield Finding("certificate", True, f"of our key and of the county's CA, until {until}")
    except (OSError, ssl.SSLError) as wrong:
        yield Finding("certificate", False, f"{door.cert}, {door.key}: {wrong}", again)


def _folder(config: Config) -> Iterator[Finding]:
    data = config.data_dir
    if data.exists() and not data.is_dir():
        yield Finding("data", False, f"{data} is no folder", "name one as `data_dir` in the configuration")
        return
    try:
        owner, mode = data.stat().st_uid, stat.S_IMODE(data.stat().st_mode)
        if mode & 0o077:
            yield Finding("data", False, f"others may enter {data}", f"chmod 700 {data}")
        strangers = [p for p in data.rglob("*") if p.lstat().st_uid != owner]
        if strangers:
            todo = f"chown -R --reference={data} {data}"
            yield Finding("data", False, f"{strangers[0]} belongs to somebody else than {data}", todo)
        elif os.geteuid() in (0, owner):
            probe = data / f".doctor-{secrets.token_hex(4)}"
            probe.write_bytes(b"x")
            probe.unlink()
            yield Finding("data", True, f"{data} can be written")
        else:
            yield Finding("data", None, f"{data} is not ours to try", "run it with sudo")
        room = disk.look(data)
        do = "" if room.state == OK else "alarms have the last room, readings go first; free the disk or replace it"
        yield Finding("disk", room.state == OK, room.en, do)
        if is_running(config) and not Room(data, config.supervision.reserve).is_kept():
            do = "free the disk: it is made anew where there is room for it twice"
            yield Finding("reserve", False, "the room that alarms have for themselves is given up or never was", do)
        for damaged in sorted(data.glob("*.damaged-????????")):
            yield Finding("disk", False, f"{damaged} was set aside", "replace the card or disk; then delete this file")
    except OSError as wrong:
        yield Finding("data", False, str(wrong), "look at the disk: is it mounted, is it writable?")


def _county(config: Config) -> Iterator[Finding]:
    host = f"{config.county_host}:{config.county_port}"
    try:
        trusts = pinned_context(config.county_ca)
    except OSError as wrong:  # of TLS too
        do = "the county's ca.pem belongs there: `setup --again` with a code fetches it"
        yield Finding("county", False, f"`county_ca` {config.county_ca} cannot be used: {wrong}", do)
        return
    try:
        line = http.client.HTTPSConnection(config.county_host, config.county_port, timeout=PATIENCE_S, context=trusts)
        line.request(
            "GET", "/gateway/v1/registry", headers={"Authorization": f"Bearer {read_token(config.token_file)}"}
        )
        reply = line.getresponse()
        reply.read()
        line.close()
    except ssl.SSLCertVerificationError as wrong:
        do = "is `county_url` right? If the county has a new CA: `setup --again` with a code"
        yield Finding("county", False, f"whoever answers at {host} is not our county: {wrong.verify_message}", do)
        return
    except (OSError, http.client.HTTPException, ValueError) as wrong:
        do = f"the village goes on alone; is {host} the county (`county_url`)? Then the uplink: SIM, antenna, cable"
        yield Finding("county", False, f"{host} cannot be reached: {wrong or type(wrong).__name__}", do)
        yield _clock(None)
        return
    if reply.status == 200:
        yield Finding("county", True, f"{host} knows us")
    elif reply.status in (401, 403):
        do = "another box took its place (join, restore), or it was revoked; `setup --again` with a code takes it back"
        yield Finding("county", False, f"{host} refuses our token; all is kept here", do)
    else:
        yield Finding("county", False, f"{host} answers {reply.status}", "tell the county")
    yield _clock(reply.getheader("Date"))


def _clock(date: str | None) -> Finding:
    """`date`: the county's, as HTTP writes it."""
    if date is None:
        good = time.gmtime().tm_year >= 2024
        said = time.strftime("%Y-%m-%d %H:%M:%S UTC, nobody to compare it with", time.gmtime())
        return Finding("clock", None if good else False, said, "" if good else "timedatectl")
    apart = time.time() - email.utils.parsedate_to_datetime(date).timestamp()
    good = abs(apart) <= CLOCK_MAX_S
    do = "" if good else "no alarm depends on it; but set it: `timedatectl set-ntp true`"
    return Finding("clock", good, f"{apart:+.0f} s from the county's", do)


def _broker(config: Config) -> Iterator[Finding]:
    start = "systemctl restart heartlamp-broker"
    try:
        mosquitto()
    except BrokerMissing as wrong:
        yield Finding("broker", False, str(wrong).partition(":")[0], "apt install mosquitto")
        return
    pid = running(config.broker_dir / "mosquitto.pid")
    if not pid:
        yield Finding("broker", False, "no Mosquitto with our files runs", start)
        return
    used = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    conf = str(config.broker_dir / "mosquitto.conf")
    if conf.encode() not in used:
        yield Finding("broker", False, f"pid {pid} runs without {conf}", start)
    try:
        shown = _shown(config)
        ours = ssl.PEM_cert_to_DER_cert(config.broker.cert.read_text())
        good = shown == ours
        said = f"pid {pid} at {config.broker.host}:{config.broker.port}"
        yield Finding("broker", good, said + ("" if good else " shows another certificate"), "" if good else start)
    except (OSError, ValueError) as wrong:
        yield Finding("broker", False, f"its door {config.broker.host}:{config.broker.port}: {wrong}", start)
    yield _publish(config)


def _shown(config: Config) -> bytes | None:
    """The certificate that devices are shown."""
    context = pinned_context(config.broker.ca)
    context.check_hostname = False  # devices know it by its name, we came by its address
    with (
        socket.create_connection((config.broker.host, config.broker.port), PATIENCE_S) as raw,
        context.wrap_socket(raw) as tls,
    ):
        return tls.getpeercert(binary_form=True)


def _publish(config: Config) -> Finding:
    """A word of our own, through the broker and back."""
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id=files.DOCTOR, transport="unix" if config.broker.socket else "tcp"
    )
    word, heard, refused = secrets.token_hex(8), [], []

    def connected(c: mqtt.Client, data: object, flags: object, reason: object, properties: object) -> None:
        if getattr(reason, "is_failure", False):
            refused.append(str(reason))
        else:
            c.subscribe(files.DOCTOR_TOPIC, 1)

    client.on_connect = connected
    client.on_subscribe = lambda c, *_: c.publish(files.DOCTOR_TOPIC, word, 1)
    client.on_message = lambda c, data, message: heard.append(message.payload)
    client.username_pw_set(files.DOCTOR, own_passwords(config)[files.DOCTOR])
    began = time.monotonic()
    try:
        if config.broker.socket:
            client.connect(str(config.broker.socket))
        else:
            client.tls_set_context(pinned_context(config.broker.ca))
            client.connect(config.broker.host, config.broker.port)
        while word.encode() not in heard and not refused and time.monotonic() - began < PATIENCE_S:
            client.loop(0.1)
        client.disconnect()
    except (OSError, ValueError) as wrong:
        refused.append(str(wrong))
    if word.encode() in heard:
        return Finding("publish", True, f"through the broker and back in {(time.monotonic() - began) * 1000:.0f} ms")
    why = refused[0] if refused else f"nothing came back within {PATIENCE_S:.0f} s"
    return Finding("publish", False, why, "systemctl restart heartlamp-broker heartlamp-gateway")


def _gateway(config: Config) -> Finding:
    runs = is_running(config)
    do = "" if runs else "systemctl start heartlamp-gateway; journalctl -u heartlamp-gateway says why it ended"
    return Finding("gateway", runs, "runs" if runs else "does not run", do)


def _plan(config: Config) -> Finding:
    wrong: list[str] = []
    known = stored_plan(config.data_dir / ALARMS, wrong)
    if known is None:
        return Finding("plan", None, "; ".join(wrong), "")
    found = plan.judge(known, config.has_outputs)
    good = {OK: True, ABSENT: None}.get(found.state, False)
    do = "" if good is not False else f"at the county: heartlamp-server plan load {config.id} --file plan.json"
    return Finding("plan", good, found.en, do)


def _output(name: str, health: Callable[[], str]) -> Finding:
    try:
        wrong = health()
    except Exception as error:  # an adapter is a world of its own
        wrong = f"{type(error).__name__}: {error}"
    return Finding(name, not wrong, wrong or "is well", "")


def _units() -> Iterator[Finding]:
    if not Path("/run/systemd/system").exists():
        yield Finding("systemd", None, "does not run here", "")
        return
    for unit in UNITS:
        done = subprocess.run(["systemctl", "is-active", unit], capture_output=True, text=True, timeout=PATIENCE_S)
        state = done.stdout.strip() or "unknown"
        good = state == "active"
        yield Finding("systemd", good, f"{unit} is {state}", "" if good else f"systemctl enable --now {unit}")


def worst(findings: Sequence[Finding]) -> int:
    """Exit code: 1 where anything is wrong."""
    return int(any(f.good is False for f in findings))
