"""Boards that reach their village by radio, and the village's side of what a lamp carries."""

import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple, Self

import paho.mqtt.client as mqtt
from heartlamp.radio.pack import pack
from heartlamp.radio.packet import (
    AGAIN,
    ANSWER,
    CARRIER,
    DATA,
    PING,
    TAKEN,
    Answer,
    Message,
    Packet,
    pieces,
    read_answer,
    read_packet,
    tag,
    write_answer,
    write_message,
    write_packet,
)
from heartlamp_protocol import said_to_device
from heartlamp_protocol.device.mac import digest16, pair_key
from heartlamp_protocol.inbound import Alarm, read_frame
from heartlamp_protocol.topics import of_relay_topic, relay_topic
from heartlamp_tech.ether import TO_ALL, Ether
from heartlamp_tech.virtual_board import VirtualBoard
from paho.mqtt.enums import CallbackAPIVersion

from tests.firmware.conftest import MICROPYTHON, REPO
from tests.firmware.parts import COUNTY, COUNTY_KEY, EPOCH, ROOT, Broker, config

NOWHERE = 9  # a port where no broker is


class Carried(NamedTuple):
    """One message that came through a lamp. `at`: monotonic seconds."""

    at: float
    lamp: str
    device: str
    what: str
    payload: bytes

    @property
    def event(self) -> str:
        content = read_frame(self.payload).content
        assert isinstance(content, Alarm)
        return content.id


class FarVillage:
    """A village that speaks through lamps: answers an `ask` with a pulse, pulses, and receipts each event where told
    to. One root for all devices here."""

    def __init__(self, broker: Broker, ca: Path) -> None:
        self.said: list[Carried] = []
        self.receipts = True
        self.pulses = True
        self._news = threading.Condition()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.tls_set(str(ca))
        self._client.tls_insecure_set(True)
        self._client.on_connect = lambda client, *_: client.subscribe(
            [("hl/1/+/relay/+/+", 1), ("hl/1/+/ask", 1), ("hl/1/+/event", 1)]
        )
        self._client.on_message = self._took
        self._port = broker.port
        self._end = threading.Event()
        self._pulsing = threading.Thread(target=self._beat, daemon=True)
        self.pulse_s = 10.0

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        self._pulsing.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._pulsing.join()
        self._client.disconnect()
        self._client.loop_stop()

    def pulse(self) -> None:
        if self.pulses:
            self._client.publish("hl/1/pulse", said_to_device.write_pulse(EPOCH, 1, 1))

    def publish(self, lamp: str, device: str, what: str, payload: bytes) -> None:
        self._client.publish(relay_topic(lamp, device, what), payload, qos=1)

    def wait(self, good: Callable[[Carried], bool], timeout: float = 20.0) -> Carried:
        until = monotonic() + timeout
        with self._news:
            while True:
                for said in self.said:
                    if good(said):
                        return said
                left = until - monotonic()
                assert left > 0, f"nothing like it within {timeout} s, but {[s[1:4] for s in self.said]}"
                self._news.wait(left)

    def wait_event(self, id: str, timeout: float = 20.0) -> Carried:
        return self.wait(lambda said: said.what == "event" and said.event == id, timeout)

    def _beat(self) -> None:
        while not self._end.wait(self.pulse_s):
            self.pulse()

    def _took(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        named = of_relay_topic(message.topic)
        if named is None:
            if message.topic.endswith("/ask"):
                self.pulse()
            return
        lamp, device, what = named
        if what in ("receipt", "lamp"):
            return
        said = Carried(monotonic(), lamp, device, what, bytes(message.payload))
        with self._news:
            self.said.append(said)
            self._news.notify_all()
        if what == "ask":
            self.pulse()
        elif what == "event" and self.receipts:
            frame = read_frame(said.payload)
            id = said.event
            self.publish(lamp, device, "receipt", said_to_device.write_heard(id, EPOCH))
            received = said_to_device.write_received(COUNTY_KEY, device, 1, id, digest16(frame.body), COUNTY)
            self.publish(lamp, device, "receipt", received)


class Site:
    """Boards in one ether. `lan`: this lamp has a line to the broker; the others reach it by the lamps in `up`."""

    def __init__(self, ether: Ether, broker: Broker, ca: str, folder: Path) -> None:
        self.ether = ether
        self.boards: dict[str, VirtualBoard] = {}
        self._broker, self._ca, self._folder = broker, ca, folder
        self._down: dict[str, dict[str, Any]] = {}

    def make(
        self, dev: str, kind: str, up: tuple[str, ...] = (), lan: bool = False, channel: int = 6, port: int = 0
    ) -> VirtualBoard:
        """Make carriers after those whom they carry: a carrier's configuration names them. `port`: where it believes
        its broker to be, 0 where it is."""
        board = VirtualBoard(MICROPYTHON, REPO, self._folder / f"{dev}.flash", ether=self.ether)
        for lamp in up:
            key = pair_key(bytes.fromhex(ROOT), 1, lamp).hex()
            self._down.setdefault(lamp, {})[dev] = {"key": key, "own": 1, "lamp": 0} if kind == "button" else key
        radio = {"channel": channel, "up": list(up), "down": self._down.get(dev, {})}
        fields = config(self._broker, self._ca, dev, kind) | {"links": ["lan"] if lan else ["relay"], "radio": radio}
        board.provision(fields | {"port": port or (self._broker.port if lan else NOWHERE)})
        self.boards[dev] = board
        return board

    def start(self) -> None:
        for board in self.boards.values():
            board.start()

    def chain(self, pairs: list[tuple[str, str]]) -> None:
        """Only these hear each other."""
        macs = {frozenset((self.boards[a].mac, self.boards[b].mac)) for a, b in pairs}
        self.ether.range = lambda a, b: -60 if frozenset((a, b)) in macs else None

    def close(self) -> None:
        for board in self.boards.values():
            board.kill()
            assert "Traceback" not in board.complaints(), board.complaints()


class Thief:
    """Somebody who has a child's pair key, and says in its name readings of another device; whenever anything is in the
    air, because it hears by the ether's on_packet. `told`: the statuses that the lamp answered, but `again`."""

    MAC = b"\x77" * 6
    LIE = b"not what that device said "

    def __init__(self, ether: Ether, child: str, lamp: str, victim: str) -> None:
        self.told: list[int] = []
        self._ether, self._victim = ether, victim
        self._key = pair_key(bytes.fromhex(ROOT), 1, lamp)
        self._me, self._lamp = tag(child), tag(lamp)
        self._theirs, self._number = bytes(4), 0
        self._spoke = 0.0

    def hear(self, sender: bytes, _to: bytes, channel: int, data: bytes) -> None:
        packet = read_packet(data)
        if sender == self.MAC or packet is None:
            return
        if packet.type == ANSWER | CARRIER and packet.receiver == self._me and packet.theirs == b"evil":
            answer = read_answer(packet.content)
            assert answer is not None
            self._theirs, self._number = packet.mine, max(self._number, answer.number)
            if answer.status != AGAIN:
                self.told.append(answer.status)
            elif len(self.told) == 0:
                self._speak(channel)
        elif monotonic() - self._spoke > 0.02:
            self._speak(channel)

    def _speak(self, channel: int) -> None:
        self._spoke = monotonic()
        self._number += 1
        (piece,) = pieces(write_message(Message("reading", self._victim, [], pack(self.LIE + b"%d" % self._number))))
        said = Packet(DATA, self._me, self._lamp, self._theirs, b"evil", self._number, piece)
        self._ether.say(self.MAC, TO_ALL, channel, write_packet(self._key, said))


class Liar:
    """A stolen lamp: it holds the pair key, answers on every channel, takes each question and nothing else."""

    MAC = b"\x66" * 6

    def __init__(self, ether: Ether, lamp: str, says: int) -> None:
        self.ether, self.lamp, self.says = ether, tag(lamp), says
        self.key = pair_key(bytes.fromhex(ROOT), 1, lamp)
        self.lies = 0

    def answer(self, sender: bytes, _to: bytes, channel: int, data: bytes) -> None:
        packet = read_packet(data)
        if packet is None or sender == self.MAC or packet.receiver != self.lamp:
            return
        content = write_answer(Answer(TAKEN if packet.type == PING else self.says, 2**32 - 1, 0, 0))
        lie = Packet(ANSWER | CARRIER, packet.receiver, packet.sender, packet.mine, b"liar", packet.number, content)
        self.ether.say(self.MAC, TO_ALL, channel, write_packet(self.key, lie))
        self.lies += 1
