"""What a gateway notes: lamps that are lit, what the village did, who is online, what does not work. Pure."""

from dataclasses import replace

from heartlamp_protocol.device.names import owner_of
from heartlamp_protocol.uplink import Note, Verdict, device_of_one

from heartlamp_server.alarm.model import Evidence, observed_at
from heartlamp_server.incident import model as incidents
from heartlamp_server.incident.model import Entry
from heartlamp_server.ingest import notes as said
from heartlamp_server.ingest.ground import Ground
from heartlamp_server.ingest.model import REASON_MAX, NoteRow


class Noted(Ground):
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
