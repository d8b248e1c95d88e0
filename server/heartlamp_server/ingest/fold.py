"""A batch folded over what the county knows: what is to be stored, said and shown. Pure; `now` is the database's."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from heartlamp_protocol.device.names import user
from heartlamp_protocol.inbound import Alarm, Answer, Cancel, Frame, Head, Reading, Still
from heartlamp_protocol.said_to_device import SETTINGS_VER
from heartlamp_protocol.uplink import Item, Note, Verdict

from heartlamp_server.alarm.model import (
    AGAIN,
    ASIDE,
    CLASH,
    NEW,
    REPLACE,
    EventRow,
    Stored,
    judge,
    observed_at,
    receipt,
    verified,
)
from heartlamp_server.device.model import Device
from heartlamp_server.ingest import notes as said
from heartlamp_server.ingest.happened import Happened
from heartlamp_server.ingest.model import Parsed
from heartlamp_server.ingest.noted import Noted
from heartlamp_server.telemetry.model import Point


class Fold(Happened, Noted):
    """Takes one gateway's items and notes one by one."""

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
