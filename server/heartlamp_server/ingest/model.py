"""What a batch is folded over, and what comes out: items taken apart, what is known, what is to be done. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.inbound import Frame, read_frame
from heartlamp_protocol.uplink import Item, Note, Verdict

from heartlamp_server.alarm.model import (
    EventRow,
    Evidence,
)
from heartlamp_server.area.model import Place
from heartlamp_server.device.model import Device, later
from heartlamp_server.incident.drill import Announced
from heartlamp_server.incident.model import Entry, Incident
from heartlamp_server.telemetry.model import Point

REASON_MAX = 200


@dataclass(frozen=True, slots=True)
class Parsed:
    """An item and what it says, or why it says nothing."""

    item: Item
    frame: Frame | None
    reason: str = ""


def parse(items: Sequence[Item]) -> list[Parsed]:
    parsed = []
    for item in items:
        try:
            parsed.append(Parsed(item, read_frame(item.frame)))
        except FrameError as error:
            parsed.append(Parsed(item, None, str(error)[:REASON_MAX]))
    return parsed


def storable(text: str) -> str:
    """PostgreSQL's texts hold neither NUL nor half a character; JSON's may."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


def clean_item(item: Item) -> Item:
    user = storable(item.user)
    return item if user == item.user else replace(item, user=user)


def clean_note(note: Note) -> Note:
    incident, what, subject = storable(note.incident), storable(note.what), storable(note.subject)
    return replace(note, incident=incident, what=what, subject=subject)


@dataclass(frozen=True, slots=True)
class NoteRow:
    """`incident` None: of the gateway itself, or waits for the incident of `refers_to`."""

    id: str
    gateway: str
    incident: str | None
    refers_to: str
    what: str
    subject: str
    at: datetime


@dataclass(slots=True)
class Known:
    """What the county knows, as far as this batch needs it, read under the sites' locks.

    places: by site; events: id -> row, also those that are only referred to;
    incidents: id -> state, every open one of the sites and every one referred to; notes: ids had already;
    waiting: events and notes that wait for an event of this batch; drills: site -> the window that its next alarm
    falls into.
    """

    now: datetime
    devices: dict[str, Device]
    places: dict[str, Place]
    events: dict[str, EventRow]
    incidents: dict[str, Incident]
    notes: set[str]
    waiting_events: list[EventRow] = field(default_factory=list)
    waiting_notes: list[NoteRow] = field(default_factory=list)
    drills: dict[str, Announced] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """What is to be done in one transaction. `touched`: incidents whose row changed; `told`: those whose lamps and
    gateway must learn of it; `reminded`: (gateway, incident) where it alone must be told again;
    `presence`: device -> (last seen, online), None: as it was; `renewed`: (device, key version) that had waited for its
    first use; `drills`: (window, the alarm that used it up, the incident that is the drill or None)."""

    verdicts: list[Verdict] = field(default_factory=list)
    events: dict[str, EventRow] = field(default_factory=dict)
    clashes: list[EventRow] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    notes: list[NoteRow] = field(default_factory=list)
    timeline: list[Entry] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    reminded: set[tuple[str, str]] = field(default_factory=set)
    points: list[Point] = field(default_factory=list)
    presence: dict[str, tuple[datetime | None, bool | None]] = field(default_factory=dict)
    renewed: set[tuple[str, int]] = field(default_factory=set)
    drills: list[tuple[int, str, str | None]] = field(default_factory=list)

    def seen(self, device: str, at: datetime | None, online: bool | None = None) -> None:
        """It was seen then, and is online or not; None: not said."""
        self.presence[device] = later(self.presence.get(device, (None, None)), (at, online))
