"""A device as the protocol's page describes it, over a real broker connection."""

import contextlib
import hashlib
import json
import secrets
import socket
import ssl
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from heartlamp_protocol import topics
from heartlamp_protocol.device import event, names
from heartlamp_protocol.device.frame import sign, write_frame
from heartlamp_protocol.device.mac import county_key, device_key, mqtt_password
from heartlamp_protocol.device.statement import read_plain, read_signed
from paho.mqtt.enums import CallbackAPIVersion

from tests.gateway.rig.waiting import Board


class Device:
    """`id`, root secret `root`. It shows every lamp state at once unless `shows` is False. `start` gives it a session
    of its own, `by` a lamp that carries for it; it speaks the way that it was given last."""

    def __init__(self, id: str, root: bytes, ca: Path, port: int) -> None:
        self.id, self.root = id, root
        self.user = names.user(id, 1)
        self.board = Board()
        self.heard: dict[str, int] = {}  # event -> perf_counter_ns
        self.received: dict[str, dict[str, object]] = {}
        self.lamps: list[dict[str, Any]] = []
        self.pulses: list[dict[str, Any]] = []
        self.pieces: list[bytes] = []
        self.settings: list[object] = []  # versions that the county told
        self.haves: list[tuple[str, int]] = []  # (still, byte), as they came
        self.frames: dict[str, bytes] = {}
        self.shows = True
        self.connected = False
        self.kicked = 0
        self.refused = 0  # logins
        self.ways: list[str] = []  # topics of what came, pulses aside
        self.boot = secrets.token_hex(4)
        self._seq = 0
        self._lamp: Device | None = None
        self._carried: dict[str, Device] = {}
        self._listens = False
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self.user)
        self._client.username_pw_set(self.user, mqtt_password(root, 1))
        self._client.tls_set_context(ssl.create_default_context(cafile=str(ca)))
        self._client.will_set(names.topic(id, "state"), event.write_state(0), 1)
        self._client.reconnect_delay_set(0.05, 0.2)  # type: ignore[arg-type]
        self._client.on_socket_open = _without_delay
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._port = port

    def by(self, lamp: "Device") -> "Device":
        """It reaches this lamp by radio."""
        lamp.carry(self)
        self._lamp = lamp
        self._greet()
        return self

    def carry(self, other: "Device") -> None:
        """Brings what the other says to the broker, byte for byte, and what is said to it back."""
        self._carried[other.id] = other
        with self.board:
            self._listens = False
        self._client.subscribe(f"hl/1/{self.id}/relay/#", 1)
        self.board.wait(f"{self.id} hears what is said to others", lambda: self._listens)

    def start(self, keepalive: int = 20, patience: float = 30.0) -> "Device":
        """`keepalive`: seconds; half as long again without a word, and the broker takes it for gone. `patience`:
        seconds, then AssertionError; it goes on trying."""
        self._lamp = None
        self._client.connect("127.0.0.1", self._port, keepalive=keepalive)
        self._client.loop_start()
        self.board.wait(f"{self.id} has a session", lambda: self.connected, patience)
        return self

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def vanish(self) -> None:
        """As when its power is cut: the broker speaks its last will."""
        self._client.loop_stop()
        self._client._sock_close()

    def publish(self, what: str, payload: bytes, qos: int = 1) -> None:
        lamp = self._lamp
        if lamp is None:
            self._client.publish(names.topic(self.id, what), payload, qos)
        else:
            lamp._client.publish(topics.relay_topic(lamp.id, self.id, what), payload, qos)

    def press(self, what: str = "panic") -> str:
        """Writes and sends an alarm once; returns its id."""
        return self._offer(lambda id, up: event.write_alarm(id, self.id, 1, self.boot, self._seq, up, what))

    def answer(self, incident: str, answer: str) -> str:
        return self._offer(
            lambda id, up: event.write_answer(id, self.id, 1, self.boot, self._seq, up, incident, answer)
        )

    def cancel(self) -> str:
        return self._offer(lambda id, up: event.write_cancel(id, self.id, 1, self.boot, self._seq, up))

    def still(self, incident: str, picture: bytes = b"") -> str:
        """`picture`: its bytes; none: a sum that no picture has."""
        sum, size = (hashlib.sha256(picture).hexdigest(), len(picture)) if picture else ("5a" * 32, 18_234)
        return self._offer(
            lambda id, up: event.write_still(id, self.id, 1, self.boot, self._seq, up, incident, sum, size)
        )

    def piece(self, still: str, at: int, data: bytes, **more: int) -> None:
        """A piece of a picture."""
        head = {"v": 1, "kind": "piece", "still": still, "at": at, **more}
        self.publish("picture", json.dumps(head).encode() + b"\n" + data)

    def has(self, still: str, at: int, after: int = 0, seconds: float = 30.0) -> None:
        """Waits for this `have`, not among the first `after`."""
        self.board.wait(f"a have of {still} at {at}", lambda: (still, at) in self.haves[after:], seconds)

    def send_picture(self, still: str, picture: bytes, size: int = 2048) -> None:
        """All of it, each piece after the `have` of the one before."""
        for at in range(0, len(picture), size):
            after = len(self.haves)
            self.piece(still, at, picture[at : at + size])
            self.has(still, min(at + size, len(picture)), after)

    def again(self, id: str, age: int = 1000) -> None:
        """Offers an event again, with a new age and the same body."""
        frame = self.frames[id]
        self.publish("event", b'{"age":%d' % age + frame[frame.index(b",") :])

    def frame(self, body: bytes) -> bytes:
        return write_frame(0, sign(device_key(self.root, 1), body), body)

    def read(self, kind: str = "heartbeat", **values: int) -> None:
        self._seq += 1
        body = event.write_reading(kind, self.id, 1, self.boot, self._seq, 1000, list(values.items()))
        self.publish("reading", self.frame(body), 0)

    def is_heard(self, id: str, seconds: float = 30.0) -> int:
        return self.board.wait(f"heard of {id}", lambda: self.heard.get(id), seconds)

    def offers(self, id: str, seconds: float = 30.0) -> None:
        """Offers it again and again until it is heard, as a device does: a broker that has nobody to give it to forgets
        it."""
        deadline = time.monotonic() + seconds
        while not self.heard.get(id):
            self.again(id)
            with contextlib.suppress(AssertionError):
                self.is_heard(id, 2.0)
            assert time.monotonic() < deadline, f"{id} was offered for {seconds} s and is not heard"

    def is_received(self, id: str, seconds: float = 30.0) -> dict[str, object]:
        return self.board.wait(f"received of {id}", lambda: self.received.get(id), seconds)

    def calls(self) -> list[dict[str, Any]]:
        return list(self.lamps[-1]["calls"]) if self.lamps else []

    def call(self, incident: str, seconds: float = 30.0, **fields: object) -> dict[str, Any]:
        """Waits until this lamp shows the incident with these fields."""

        def find() -> dict[str, Any] | None:
            for call in self.calls():
                if call["incident"] == incident and all(call[k] == v for k, v in fields.items()):
                    return call
            return None

        return self.board.wait(f"{self.id} shows {incident} {fields}", find, seconds)

    def dark(self, seconds: float = 30.0) -> None:
        self.board.wait(f"{self.id} goes dark", lambda: self.lamps and not self.calls(), seconds)

    def _offer(self, body: Any) -> str:
        self._seq += 1
        id = names.event_id(self.id, secrets.token_bytes(8))
        self.frames[id] = self.frame(body(id, self._seq * 10))
        self.publish("event", self.frames[id])
        return id

    def _on_connect(self, client: mqtt.Client, _: object, flags: object, reason: Any, properties: object) -> None:
        if reason.is_failure:
            with self.board:
                self.refused += 1
        else:
            down = [names.topic(self.id, what) for what in ("receipt", "lamp", "piece", "have")] + [names.PULSE]
            if self._carried:
                down.append(f"hl/1/{self.id}/relay/#")
            client.subscribe([(name, 1) for name in down])

    def _greet(self) -> None:
        self.publish("state", event.write_state(1))
        self.publish("ask", event.write_ask(""))

    def _on_subscribe(self, client: mqtt.Client, *_: object) -> None:
        if not self.connected:
            self._greet()
        with self.board:
            self.connected = self._listens = True

    def _on_disconnect(self, *_: object) -> None:
        with self.board:
            self.kicked += self.connected  # a refused login ends no session
            self.connected = False

    def _on_message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        found = topics.of_relay_topic(message.topic)
        if found is None:
            self._take(message.topic, bytes(message.payload))
        elif found[1] in self._carried:
            self._carried[found[1]]._take(message.topic, bytes(message.payload))

    def _take(self, topic: str, payload: bytes) -> None:
        now = time.perf_counter_ns()
        with self.board:
            if topic != names.PULSE:
                self.ways.append(topic)
            if topic.endswith("/receipt"):
                if payload.startswith(b'{"mac"'):
                    fields = read_signed(county_key(self.root, 1), self.id, payload)
                    if fields["kind"] == "settings":
                        self.settings.append(fields["ver"])
                        return
                    self.received[str(fields["event"])] = fields
                else:
                    self.heard.setdefault(str(read_plain(payload)["event"]), now)
            elif topic.endswith("/lamp"):
                state: dict[str, Any] = read_plain(payload)
                self.lamps.append(state)
                if self.shows:
                    self.publish("shown", event.write_shown(state["epoch"], state["ver"]))
            elif topic.endswith("/have"):
                fields = read_plain(payload)
                self.haves.append((str(fields["still"]), int(str(fields["at"]))))
            elif topic.endswith("/piece"):
                self.pieces.append(payload)
            else:
                self.pulses.append(read_plain(payload))


def _without_delay(client: mqtt.Client, _: object, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
