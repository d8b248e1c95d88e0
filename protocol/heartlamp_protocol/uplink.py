"""Between gateway and county: batches up with verdicts in the answer, commands down.

Every shape here is one JSON document of HTTPS or one SSE event; docs/protocol.md gives the exchange around them.
`to_json` / `from_json` are inverse; `from_json` raises FrameError on anything malformed.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.limits import INTEGER_MAX, VERSION
from heartlamp_protocol.device.names import is_event_id, is_hex
from heartlamp_protocol.inbound import integer, read_object

BATCH_ITEMS_MAX = 200
BATCH_BYTES_MAX = 1_000_000
PING_SECONDS = 5
READ_TIMEOUT_SECONDS = 15

VERDICTS = ("received", "duplicate", "unverified", "quarantined", "rejected")
"""All five mean: the county has it on disk, do not send it again.
received     stored, in its incident
duplicate    had it already, same bytes
unverified   known device, failed MAC or clashing body: an incident marked so
quarantined  unknown or revoked device: shown to operators, no incident
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
    """What the gateway did itself. `what`: "lit" a lamp shows the call (subject: its device id) · "answer" by a key in
    the village, before the county knew (subject: coming, arrived, unanswered) · "refused" a frame that cannot be an
    event (subject: the reason)."""

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
        items, notes = _list(fields, "items"), _list(fields, "notes")
        if len(items) + len(notes) > BATCH_ITEMS_MAX:
            raise FrameError(f"{len(items) + len(notes)} items, at most {BATCH_ITEMS_MAX} are allowed")
        return cls(
            gateway=_string(fields, "gateway", 40),
            epoch=_epoch(fields),
            cursor=_string(fields, "cursor", 80),
            items=tuple(
                Item(integer(i, "n"), integer(i, "age", -1), _string(i, "user", 40), _bytes(i, "frame")) for i in items
            ),
            notes=tuple(
                Note(
                    integer(m, "n"),
                    integer(m, "age", -1),
                    _id(m, "id"),
                    _string(m, "incident", 60),
                    _string(m, "what", 20),
                    _string(m, "subject", 200),
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
        for v in _list(fields, "verdicts"):
            if v.get("verdict") not in VERDICTS:
                raise FrameError(f"unknown verdict {str(v.get('verdict'))[:20]!r}")
            receipt = _string(v, "receipt", 1100)
            verdicts.append(Verdict(integer(v, "n"), v["verdict"], _string(v, "reason", 300), receipt))
        return cls(_epoch(fields), tuple(verdicts))


@dataclass(frozen=True, slots=True)
class IncidentCommand:
    """SSE command "incident": the county's word on one incident. `events`: every event id in it so far, the opening one
    first (= the incident's id); `aver`/`answer`/`who`/`by`: the people's axis, `by` the site whose green key it is;
    `frames`: lamp device id -> its signed statement as text. A later one for the same incident replaces it."""

    incident: str
    site: str
    what: str
    events: tuple[str, ...]
    aver: int
    answer: str
    who: str
    by: str
    frames: dict[str, str]

    kind = "incident"

    def to_fields(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "incident": self.incident,
            "site": self.site,
            "what": self.what,
            "events": list(self.events),
            "aver": self.aver,
            "answer": self.answer,
            "who": self.who,
            "by": self.by,
            "frames": self.frames,
        }

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> "IncidentCommand":
        frames = fields.get("frames")
        if not isinstance(frames, dict) or not all(isinstance(v, str) for v in frames.values()):
            raise FrameError("frames must be an object of texts")
        events = fields.get("events")
        if not isinstance(events, list) or not all(is_event_id(e) for e in events):
            raise FrameError("events must be a list of event ids")
        return cls(
            _id(fields, "incident"),
            _string(fields, "site", 60),
            _string(fields, "what", 20),
            tuple(events),
            integer(fields, "aver"),
            _string(fields, "answer", 20),
            _string(fields, "who", 200),
            _string(fields, "by", 60),
            frames,
        )


@dataclass(frozen=True, slots=True)
class RegistryCommand:
    """SSE command "registry": the village's device list changed; fetch it."""

    version: int

    kind = "registry"

    def to_fields(self) -> dict[str, Any]:
        return {"kind": self.kind, "version": self.version}

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> "RegistryCommand":
        return cls(integer(fields, "version"))


Command = IncidentCommand | RegistryCommand


def write_command(seq: int, not_after_ms: int, command: dict[str, Any]) -> str:
    """One line of JSON for SSE `data:`. `not_after_ms`: void after this long from now, 0: never."""
    return json.dumps(
        {"v": VERSION, "seq": seq, "not_after_ms": not_after_ms, **command}, ensure_ascii=False, separators=(",", ":")
    )


def read_command(data: bytes) -> tuple[int, int, Command | None]:
    """(seq, not_after_ms, command); None for a kind this version does not know: confirm it, do nothing."""
    fields = read_object(data)
    seq, not_after = integer(fields, "seq"), integer(fields, "not_after_ms")
    for kind in (IncidentCommand, RegistryCommand):
        if fields.get("kind") == kind.kind:
            return seq, not_after, kind.from_fields(fields)
    return seq, not_after, None


@dataclass(frozen=True, slots=True)
class Site:
    """`group`: household group; lamps of one group are neighbours."""

    id: str
    name: str
    group: str


@dataclass(frozen=True, slots=True)
class Device:
    """`users`: MQTT user name -> Mosquitto `$7$` password hash; empty: revoked."""

    id: str
    kind: str
    site: str
    users: dict[str, str]


@dataclass(frozen=True, slots=True)
class Registry:
    """What a gateway must know of its village. It holds no secret but password hashes."""

    version: int
    village: str
    sites: tuple[Site, ...]
    devices: tuple[Device, ...]

    def to_json(self) -> bytes:
        return json.dumps(
            {
                "v": VERSION,
                "version": self.version,
                "village": self.village,
                "sites": [{"id": s.id, "name": s.name, "group": s.group} for s in self.sites],
                "devices": [{"id": d.id, "kind": d.kind, "site": d.site, "users": d.users} for d in self.devices],
            },
            ensure_ascii=False,
        ).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Registry":
        fields = read_object(data)
        devices = []
        for d in _list(fields, "devices"):
            users = d.get("users")
            if not isinstance(users, dict) or not all(isinstance(h, str) for h in users.values()):
                raise FrameError("users must be an object of password hashes")
            devices.append(Device(_string(d, "id", 20), _string(d, "kind", 20), _string(d, "site", 60), users))
        sites = tuple(
            Site(_string(s, "id", 60), _string(s, "name", 100), _string(s, "group", 60)) for s in _list(fields, "sites")
        )
        return cls(integer(fields, "version"), _string(fields, "village", 100), sites, tuple(devices))


def cursor_text(epoch: str, seq: int) -> str:
    return f"{epoch}:{seq}"


def read_cursor(text: str) -> tuple[str, int] | None:
    """(epoch, seq) of "<epoch>:<seq>"; None where it is not one, which means: from the beginning."""
    epoch, _, seq = text.partition(":")
    if not is_hex(epoch, 16) or not seq.isascii() or not seq.isdigit() or int(seq) > INTEGER_MAX:
        return None
    return epoch, int(seq)


def _string(fields: dict[str, Any], name: str, most: int) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or len(value) > most:
        raise FrameError(f"{name} is missing, not a text, or longer than {most} characters")
    return value


def _epoch(fields: dict[str, Any]) -> str:
    if not is_hex(fields.get("epoch"), 16):
        raise FrameError("epoch is not 16 hex characters")
    return str(fields["epoch"])


def _id(fields: dict[str, Any], name: str) -> str:
    if not is_event_id(fields.get(name)):
        raise FrameError(f"{name} is not an event id")
    return str(fields[name])


def _list(fields: dict[str, Any], name: str) -> list[dict[str, Any]]:
    values = fields.get(name)
    if not isinstance(values, list) or not all(isinstance(v, dict) for v in values):
        raise FrameError(f"{name} must be a list of objects")
    return values


def _bytes(fields: dict[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(_string(fields, name, 8192), validate=True)
    except (binascii.Error, ValueError):
        raise FrameError(f"{name} is not base64") from None
