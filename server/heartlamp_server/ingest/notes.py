"""What a gateway may say by a note: of its own villages' devices and incidents, and nothing but what §8 names. Pure."""

import json

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.kinds import LAMPS
from heartlamp_protocol.device.names import is_event_id
from heartlamp_protocol.troubles import OF_DEVICES, read_trouble
from heartlamp_protocol.uplink import device_of_one

from heartlamp_server.alarm.model import Evidence
from heartlamp_server.area.model import Place
from heartlamp_server.incident.model import Incident
from heartlamp_server.ingest.model import REASON_MAX, Known, NoteRow

_WHATS = ("lit", "answer", "online", "offline", "refused", "step", "duty", "lapsed", "trouble", "restored", "ordered")
_OF_AN_INCIDENT = ("lit", "answer", "step", "duty", "lapsed")
_TOLD = ("step", "duty", "lapsed")  # what the village did and whom it asked: the village's word, as it came
_TROUBLES = ("trouble", "restored")
_WORDS = ("coming", "arrived")  # of a device; "unanswered" is nobody's


def subject_device(what: str, subject: str) -> str:
    """The device that a note is about; "" for none."""
    if what == "answer":
        return subject.partition(" ")[2]
    if what in _TROUBLES:
        try:
            told = read_trouble(what, subject)
        except FrameError:
            return ""
        return told.subject if told.kind in OF_DEVICES else ""
    return subject if what in ("lit", "online", "offline") else ""


def fault(row: NoteRow, incident: Incident | None, known: Known) -> str:
    """Why it does not count, "" where it does. `incident` None: not known yet, or it needs none."""
    if (own := device_of_one(row.gateway)) and ((row.what, row.subject) != ("lit", own) or incident is None):
        return "a gateway of one says only that it shows a call of which the county told it"
    if row.what not in _WHATS:
        return f"unknown note {row.what!r}"
    if row.what in ("refused", "ordered"):  # the outbox knows which gateway it ordered what
        return ""
    if row.what in _TROUBLES:
        try:
            read_trouble(row.what, row.subject)
        except FrameError:
            return f"unknown note {row.subject!r}"
    of_nobody = (row.what == "answer" and row.subject == "unanswered") or (
        row.what in _TROUBLES and not subject_device(row.what, row.subject)
    )
    if row.what == "answer" and not of_nobody and row.subject.partition(" ")[0] not in _WORDS:
        return f"unknown answer {row.subject!r}"
    if row.what in _OF_AN_INCIDENT and not is_event_id(row.refers_to):
        return f"{row.what} without an incident"
    if not of_nobody and row.what not in _TOLD:
        name = subject_device(row.what, row.subject)
        device = known.devices.get(name)
        if device is None:
            return f"{row.what} of an unknown device {name!r}"
        if row.gateway not in device.gateways:
            return f"{row.what} of {name}, which is another village's"
        if row.what == "lit" and device.kind not in LAMPS:
            return f"lit of {name}, which is a {device.kind}"
    if incident and not tells_of(known.places[incident.site], row.gateway):
        return f"{row.what} for {incident.id}, which is another village's incident"
    return ""


def told(row: NoteRow) -> tuple[str, dict[str, str]]:
    """(kind of its timeline entry, its detail) of a note of _TOLD (docs/protocol.md, section 8)."""
    detail = {"subject": row.subject, "gateway": row.gateway}
    if row.what == "step":
        key, state, rest = [*row.subject.split(" ", 2), "", ""][:3]
        name, _, why = rest.partition(" · ")
        _, step, _, channel, *_ = [*key.split("/"), "", "", "", ""]
        return "village_step", detail | {"step": step, "who": name, "channel": channel, "state": state, "why": why}
    answer, _, name = row.subject.partition(" ")
    return f"village_{row.what}", detail | {"answer": answer, "who": name}


def tells_of(place: Place, gateway: str) -> bool:
    """A village's gateway of every incident of the village, a gateway of one of those that it was told of."""
    return gateway in place.gateways or any(gateway == of_one for of_one, _, _ in place.of_one)


def evidence(row: NoteRow, reason: str) -> Evidence:
    """Of a gateway of one it is one row that counts up: who has a stolen lamp's token fills no shelf with it."""
    if device_of_one(row.gateway):
        return Evidence(row.gateway, row.gateway, "rejected", reason[:REASON_MAX], b"notes of a gateway of one")
    said = {"note": row.id, "incident": row.refers_to, "what": row.what, "subject": row.subject}
    kept = json.dumps(said, ensure_ascii=False).encode()
    return Evidence(row.gateway, row.gateway, "rejected", reason[:REASON_MAX], kept)
