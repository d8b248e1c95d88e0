"""Warnings as CAP 1.2 (OASIS Common Alerting Protocol). Pure: an incident's timeline becomes the messages that were
sent of it, the same ones whenever they are asked for.

What stands in one: the kind, the village, how urgent. No house, no household group, no name, no device's id; of a
silent alarm there is no message at all."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from xml.etree import ElementTree as xml

from heartlamp_server.incident.texts import WHAT

SPACE = "urn:oasis:names:tc:emergency:cap:1.2"
ATOM = "http://www.w3.org/2005/Atom"
ALERT, UPDATE, CANCEL = "Alert", "Update", "Cancel"
_ZONE = timezone(timedelta(hours=8))
_RESTRICTION = "for the systems that the county let in"

KINDS: Mapping[str, tuple[str, str, str]] = {
    "panic": ("Rescue", "Severe", "Assess"),
    "fire": ("Fire", "Severe", "Prepare"),
    "gas": ("Safety", "Severe", "Avoid"),
    "flood": ("Safety", "Moderate", "Assess"),
    "slope": ("Geo", "Severe", "Evacuate"),
}
"""what -> (category, severity, response) of CAP. A silent alarm has none."""


@dataclass(frozen=True, slots=True)
class Told:
    """Of an incident, as far as other systems may know it. `path`: names of areas down to the village; `code`: the
    village's, "" none; `doubtful`: not verified."""

    incident: str
    what: str
    path: tuple[str, ...]
    code: str
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """`n`: from 1; `after`: the one that it speaks of, None of an alert; `false`: it was a false alarm; `there`:
    somebody had arrived by then; `drill`: an exercise, as far as was known by then."""

    told: Told
    n: int
    kind: str
    sent: datetime
    after: "Message | None" = None
    what: str = ""
    false: bool = False
    there: bool = False
    drill: bool = False

    @property
    def identifier(self) -> str:
        """Says nothing of the device that opened it."""
        digest = hashlib.sha256(f"cap {self.told.incident}".encode()).hexdigest()[:24]
        return f"heartlamp-{digest}-{self.n}"


_KEPT = ("opened", "opened_by", "corrected", "closed", "false", "reopened", "earnest")
_ARRIVED = "arrived"


def messages(told: Told, timeline: Iterable[tuple[datetime, str, Mapping[str, object]]]) -> list[Message]:
    """In the order in which they were sent. `timeline`: (when, kind, detail), the opening line first. That it is no
    drill is an alert of its own."""
    if told.what not in KINDS:
        return []
    found: list[Message] = []
    what, there, lines = told.what, False, list(timeline)
    drill = any(kind == "drill" for _, kind, _ in lines)
    for at, kind, detail in lines:
        there = there or (kind == "answer" and detail.get("answer") == _ARRIVED)
        if kind not in _KEPT:
            continue
        last = found[-1] if found else None
        sent = max(at, last.sent + timedelta(seconds=1)) if last else at
        if kind in ("opened", "opened_by", "corrected"):
            what = str(detail.get("what", what))
            what = what if what in KINDS else told.what
        if last is None or kind in ("reopened", "earnest"):
            there, drill = False, drill and last is None
            found.append(Message(told, len(found) + 1, ALERT, sent, None, what, drill=drill))
        elif kind in ("closed", "false"):
            found.append(Message(told, len(found) + 1, CANCEL, sent, last, what, kind == "false", there, drill))
        elif kind == "corrected" and last.kind != CANCEL:
            found.append(Message(told, len(found) + 1, UPDATE, sent, last, what, False, there, drill))
    return found


def moment(at: datetime) -> str:
    """As CAP wants it: seconds, and an offset that is never Z."""
    return at.astimezone(_ZONE).isoformat(timespec="seconds")


def write(message: Message, sender: str) -> bytes:
    """The document. `sender`: ours, without blanks or commas."""
    root = xml.Element("alert", xmlns=SPACE)
    _add(root, "identifier", message.identifier)
    _add(root, "sender", sender)
    _add(root, "sent", moment(message.sent))
    _add(root, "status", "Exercise" if message.drill else "Actual")
    _add(root, "msgType", message.kind)
    _add(root, "scope", "Restricted")
    _add(root, "restriction", _RESTRICTION)
    if message.drill:
        _add(root, "note", "演练 · drill")
    if message.after is not None:
        _add(root, "references", f"{sender},{message.after.identifier},{moment(message.after.sent)}")
    for language, place in (("zh-CN", 0), ("en-US", 1)):
        _info(xml.SubElement(root, "info"), message, language, place)
    return _document(root)


def _info(info: xml.Element, message: Message, language: str, place: int) -> None:
    told = message.told
    category, severity, response = KINDS[message.what]
    over = message.kind == CANCEL
    _add(info, "language", language)
    _add(info, "category", category)
    _add(info, "event", WHAT[message.what][place])
    _add(info, "responseType", "AllClear" if over else response)
    _add(info, "urgency", "Past" if over else "Immediate")
    _add(info, "severity", severity)
    _add(info, "certainty", _certainty(message))
    _add(info, "senderName", f"{told.path[0]} 心灯" if place == 0 else f"Heart-Lamp, {told.path[0]}")
    _add(info, "headline", _headline(message, place))
    area = xml.SubElement(info, "area")
    _add(area, "areaDesc", "".join(told.path) if place == 0 else ", ".join(reversed(told.path)))
    if told.code:
        code = xml.SubElement(area, "geocode")
        _add(code, "valueName", "CN-ADMIN-DIVISION")
        _add(code, "value", told.code)


def _certainty(message: Message) -> str:
    if message.false:
        return "Unlikely"
    if message.there:
        return "Observed"
    return "Possible" if message.told.doubtful else "Likely"


def _headline(message: Message, place: int) -> str:
    drill = ("【演练】", "DRILL: ")[place] if message.drill else ""
    what, village = WHAT[message.what][place], message.told.path[-1]
    if message.false:
        return drill + (f"{village}{what}：误报", f"{village}: {what}, false alarm")[place]
    if message.kind == CANCEL:
        return drill + (f"{village}{what}：已处置", f"{village}: {what}, over")[place]
    return drill + (f"{village}{what}", f"{village}: {what}")[place]


def feed(found: Sequence[Message], sender: str, address: str, now: datetime) -> bytes:
    """An Atom list of them, newest first. `address`: of the list itself; a message is at `address`/IDENTIFIER.xml."""
    root = xml.Element("feed", xmlns=ATOM)
    _add(root, "id", f"urn:heartlamp:{sender}:cap")
    _add(root, "title", "心灯预警 · Heart-Lamp warnings")
    _add(root, "updated", moment(max((m.sent for m in found), default=now)))
    author = xml.SubElement(root, "author")
    _add(author, "name", sender)
    xml.SubElement(root, "link", rel="self", href=address)
    for message in sorted(found, key=lambda m: (m.sent, m.n), reverse=True):
        entry = xml.SubElement(root, "entry")
        _add(entry, "id", f"urn:heartlamp:{sender}:{message.identifier}")
        _add(entry, "title", _headline(message, 0))
        _add(entry, "updated", moment(message.sent))
        xml.SubElement(
            entry, "link", rel="alternate", type="application/cap+xml", href=f"{address}/{message.identifier}.xml"
        )
    return _document(root)


def _document(root: xml.Element) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{xml.tostring(root, encoding="unicode")}'.encode()


def _add(parent: xml.Element, name: str, text: str) -> None:
    xml.SubElement(parent, name).text = "".join(c for c in text if c in "\t\n" or " " <= c <= "\ud7ff" or c >= "\ue000")
