"""Gateway to county: batches up, with verdicts in the answer. Each shape is one JSON document of HTTPS.

`to_json` / `from_json` are inverse; `from_json` raises FrameError on anything malformed. docs/protocol.md gives the
exchange around them.
"""

import base64
import json
from dataclasses import dataclass

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.limits import VERSION
from heartlamp_protocol.fields import (
    read_bytes,
    read_epoch,
    read_event,
    read_integer,
    read_object,
    read_objects,
    read_text,
)

BATCH_ITEMS_MAX = 200
BATCH_BYTES_MAX = 1_000_000
QUIET_SECONDS = 20
"""After which a gateway sends a batch with nothing in it: the stream of one that is frozen stays open, because its
kernel goes on acknowledging, so the county believes only what it sends."""

OF_ONE = "-wan"
"""A device that reaches the county by itself is the gateway `<device id>-wan`. No device and no village's gateway can
have such a name, so it says by itself what it is."""


def gateway_of_one(device: str) -> str:
    return device + OF_ONE


def device_of_one(gateway: str) -> str:
    """The device that this gateway is; "" for a village's."""
    return gateway.removesuffix(OF_ONE) if gateway.endswith(OF_ONE) else ""


VERDICTS = ("received", "duplicate", "unverified", "quarantined", "rejected")
"""All five mean: the county has it on disk, do not send it again.
received     stored, in its incident
duplicate    had it already, same bytes
unverified   known device, failed MAC or clashing body: an incident marked so
quarantined  unknown or revoked device, or one that speaks in another's name: shown to operators, no incident
rejected     malformed: kept as evidence, with the reason
"""


@dataclass(frozen=True, slots=True)
class Item:
    """One frame in a batch. `n`: the gateway's outbox row; `age`: ms since the gateway got it, -1 of an earlier boot of
    the gateway; `user`: the MQTT user that brought it; `frame`: the bytes as they came."""

    n: int
    age: int
    user: str
    frame: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """What the gateway did or saw. `what`: "lit" a lamp shows the call, "online", "offline" (subject: the device) ·
    "answer" by a key in the village, before the county knew (subject: coming DEVICE, arrived DEVICE, unanswered) ·
    "refused" a frame that cannot be an event (subject: the reason) · "step" what an output of the village did (subject:
    PLAN/STEP/TARGET/CHANNEL/TIME STATE NAME, and " · " with a reason) · "duty" an answer by somebody on duty, "lapsed"
    somebody who was coming and did not arrive (subject: coming NAME, cannot NAME) · "trouble", "restored" what does not
    work in the village, and that it does again (subject: troubles.write_trouble) · "ordered" what became of a `call` or
    `broadcast` of the county's (subject: ID STATE, and " · " with a reason)."""

    n: int
    age: int
    id: str
    incident: str
    what: str
    subject: str


@dataclass(frozen=True, slots=True)
class Batch:
    """`epoch`: of the gateway's store; `cursor`: last command it has stored, "<county epoch>:<seq>" or ""."""

    gateway: str
    epoch: str
    cursor: str
    items: tuple[Item, ...]
    notes: tuple[Note, ...]

    def to_json(self) -> bytes:
        return json.dumps(
            {
                "v": VERSION,
                "gateway": self.gateway,
                "epoch": self.epoch,
                "cursor": self.cursor,
                "items": [
                    {"n": i.n, "age": i.age, "user": i.user, "frame": base64.b64encode(i.frame).decode()}
                    for i in self.items
                ],
                "notes": [
                    {"n": m.n, "age": m.age, "id": m.id, "incident": m.incident, "what": m.what, "subject": m.subject}
                    for m in self.notes
                ],
            },
            separators=(",", ":"),
        ).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Batch":
        if len(data) > BATCH_BYTES_MAX:
            raise FrameError(f"batch of {len(data)} bytes, at most {BATCH_BYTES_MAX} are allowed")
        fields = read_object(data)
        items, notes = read_objects(fields, "items"), read_objects(fields, "notes")
        if len(items) + len(notes) > BATCH_ITEMS_MAX:
            raise FrameError(f"{len(items) + len(notes)} items, at most {BATCH_ITEMS_MAX} are allowed")
        return cls(
            gateway=read_text(fields, "gateway", 40),
            epoch=read_epoch(fields),
            cursor=read_text(fields, "cursor", 80),
            items=tuple(
                Item(read_integer(i, "n"), read_integer(i, "age", -1), read_text(i, "user", 40), read_bytes(i, "frame"))
                for i in items
            ),
            notes=tuple(
                Note(
                    read_integer(m, "n"),
                    read_integer(m, "age", -1),
                    read_event(m, "id"),
                    read_text(m, "incident", 60),
                    read_text(m, "what", 20),
                    read_text(m, "subject", 200),
                )
                for m in notes
            ),
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """`receipt`: the county's signed `received` for the device, as text to pass on unchanged, or ""."""

    n: int
    verdict: str
    reason: str = ""
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """`epoch`: of the county's store. A new one: offer again what was `received` under the old."""

    epoch: str
    verdicts: tuple[Verdict, ...]

    def to_json(self) -> bytes:
        return json.dumps(
            {
                "v": VERSION,
                "epoch": self.epoch,
                "verdicts": [
                    {"n": v.n, "verdict": v.verdict, "reason": v.reason, "receipt": v.receipt} for v in self.verdicts
                ],
            },
            separators=(",", ":"),
        ).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "BatchAnswer":
        fields = read_object(data)
        verdicts = []
        for v in read_objects(fields, "verdicts"):
            if v.get("verdict") not in VERDICTS:
                raise FrameError(f"unknown verdict {str(v.get('verdict'))[:20]!r}")
            receipt = read_text(v, "receipt", 1100)
            verdicts.append(Verdict(read_integer(v, "n"), v["verdict"], read_text(v, "reason", 300), receipt))
        return cls(read_epoch(fields), tuple(verdicts))
