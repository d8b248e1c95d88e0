"""County to gateway: commands as server-sent events, resumed by cursor; docs/protocol.md gives the exchange.

`to_fields` / `from_fields` are inverse; `from_fields` and `read_command` raise FrameError on anything malformed.
"""

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.limits import INTEGER_MAX, NAME_MAX, VERSION
from heartlamp_protocol.device.names import is_hex
from heartlamp_protocol.fields import read_event, read_events, read_integer, read_object, read_text

PING_SECONDS = 5
READ_TIMEOUT_SECONDS = 15
ID = re.compile("[a-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True)
class IncidentCommand:
    """SSE command "incident": the county's word on one incident. `events`: every event id in it so far, the opening one
    first (= the incident's id); `aver`/`answer`/`who`/`by`: the people's axis, `by` the site whose green key it is;
    `withdrawn`: events of green keys that a person at the county took back; `frames`: lamp device id -> its signed
    statement as text; `age`: ms since the county opened it, when this was sent, -1: it did not say; `drill`: 1 where it
    is one. A later one for the same incident replaces it."""

    incident: str
    site: str
    what: str
    events: tuple[str, ...]
    aver: int
    answer: str
    who: str
    by: str
    withdrawn: tuple[str, ...]
    frames: dict[str, str]
    age: int = -1
    drill: int = 0

    kind = "incident"

    def to_fields(self) -> dict[str, Any]:
        """Without an age where there is none: it is added when the command is sent. Only a drill's has `drill`."""
        fields: dict[str, Any] = {
            "kind": self.kind,
            "incident": self.incident,
            "site": self.site,
            "what": self.what,
            "events": list(self.events),
            "aver": self.aver,
            "answer": self.answer,
            "who": self.who,
            "by": self.by,
            "withdrawn": list(self.withdrawn),
            "frames": self.frames,
        }
        fields |= {"drill": 1} if self.drill else {}
        return fields if self.age < 0 else fields | {"age": self.age}

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> "IncidentCommand":
        frames = fields.get("frames")
        if not isinstance(frames, dict) or not all(isinstance(v, str) for v in frames.values()):
            raise FrameError("frames must be an object of texts")
        return cls(
            read_event(fields, "incident"),
            read_text(fields, "site", 60),
            read_text(fields, "what", 20),
            read_events(fields, "events"),
            read_integer(fields, "aver"),
            read_text(fields, "answer", 20),
            read_text(fields, "who", 200),
            read_text(fields, "by", 60),
            read_events(fields, "withdrawn"),
            frames,
            read_integer(fields, "age", -1) if "age" in fields else -1,
            read_integer(fields, "drill", 0, 1) if "drill" in fields else 0,
        )


def fields_of_one(command: IncidentCommand, lamp: str, own: bool, place: str) -> dict[str, Any]:
    """The command for a lamp that is its own gateway: no more than it needs to say whose house calls. `own`: its own
    house, whose statement it gets; `place`: the house's name."""
    frames = {lamp: command.frames[lamp]} if own and lamp in command.frames else {}
    less = replace(command, events=(command.incident,), withdrawn=(), frames=frames)
    return less.to_fields() | {"role": "own" if own else "near", "place": place[:NAME_MAX]}


@dataclass(frozen=True, slots=True)
class RegistryCommand:
    """SSE command "registry": the village's device list changed; fetch it."""

    version: int

    kind = "registry"

    def to_fields(self) -> dict[str, Any]:
        return {"kind": self.kind, "version": self.version}

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> "RegistryCommand":
        return cls(read_integer(fields, "version"))


@dataclass(frozen=True, slots=True)
class PlanCommand:
    """SSE command "plan": the village's escalation plan changed; fetch it."""

    version: int

    kind = "plan"

    def to_fields(self) -> dict[str, Any]:
        return {"kind": self.kind, "version": self.version}

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> "PlanCommand":
        return cls(read_integer(fields, "version"))


CALL_BY = ("voice", "sms")
BROADCAST_TEXT_MAX = 200


@dataclass(frozen=True, slots=True)
class CallCommand:
    """SSE command "call": the village's modem calls or writes to one person, once. `id`: the county's name of it;
    `what`: of the alarm, or "test"; `place`: as of an order of the village's own. What becomes of it goes up as
    `ordered`."""

    id: str
    channel: str
    address: str
    name: str
    lang: str
    incident: str
    what: str
    place: str
    drill: int

    kind = "call"

    def to_fields(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "id": self.id,
            "channel": self.channel,
            "address": self.address,
            "name": self.name,
            "lang": self.lang,
            "incident": self.incident,
            "what": self.what,
            "place": self.place,
            "drill": self.drill,
        }

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> "CallCommand":
        channel = read_text(fields, "channel", 20)
        if channel not in CALL_BY:
            raise FrameError(f"a call is by {' or '.join(CALL_BY)}")
        return cls(
            read_name(fields, "id"),
            channel,
            read_text(fields, "address", 60),
            read_text(fields, "name", NAME_MAX),
            read_text(fields, "lang", 16),
            read_text(fields, "incident", 60),
            read_text(fields, "what", 20),
            read_text(fields, "place", NAME_MAX),
            read_integer(fields, "drill", 0, 1),
        )


@dataclass(frozen=True, slots=True)
class BroadcastCommand:
    """SSE command "broadcast": every loudspeaker of the village says it, `times` times, whatever the hour. `clip`: a
    recording of the village's own, "" none; `text`: what is spoken where there is no such recording."""

    id: str
    text: str
    clip: str
    lang: str
    times: int
    drill: int

    kind = "broadcast"

    def to_fields(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "id": self.id,
            "text": self.text,
            "clip": self.clip,
            "lang": self.lang,
            "times": self.times,
            "drill": self.drill,
        }

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> "BroadcastCommand":
        return cls(
            read_name(fields, "id"),
            read_text(fields, "text", BROADCAST_TEXT_MAX),
            read_text(fields, "clip", NAME_MAX),
            read_text(fields, "lang", 16),
            read_integer(fields, "times", 1, 10),
            read_integer(fields, "drill", 0, 1),
        )


@dataclass(frozen=True, slots=True)
class DrillCommand:
    """SSE command "drill": the next alarm of this site is one, if it is pressed while the command is not void. `lasts`:
    ms from the announcement until then, so that a press of before it is none."""

    site: str
    lasts: int

    kind = "drill"

    def to_fields(self) -> dict[str, Any]:
        return {"kind": self.kind, "site": self.site, "lasts": self.lasts}

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> "DrillCommand":
        return cls(read_text(fields, "site", 60), read_integer(fields, "lasts", 1))


def read_name(fields: dict[str, Any], name: str) -> str:
    """The county's name of an order: it stands in a note, so it has no spaces."""
    value = read_text(fields, name, 40)
    if not ID.fullmatch(value):
        raise FrameError(f"{name} is made of a-z, 0-9 and hyphens")
    return value


Command = IncidentCommand | RegistryCommand | PlanCommand | CallCommand | BroadcastCommand | DrillCommand


def write_command(seq: int, not_after_ms: int, command: dict[str, Any]) -> str:
    """One line of JSON for SSE `data:`. `not_after_ms`: void after this long from now, 0: never."""
    return json.dumps(
        {"v": VERSION, "seq": seq, "not_after_ms": not_after_ms, **command}, ensure_ascii=False, separators=(",", ":")
    )


def read_command(data: bytes) -> tuple[int, int, Command | None]:
    """(seq, not_after_ms, command); None for a kind this version does not know: confirm it, do nothing."""
    fields = read_object(data)
    seq, not_after = read_integer(fields, "seq"), read_integer(fields, "not_after_ms")
    for kind in (IncidentCommand, RegistryCommand, PlanCommand, CallCommand, BroadcastCommand, DrillCommand):
        if fields.get("kind") == kind.kind:
            return seq, not_after, kind.from_fields(fields)
    return seq, not_after, None


def cursor_text(epoch: str, seq: int) -> str:
    return f"{epoch}:{seq}"


def read_cursor(text: str) -> tuple[str, int] | None:
    """(epoch, seq) of "<epoch>:<seq>"; None where it is not one, which means: from the beginning."""
    epoch, _, seq = text.partition(":")
    if not is_hex(epoch, 16) or not seq.isascii() or not seq.isdigit() or int(seq) > INTEGER_MAX:
        return None
    return epoch, int(seq)
