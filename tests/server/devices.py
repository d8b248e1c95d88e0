"""What a village's devices would send, made from the files that enrolment wrote."""

import json
import os
from pathlib import Path
from typing import Any

from heartlamp_protocol.device.event import write_alarm, write_answer, write_cancel, write_reading, write_still
from heartlamp_protocol.device.frame import sign, write_frame
from heartlamp_protocol.device.mac import county_key, device_key, digest16
from heartlamp_protocol.device.names import event_id, user
from heartlamp_protocol.device.statement import read_signed


class Message:
    """A signed body. `id`: its event id, "" for a reading."""

    def __init__(self, id: str, user: str, body: bytes, mac: str) -> None:
        self.id, self.user, self.body, self.mac = id, user, body, mac

    def frame(self, age: int = 0) -> bytes:
        return write_frame(age, self.mac, self.body)

    def forged(self) -> "Message":
        """The same words under a mac that nobody with the key made."""
        return Message(self.id, self.user, self.body, "0" * 64)


class Device:
    def __init__(self, file: Path) -> None:
        config: dict[str, Any] = json.loads(file.read_text())
        self.id: str = config["dev"]
        self.root = bytes.fromhex(config["root"])
        self.boot = os.urandom(4).hex()
        self.seq = 0

    def press(self, what: str = "panic", id: str = "") -> Message:
        id = id or event_id(self.id, os.urandom(8))
        return self._sign(id, write_alarm(id, self.id, 1, self.boot, self._next(), self.seq * 1000, what))

    def answer(self, incident: str, answer: str) -> Message:
        id = event_id(self.id, os.urandom(8))
        body = write_answer(id, self.id, 1, self.boot, self._next(), self.seq * 1000, incident, answer)
        return self._sign(id, body)

    def cancel(self) -> Message:
        id = event_id(self.id, os.urandom(8))
        return self._sign(id, write_cancel(id, self.id, 1, self.boot, self._next(), self.seq * 1000))

    def still(self, incident: str, sum: str, size: int) -> Message:
        id = event_id(self.id, os.urandom(8))
        body = write_still(id, self.id, 1, self.boot, self._next(), self.seq * 1000, incident, sum, size)
        return self._sign(id, body)

    def reading(self, values: list[tuple[str, int]], kind: str = "heartbeat", kv: int = 1) -> Message:
        body = write_reading(kind, self.id, kv, self.boot, self._next(), self.seq * 1000, values)
        return self._sign("", body, kv)

    def believes(self, receipt: str, message: Message) -> bool:
        """Would the device let go of the message for this receipt?"""
        fields = read_signed(county_key(self.root, 1), self.id, receipt.encode())
        return (fields["kind"], fields["event"], fields["sum"]) == ("received", message.id, digest16(message.body))

    def reads(self, statement: str, kv: int = 1) -> dict[str, object]:
        return read_signed(county_key(self.root, kv), self.id, statement.encode())

    def _sign(self, id: str, body: bytes, kv: int = 1) -> Message:
        return Message(id, user(self.id, kv), body, sign(device_key(self.root, kv), body))

    def _next(self) -> int:
        self.seq += 1
        return self.seq
