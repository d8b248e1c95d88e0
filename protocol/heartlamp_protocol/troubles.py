"""What a gateway says of what does not work: subjects of its notes `trouble` and `restored` (docs/protocol.md §8)."""

from dataclasses import dataclass

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.names import is_device_id, is_event_id

OF_DEVICES = ("missed", "never", "mains", "battery", "tamper", "key", "sensor")
OF_MANY = "outage"
OF_BOX = "box"
OF_COUNTY = "county"
KINDS = (*OF_DEVICES, OF_MANY, OF_BOX, OF_COUNTY)
"""missed   it said nothing for its supervision interval
never    nor since the registry has it
mains    it runs on its cell
battery  low, or it cannot be measured
tamper   its case is open
key      one has been down for a minute
sensor   a visit is needed: a detector, a line, a probe
outage   power or network is out for many at once, who are not said one by one
box      of the gateway's own machine
county   it was out of contact
"""
SUBJECT_MAX = 200
DETAIL_MAX = 60


@dataclass(frozen=True, slots=True)
class Told:
    """`kind`: of KINDS; `detail`: a word without spaces, or ""; `subject`: a device's id, "village", "group <id>", or a
    part of the box; `began`: the id of the note that said so first, where this says that it is over, else ""."""

    kind: str
    detail: str
    subject: str
    began: str = ""


def write_trouble(told: Told) -> str:
    """The note's subject; a group's name that is too long is cut."""
    words = [told.began] if told.began else []
    return " ".join([*words, told.kind, told.detail.replace(" ", "_")[:DETAIL_MAX] or "-", told.subject])[:SUBJECT_MAX]


def read_trouble(what: str, text: str) -> Told:
    """`what`: "trouble" or "restored". Raises FrameError."""
    began = ""
    if what == "restored":
        began, _, text = text.partition(" ")
        if not is_event_id(began):
            raise FrameError("restored without the id of a trouble")
    kind, _, rest = text.partition(" ")
    detail, _, subject = rest.partition(" ")
    if kind not in KINDS:
        raise FrameError(f"unknown trouble {kind[:20]!r}")
    if not detail or len(detail) > DETAIL_MAX or not subject:
        raise FrameError(f"a trouble {kind} without detail or subject")
    if kind in OF_DEVICES and not is_device_id(subject):
        raise FrameError(f"a trouble {kind} of no device")
    return Told(kind, "" if detail == "-" else detail, subject, began)
