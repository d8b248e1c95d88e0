"""A batch folded over what the county knows: what is to be stored, said and shown. Pure; `now` is the database's."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from heartlamp_protocol.device.names import owner_of, user
from heartlamp_protocol.inbound import Alarm, Answer, Cancel, Frame, Head, Reading, Still
from heartlamp_protocol.said_to_device import SETTINGS_VER
from heartlamp_protocol.uplink import Item, Note, Verdict, device_of_one

from heartlamp_server.alarm.model import (
    AGAIN,
    ASIDE,
    CLASH,
    NEW,
    REPLACE,
    EventRow,
    Evidence,
    Judgement,
    Stored,
    judge,
    observed_at,
    receipt,
    verified,
)
from heartlamp_server.device.model import Device
from heartlamp_server.incident import drill
from heartlamp_server.incident import model as incidents
from heartlamp_server.incident.drill import Announced
from heartlamp_server.incident.model import Entry, Incident, Refused
from heartlamp_server.ingest import notes as said
from heartlamp_server.ingest.model import REASON_MAX, Known, NoteRow, Parsed, Plan
from heartlamp_server.telemetry.model import Point

AGAIN_WITHIN = timedelta(minutes=30)
"""Who presses again so soon after the close was not helped: it counts as reopened."""
ON_ITS_WAY = timedelta(minutes=1)  # an alarm may lie so long at four lamps that carry it, without growing older


class Fold:
    """Takes one gateway's items and notes one by one; `known` and `plan` hold the outcome so far, theirs and that of
    the gateways before it."""

    def __init__(self, known: Known, plan: Plan, gateway: str, epoch: str) -> None:
        self.known, self.plan, self.gateway, self.epoch = known, plan, gateway, epoch

    def run(self, parsed: Sequence[Parsed], notes: Sequence[Note]) -> tuple[Verdict, ...]:
        """The verdicts on these."""
        begun = len(self.plan.verdicts)
        # Alarms first: an answer may stand before its alarm in the same batch.
        for p in sorted(parsed, key=lambda p: not (p.frame and isinstance(p.frame.content, Alarm))):
            self.plan.verdicts.append(self._item(p))
        for note in notes:
            self.plan.verdicts.append(self._note(note))
        self._end_waiting()
        return tuple(self.plan.verdicts[begun:])

    # --- one frame ----------------------------------------------------------------------------------------------

    def _item(self, parsed: Parsed) -> Verdict:
        item, frame = parsed.item, parsed.frame
        if frame is None:
            return self._aside(item, "rejected", parsed.reason)
        if isinstance(frame.content, Reading):
            return self._reading(item, frame, frame.content)
        content = frame.content
        device = self.known.devices.get(content.head.device)
        row = self.known.events.get(content.id)
        stored = Stored(row.incident, row.body, row.verified) if row else None
        judgement = judge(frame, device, stored, self.gateway, item.user)
        if judgement.fate == ASIDE or device is None:
            return self._aside(item, judgement.verdict, judgement.reason)
        if judgement.verified and judgement.fate in (NEW, REPLACE):  # anybody may have kept a copy of what was had
            self.plan.seen(device.id, observed_at(self.known.now, item.age, 0))
            self._used(device, content.head.key_version)
        seen = observed_at(self.known.now, item.age, frame.age)
        new = self._event_row(frame, seen, judgement.verified)
        if judgement.fate == CLASH and row is not None:
            self._clash(row, new, judgement)
        elif judgement.fate == REPLACE and row is not None:
            self._replace(row, new, item, device)
        elif judgement.fate != AGAIN:
            self._store(new, item, device)
        elif row is not None:
            self._again(row)
        signed = (
            receipt(frame, content.id, device, self.epoch) if judgement.verified and self._mine(frame, device) else ""
        )
        return Verdict(item.n, judgement.verdict, judgement.reason, signed)

    def _again(self, row: EventRow) -> None:
        """It came by another path before. Where that incident is closed, this gateway, to which it is new, must learn
        it, because it has lit its lamps for it since it had the command. Once, and nobody else: who has a token could
        bring an old event for ever."""
        incident = self.known.incidents.get(row.incident or "")
        if incident is None or incident.closed_at is None or self.gateway in (row.gateway, *row.reminded):
            return
        if said.tells_of(self.known.places[incident.site], self.gateway):
            row = replace(row, reminded=(*row.reminded, self.gateway))
            self.plan.events[row.id] = self.known.events[row.id] = row
            self.plan.reminded.add((self.gateway, incident.id))

    def _mine(self, frame: Frame, device: Device) -> bool:
        """The bytes of a stored event are verified, but these came with a key version that is gone."""
        return frame.content.head.key_version in device.keys

    def _aside(self, item: Item, verdict: str, reason: str) -> Verdict:
        self.plan.evidence.append(Evidence(self.gateway, item.user, verdict, reason, item.frame))
        return Verdict(item.n, verdict, reason)

    def _event_row(self, frame: Frame, seen: datetime | None, good: bool) -> EventRow:
        content = frame.content
        assert not isinstance(content, Reading)
        head = content.head
        match content:
            case Alarm():
                kind, detail, refers_to = "alarm", content.what, ""
            case Answer():
                kind, detail, refers_to = "answer", content.answer, content.incident
            case Still():
                kind, detail, refers_to = "still", f"{content.size} {content.sum}", content.incident
            case Cancel():
                kind, detail, refers_to = "cancel", "", ""
        return EventRow(
            content.id, None, refers_to, kind, detail, head.device, head.key_version, head.boot, head.seq, head.up,
            good, frame.mac, frame.body, self.gateway, self.known.now, seen,
        )  # fmt: skip

    # --- what becomes of an event ---------------------------------------------------------------------------------

    def _store(self, row: EventRow, item: Item, device: Device) -> None:
        incident: str | None
        if row.kind == "alarm":
            incident = self._alarm(row, item, device)
        elif row.kind == "answer":
            incident = self._answer(row, device)
        elif row.kind == "still":
            incident = self._still(row, device)
        else:
            incident = self._cancel(row, device)
        row = replace(row, incident=incident)
        self.plan.events[row.id] = self.known.events[row.id] = row
        if incident and not row.verified:
            self._apply(incidents.doubt(self.known.incidents[incident], row.id, self.known.now, "wrong mac"))

    def _alarm(self, row: EventRow, item: Item, device: Device) -> str:
        announced = self._drill(row, device)
        incident = self._open(device.site, row.detail)
        if incident is not None:
            self._apply(incidents.press(incident, row.id, self.known.now, row.observed_at, device.source()), tell=True)
            return incident.id
        place = self.known.places[device.site]
        at = row.observed_at or observed_at(self.known.now, item.age, 0) or self.known.now  # at the latest
        incident = Incident(
            id=row.id,
            site=device.site,
            what=row.detail,
            place=place.snapshot,
            opened_at=self.known.now,
            observed_at=row.observed_at,
            heard_age_ms=item.age if item.age >= 0 else None,
            last_press_at=at,
            lit_of=0 if row.detail == "silent" else place.lamps,
            events=(row.id,),
            reopens="" if announced else self._ended_before(row, device.site),
        )
        seen = row.observed_at.isoformat() if row.observed_at else None
        detail = {"event": row.id, "what": row.detail, "observed_at": seen, "via": self.gateway} | device.source()
        self._apply((incident, Entry(row.id, at, "opened", detail)), tell=True)
        if announced:
            self._apply(drill.mark(incident, announced, at), tell=True)
        return row.id

    def _ended_before(self, row: EventRow, site: str) -> str:
        """The call of this house and kind that was closed shortly before this press, "" none. A drill ends for good."""
        pressed = row.observed_at or self.known.now
        ended = [
            (i.closed_at, i.id)
            for i in self.known.incidents.values()
            if i.site == site and i.what == row.detail and i.closed_at is not None and not i.drill
        ]
        return max((e for e in ended if timedelta() <= pressed - e[0] <= AGAIN_WITHIN), default=(pressed, ""))[1]

    def _drill(self, row: EventRow, device: Device) -> Announced | None:
        """The announcement whose drill this alarm is. Every alarm uses up the window, and one that is none makes real
        what was a drill there. A silent one does neither: at the house nobody must see that it came."""
        if row.detail == "silent":
            return None
        site, now = device.site, self.known.now
        here = [i for i in self.known.incidents.values() if i.site == site and i.closed_at is None]
        announced = self.known.drills.pop(site, None)
        is_it = announced is not None and row.verified and drill.takes(announced, site, row.observed_at, now)
        if not is_it or any(not i.drill and i.what != "silent" for i in here):
            for incident in here:
                if incident.drill:
                    self._apply(drill.earnest(incident, "", now), tell=True)
            is_it = False
        if announced is not None:
            joined = self._open(site, row.detail)
            marked = (joined.id if joined else row.id) if is_it else None
            self.plan.drills.append((announced.id, row.id, marked))
        return announced if is_it else None

    def _answer(self, row: EventRow, device: Device) -> str | None:
        incident = self._referred(row.refers_to)
        if incident is None:
            return None
        incident = incidents.attach(self._answered(incident, row), row.id)
        name = device.site_name
        key = f"site:{device.site}"
        if row.detail == "arrived":
            key, name = incidents.arriving(incident, device.site, name)
        detail = {"event": row.id, "device": device.id, "who": name, "answer": row.detail}
        at = row.observed_at or self.known.now  # on the timeline; who was first is decided by when the county had it
        change = (incident, Entry(incident.id, at, "answer_unverified", detail))
        if row.verified:
            try:
                self._may_answer(device, incident, row.detail)
                changed, entry = incidents.answer(
                    incident, key, name, row.detail, self.known.now, event=row.id, pressed=row.observed_at
                )
                change = changed, replace(entry, at=at, detail=entry.detail | {"event": row.id, "device": device.id})
            except Refused as why:
                if row.detail == "coming":
                    incident = incidents.comes_again(incident, key, row.observed_at)
                change = (incident, Entry(incident.id, at, "answer_kept", detail | {"reason": str(why)}))
        self._apply(change, tell=True)
        return incident.id

    def _answered(self, incident: Incident, row: EventRow) -> Incident:
        """While a village is cut off, its next press joins a call that the county closed meanwhile; who answers after
        that press answers it, and not the closed call."""
        later = self._open(incident.site, incident.what) if incident.closed_at else None
        if later and row.observed_at and later.observed_at and row.observed_at >= later.observed_at:
            return later
        return incident

    def _may_answer(self, device: Device, incident: Incident, word: str) -> None:
        """Raises Refused for a device of another village than the incident's, and for the house that called and cannot
        come to itself."""
        if device.site == incident.site and word == "coming":
            raise Refused(f"{device.site_name}就是求助的这一家", f"{device.site_name} is the house that called")
        if device.village != self.known.places[incident.site].village:
            raise Refused(f"{device.site_name}在另一个村", f"{device.site_name} is in another village")

    def _cancel(self, row: EventRow, device: Device) -> str | None:
        """Marks every open incident of the house but a silent one; belongs to the newest, or to the last closed one.
        After an outage it may come together with an alarm that was raised hours later: that one it does not mean."""
        here = [i for i in self.known.incidents.values() if i.site == device.site and i.what != "silent"]
        here = [i for i in here if not _later(i, row)]
        if not here:
            return None
        newest = max(here, key=lambda i: (i.closed_at is None, i.observed_at or i.opened_at))
        self._apply((incidents.attach(newest, row.id), None), tell=True)
        for incident in here:
            if row.verified and incident.closed_at is None:
                self._apply(
                    incidents.cancel(
                        self.known.incidents[incident.id], row.id, row.observed_at or self.known.now, device.source()
                    ),
                    tell=True,
                )
        return newest.id

    def _still(self, row: EventRow, device: Device) -> str | None:
        """A picture was taken: a line of the timeline, and nothing more. It is no press and no answer, so neither the
        lamps nor the village hear of it."""
        incident = self._referred(row.refers_to)
        if incident is None:
            return None
        size, _, picture = row.detail.partition(" ")
        detail = {"event": row.id, "bytes": int(size), "sum": picture} | device.source()
        kind = "still"
        if not row.verified:
            kind = "still_unverified"
        elif device.kind != "camera" or device.site != incident.site:  # no house's camera looks at another's alarm
            kind = "still_kept"
        self._apply((incident, Entry(incident.id, row.observed_at or self.known.now, kind, detail)))
        return incident.id

    def _replace(self, old: EventRow, new: EventRow, item: Item, device: Device) -> None:
        """The device's own bytes take the place of unverified ones, and have the effect that those were denied."""
        if old.incident is None:
            self._store(new, item, device)
            return
        self._apply(incidents.trust(self.known.incidents[old.incident], old.id, self.known.now), tell=True)
        incident: str | None = old.incident
        if new.kind == "alarm" and old.kind == "alarm":
            incident = self._correct(old.incident, new, device)
        elif new.kind == "alarm":
            incident = self._alarm(new, item, device)
        elif new.kind == "answer":
            incident = self._answer(new, device) or old.incident
        elif new.kind == "cancel":
            incident = self._cancel(new, device) or old.incident
        elif new.kind == "still":
            incident = self._still(new, device) or old.incident
        self.plan.events[new.id] = self.known.events[new.id] = replace(new, incident=incident)

    def _correct(self, id: str, new: EventRow, device: Device) -> str:
        """A forged alarm had said something else: the true matter goes to its own incident, or corrects this one."""
        incident = self.known.incidents[id]
        if new.detail == incident.what:
            return id
        other = self._open(device.site, new.detail)
        if other is None and id == new.id and incident.closed_at is None:
            lit_of = 0 if new.detail == "silent" else incident.lit_of
            corrected = replace(incident, what=new.detail, lit_of=lit_of)
            entry = Entry(id, self.known.now, "corrected", {"event": new.id, "what": new.detail})
            self._apply((corrected, entry), tell=True)
            return id
        if other is None:
            return id
        self._apply(incidents.press(other, new.id, self.known.now, new.observed_at, device.source()), tell=True)
        return other.id

    def _clash(self, old: EventRow, new: EventRow, judgement: Judgement) -> None:
        self.plan.clashes.append(new)
        if old.incident is not None:
            incident = self.known.incidents[old.incident]
            changed, entry = incidents.doubt(incident, old.id, self.known.now, judgement.reason)
            self._apply((changed, replace(entry, kind="clash") if old.id not in incident.doubts else None))

    def _used(self, device: Device, version: int) -> None:
        if version in device.pending:
            self.plan.renewed.add((device.id, version))

    # --- readings -------------------------------------------------------------------------------------------------

    def _reading(self, item: Item, frame: Frame, reading: Reading) -> Verdict:
        head = reading.head
        device = self.known.devices.get(head.device)
        if device is None:
            return self._aside(item, "quarantined", f"unknown device {head.device}")
        if device.revoked:
            return self._aside(item, "quarantined", f"device {head.device} was revoked")
        if not verified(frame, device.keys.get(head.key_version)):
            return self._aside(item, "quarantined", f"wrong mac for a reading of {head.device}")
        at = observed_at(self.known.now, item.age, frame.age)
        if at is None:  # of an earlier boot of the gateway, or of long ago: what was measured when nobody knows
            return Verdict(item.n, "received", "its time is unknown: confirmed, not stored")
        self.plan.seen(device.id, at)
        self._used(device, head.key_version)
        self.plan.points += [
            Point(device.id, name, at, value, head.boot, head.seq) for name, value in reading.values.items()
        ]
        return Verdict(item.n, "received", "", self._settings(item, head, reading, device))

    def _settings(self, item: Item, head: Head, reading: Reading, device: Device) -> str:
        """The answer to a heartbeat: what the device has yet to set. Not by a lamp that may not carry it: what is said
        goes back by the way it came."""
        has = reading.values.get(SETTINGS_VER)
        if has is None or item.user != user(device.id, head.key_version):
            return ""
        return device.settings(head.key_version, has)

    # --- notes ----------------------------------------------------------------------------------------------------

    def _note(self, note: Note) -> Verdict:
        at = observed_at(self.known.now, note.age, 0)
        row = NoteRow(note.id, self.gateway, None, note.incident, note.what, note.subject, at or self.known.now)
        if owner_of(note.id) != (device_of_one(self.gateway) or self.gateway):
            reason = f"note {note.id} has another gateway's name"
            return Verdict(note.n, "rejected", self._kept(row, reason))
        if note.id in self.known.notes:
            return Verdict(note.n, "duplicate")
        if wrong := self._fault(row):
            return Verdict(note.n, "rejected", wrong[:REASON_MAX])
        if self._shows_already(row):
            return Verdict(note.n, "duplicate")
        self.known.notes.add(note.id)
        self.plan.notes.append(self._noted(row))
        return Verdict(note.n, "received")

    def _fault(self, row: NoteRow) -> str:
        """Keeps what does not count as evidence, and says why; "" where it counts."""
        wrong = said.fault(row, self._referred(row.refers_to), self.known)
        return self._kept(row, wrong) if wrong else ""

    def _kept(self, row: NoteRow, wrong: str) -> str:
        evidence = said.evidence(row, wrong)
        if not any((e.gateway, e.frame) == (evidence.gateway, evidence.frame) for e in self.plan.evidence):
            self.plan.evidence.append(evidence)
        return wrong

    def _shows_already(self, row: NoteRow) -> bool:
        """Said once for each lamp and incident (section 8): under a new id it is no news, and no line of a timeline."""
        incident = self._referred(row.refers_to)
        return row.what == "lit" and incident is not None and row.subject in incident.lit

    def _noted(self, row: NoteRow) -> NoteRow:
        if row.what in ("online", "offline"):
            self.plan.seen(row.subject, row.at if row.what == "online" else None, row.what == "online")
            return replace(row, refers_to="")
        if row.what == "refused":
            self.plan.evidence.append(Evidence(self.gateway, self.gateway, "rejected", row.subject, row.id.encode()))
            return replace(row, refers_to="")
        if row.what in ("trouble", "restored"):
            return replace(row, refers_to="")  # kept as it came
        incident = self._referred(row.refers_to)
        if incident is None:
            return row
        if row.what == "lit":
            self._apply(incidents.light(incident, self.known.devices[row.subject].source(), self.known.now, row.at))
        elif row.what != "answer":
            kind, detail = said.told(row)
            after = incident
            if row.what == "lapsed":
                after = incidents.lapsed(incident, detail["who"], row.at, self.known.now)
            self._apply((after, Entry(incident.id, row.at, kind, detail)), tell=after is not incident)
        else:
            word, _, device = row.subject.partition(" ")
            who = self.known.devices[device].site_name if device else ""
            detail = {"subject": row.subject, "gateway": row.gateway, "answer": word, "who": who}
            self._apply((incident, Entry(incident.id, row.at, "village_answer", detail)))
        return replace(row, incident=incident.id)

    # --- what waited ----------------------------------------------------------------------------------------------

    def _end_waiting(self) -> None:
        for row in [row for row in self.known.waiting_events if self._referred(row.refers_to)]:
            device = self.known.devices.get(row.device)
            if row.id not in self.plan.events and device:
                self._store(row, Item(0, -1, "", b""), device)
                self.known.waiting_events.remove(row)
        for note in [note for note in self.known.waiting_notes if self._referred(note.refers_to)]:
            idle = self._fault(note) or self._shows_already(note)  # then it waits no longer
            self.plan.notes.append(replace(note, refers_to="") if idle else self._noted(note))
            self.known.waiting_notes.remove(note)

    # --- looking things up ----------------------------------------------------------------------------------------

    def _open(self, site: str, what: str) -> Incident | None:
        for incident in self.known.incidents.values():
            if incident.site == site and incident.what == what and incident.closed_at is None:
                return incident
        return None

    def _referred(self, event: str) -> Incident | None:
        """The incident that holds this event: gateway and county may have opened one call with different presses. One
        that no device opened is known by its id alone."""
        row = self.known.events.get(event)
        return self.known.incidents.get(row.incident if row and row.incident else event)

    def _apply(self, change: tuple[Incident, Entry | None], tell: bool = False) -> None:
        incident, entry = change
        self.known.incidents[incident.id] = incident
        self.plan.touched.add(incident.id)
        if tell:
            self.plan.told.add(incident.id)
        if entry is not None:
            self.plan.timeline.append(entry)
        if incident.drill and incident.doubts and incident.closed_at is None:  # nobody knows who pressed
            self._apply(drill.earnest(incident, "", self.known.now), tell=True)


def _later(incident: Incident, row: EventRow) -> bool:
    """It began after this, for all that is known."""
    if incident.observed_at is None or row.observed_at is None:
        return False
    return incident.observed_at - row.observed_at > ON_ITS_WAY
