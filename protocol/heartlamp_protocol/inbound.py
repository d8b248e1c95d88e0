"""Strict reading of what devices say, for gateway and county. Bad input raises FrameError with a reason for people."""

from dataclasses import dataclass
from typing import Any, TypeAlias

from heartlamp_protocol.device.frame import FrameError, split_frame
from heartlamp_protocol.device.limits import INTEGER_MAX, STILL_MAX, VALUES_MAX
from heartlamp_protocol.device.names import WHATS, is_device_id, is_event_id, is_hex, owner_of
from heartlamp_protocol.fields import read_integer, read_object

ANSWERS = ("coming", "arrived", "withdrawn")  # what a person can say with a key at a lamp


@dataclass(frozen=True, slots=True)
class Head:
    """The fields that every signed body has. `up`: milliseconds since boot `boot`, when it happened."""

    device: str
    key_version: int
    boot: str
    seq: int
    up: int


@dataclass(frozen=True, slots=True)
class Alarm:
    id: str
    head: Head
    what: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A person's answer, by key. `answer`: one of ANSWERS."""

    id: str
    head: Head
    incident: str
    answer: str


@dataclass(frozen=True, slots=True)
class Cancel:
    id: str
    head: Head


@dataclass(frozen=True, slots=True)
class Still:
    """A picture was taken at the alarm `incident`. `sum`: 64 hex, SHA-256 of its `size` bytes."""

    id: str
    head: Head
    incident: str
    sum: str
    size: int


@dataclass(frozen=True, slots=True)
class Reading:
    """`kind`: "heartbeat" or "reading"; the unit is the end of each value's name."""

    kind: str
    head: Head
    values: dict[str, int]


Event: TypeAlias = Alarm | Answer | Cancel | Still
"""What gets a receipt: it has an id and is kept until `received`."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame taken apart. `age`: ms, -1 unknown; `body`: the signed bytes as they came; `content`: what they say."""

    age: int
    mac: str
    body: bytes
    content: Event | Reading


def read_frame(data: bytes) -> Frame:
    """Takes a device's frame apart and checks every field; the MAC is the county's to verify. Raises FrameError."""
    age, mac, body = split_frame(data)
    return Frame(age, mac, body, _content(read_object(body)))


def _content(fields: dict[str, Any]) -> Event | Reading:
    head = Head(
        device=_text(fields, "dev", is_device_id(fields.get("dev"))),
        key_version=read_integer(fields, "kv", 1, 1_000_000),
        boot=_text(fields, "boot", is_hex(fields.get("boot"), 8)),
        seq=read_integer(fields, "seq"),
        up=read_integer(fields, "up"),
    )
    kind = fields.get("kind")
    if kind in ("heartbeat", "reading"):
        return Reading(kind, head, _values(fields.get("values")))
    if kind not in ("alarm", "answer", "cancel", "still"):
        raise FrameError(f"unknown kind {str(kind)[:20]!r}")
    event = _text(fields, "id", is_event_id(fields.get("id")))
    if owner_of(event) != head.device:
        raise FrameError("the event id belongs to another device")
    if kind == "alarm":
        return Alarm(event, head, _text(fields, "what", fields.get("what") in WHATS))
    if kind == "answer":
        incident = _text(fields, "incident", is_event_id(fields.get("incident")))
        return Answer(event, head, incident, _text(fields, "answer", fields.get("answer") in ANSWERS))
    if kind == "still":
        incident = _text(fields, "incident", is_event_id(fields.get("incident")))
        picture = _text(fields, "sum", is_hex(fields.get("sum"), 64))
        return Still(event, head, incident, picture, read_integer(fields, "bytes", 1, STILL_MAX))
    return Cancel(event, head)


def _text(fields: dict[str, Any], name: str, good: bool) -> str:
    if not good:
        raise FrameError(f"{name} is missing or not allowed: {str(fields.get(name))[:40]!r}")
    return str(fields[name])


def _values(values: object) -> dict[str, int]:
    if not isinstance(values, dict) or len(values) > VALUES_MAX:
        raise FrameError(f"values must be an object of at most {VALUES_MAX} integers")
    for name, value in values.items():
        if not (1 <= len(name) <= 24 and name.isascii() and name.replace("_", "").isalnum()):
            raise FrameError(f"a value's name is not allowed: {name[:24]!r}")
        if type(value) is not int or abs(value) > INTEGER_MAX:
            raise FrameError(f"value {name} is not a whole number")
    return values
