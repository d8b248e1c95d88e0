"""The other side of the wire, small: certificates, a real Mosquitto, and a village with a county behind it."""

import datetime
import getpass
import json
import secrets
import socket
import ssl
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import IO, Any, NamedTuple, Self

import paho.mqtt.client as mqtt
from heartlamp_protocol import said_to_device
from heartlamp_protocol.device import state
from heartlamp_protocol.device.mac import county_key, device_key, digest16
from heartlamp_protocol.device.names import PULSE, topic
from heartlamp_protocol.inbound import Alarm, Answer, Frame, Reading, read_frame
from heartlamp_protocol.topics import of_topic
from heartlamp_server.certificates import make_ca, make_server
from heartlamp_tech.virtual_board import VirtualBoard
from paho.mqtt.enums import CallbackAPIVersion

from tests.ports import free_port

ROOT = "5a" * 32
NAME = "gateway.village.test"
DEVICE_KEY = device_key(bytes.fromhex(ROOT), 1)
COUNTY_KEY = county_key(bytes.fromhex(ROOT), 1)
COUNTY = "c0" * 8
EPOCH = "e1" * 8


BoardMaker = Callable[..., VirtualBoard]
"""(broker, dev="lamp0a1b", kind="lamp"): a provisioned board, not started."""


class Pair(NamedTuple):
    certificate: Path
    key: Path


class Certificates:
    """A county CA, and gateways' certificates: good, expired, not valid yet, for another name, of another CA."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        day = datetime.timedelta(days=1)
        now = datetime.datetime.now(datetime.UTC)
        ours, theirs = self._make_ca("county"), self._make_ca("other")
        self.ca_file = ours.certificate
        self.ca = self.ca_file.read_text()
        self.good = self._make(ours, "good", NAME, now - day, now + day)
        self.expired = self._make(ours, "expired", NAME, now - 9 * day, now - day)
        self.early = self._make(ours, "early", NAME, now + day, now + 9 * day)
        self.other_name = self._make(ours, "other-name", "gateway.elsewhere.test", now - day, now + day)
        self.other_ca = self._make(theirs, "other-ca", NAME, now - day, now + day)
        self.expired_other_name = self._make(ours, "expired-name", "gateway.elsewhere.test", now - 9 * day, now - day)
        self.expired_other_ca = self._make(theirs, "expired-ca", NAME, now - 9 * day, now - day)

    def _make_ca(self, name: str) -> Pair:
        ca = Pair(self._folder / f"{name}.pem", self._folder / f"{name}-ca.key")
        make_ca(*ca, name)
        return ca

    def _make(self, ca: Pair, file: str, name: str, since: datetime.datetime, until: datetime.datetime) -> Pair:
        pair = Pair(self._folder / f"{file}.pem", self._folder / f"{file}.key")
        make_server(*ca, *pair, [name], (since, until))
        return pair


class Broker:
    """A real Mosquitto with TLS on a free port, that can be killed and started again on the same one."""

    def __init__(self, pair: Pair, folder: Path) -> None:
        self.port = free_port()
        self.log: list[str] = []  # what it said
        self._conf = folder / f"mosquitto-{self.port}.conf"
        self._conf.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
            f"user {getpass.getuser()}\n"  # started as root it would give up the right to read our key
            f"certfile {pair.certificate}\nkeyfile {pair.key}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Returns once it is listening."""
        self._process = subprocess.Popen(
            ["/usr/sbin/mosquitto", "-c", str(self._conf)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert self._process.stderr is not None
        if not any("running" in line for line in self._said(self._process.stderr)):
            raise AssertionError(f"mosquitto did not start: {self.log}")
        threading.Thread(target=deque, args=(self._said(self._process.stderr), 0), daemon=True).start()

    def _said(self, stderr: IO[bytes]) -> Iterator[str]:
        for line in stderr:
            self.log.append(line.decode(errors="replace"))
            yield self.log[-1]

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class Said(NamedTuple):
    """One message of a device. `at`: monotonic seconds when the village had it."""

    at: float
    device: str
    what: str
    payload: bytes

    @property
    def frame(self) -> Frame:
        return read_frame(self.payload)

    @property
    def id(self) -> str:
        """Of the event."""
        content = self.frame.content
        assert not isinstance(content, Reading)
        return content.id

    @property
    def alarm(self) -> Alarm:
        content = self.frame.content
        assert isinstance(content, Alarm)
        return content

    @property
    def answer(self) -> Answer:
        content = self.frame.content
        assert isinstance(content, Answer)
        return content

    @property
    def fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = json.loads(self.payload)
        return fields


class Village:
    """Speaks as the gateway does. It answers `ask` with a pulse and what the lamp was lit with; receipts are the
    test's."""

    def __init__(self, broker: Broker, ca: str) -> None:
        self.broker = broker
        self.epoch = EPOCH
        self.said: list[Said] = []
        self._news = threading.Condition()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"village{secrets.token_hex(4)}")
        context = ssl.create_default_context(cadata=ca)
        context.check_hostname = False  # the village knows its own broker by its address
        self._client.tls_set_context(context)
        self._client.reconnect_delay_set(1, 1)
        # without this a receipt waits 40 ms for the TCP acknowledgement of the PUBACK before it
        self._client.on_socket_open = self._at_once
        self._client.on_connect = lambda client, *_: client.subscribe("hl/1/+/+", qos=1)
        self._subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message
        self._ver = 0
        self._lit: dict[str, list[str]] = {}

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self.broker.port)
        self._client.loop_start()
        assert self._subscribed.wait(5), "the village did not reach its broker"
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _at_once(self, _client: mqtt.Client, _data: object, sock: Any) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        named = of_topic(message.topic)
        if named is None or named[1] in ("receipt", "lamp"):
            return
        with self._news:
            self.said.append(Said(monotonic(), named[0], named[1], bytes(message.payload)))
            self._news.notify_all()
        if named[1] == "ask":
            self.pulse()
            self.light(named[0], self._lit.get(named[0], []))

    def wait(
        self, what: str, good: Callable[[Said], bool] = lambda said: True, after: int = 0, timeout: float = 20.0
    ) -> Said:
        """The first message on a device's topic `what` that is `good`, from the `after`-th on."""
        until = monotonic() + timeout
        with self._news:
            while True:
                for said in self.said[after:]:
                    if said.what == what and good(said):
                        return said
                left = until - monotonic()
                assert left > 0, f"no {what} within {timeout} s, but {[s.what for s in self.said[after:]]}"
                self._news.wait(left)

    def wait_event(self, id: str) -> Said:
        return self.wait("event", lambda said: said.id == id)

    def publish(self, device: str, what: str, payload: bytes | str) -> None:
        self._client.publish(topic(device, what), payload, qos=1).wait_for_publish(5)

    def pulse(self, county: int = 1, answerable: int = 1) -> None:
        self._client.publish(PULSE, said_to_device.write_pulse(self.epoch, county, answerable))

    def hear(self, said: Said) -> None:
        self.publish(said.device, "receipt", said_to_device.write_heard(said.id, self.epoch))

    def receive(self, said: Said, key: bytes = COUNTY_KEY, dev: str = "", sum16: str = "") -> None:
        """The county's signed receipt; forged where key, dev or sum16 are others."""
        sum16 = sum16 or digest16(said.frame.body)
        receipt = said_to_device.write_received(key, dev or said.device, 1, said.id, sum16, COUNTY)
        self.publish(said.device, "receipt", receipt)

    def wish(self, device: str, ver: int, wanted: str, kv: int = 1, key: bytes = b"") -> None:
        """The county's signed settings; `wanted`: as JSON; `key`: another's."""
        key = key or county_key(bytes.fromhex(ROOT), kv)
        self.publish(device, "receipt", said_to_device.write_settings(key, device, kv, ver, wanted))

    def light(self, device: str, calls: list[str], ver: int | None = None) -> int:
        """The lamp's desired state; returns its version."""
        self._ver = ver if ver is not None else self._ver + 1
        self._lit[device] = calls
        self._client.publish(topic(device, "lamp"), state.write_lamp(self.epoch, self._ver, calls), qos=1)
        return self._ver


def call(
    incident: str,
    role: str = "own",
    what: str = "panic",
    place: str = "三组 7号",
    heard: int = 1,
    answer: str = "none",
    who: str = "",
    county: str = "",
) -> str:
    return state.write_call(incident, role, what, place, heard, 1, answer, who, county)


def county_says(
    incident: str,
    rver: int,
    aver: int,
    answer: str,
    who: str = "",
    dev: str = "lamp0a1b",
    key: bytes = COUNTY_KEY,
    by: str = "",
) -> str:
    return said_to_device.write_county_answer(key, dev, 1, COUNTY, incident, rver, aver, answer, who, by).decode()


def config(broker: Broker, ca: str, dev: str, kind: str) -> dict[str, object]:
    return {
        "dev": dev,
        "kind": kind,
        "kv": 1,
        "root": ROOT,
        "host": "127.0.0.1",
        "port": broker.port,
        "server_name": NAME,
        "ca": ca,
    }
