"""What becomes of an event: an alarm, an answer, a cancel, a picture, and one that was had before. Pure."""

from dataclasses import replace
from datetime import timedelta

from heartlamp_protocol.uplink import Item

from heartlamp_server.alarm.model import EventRow, Judgement, observed_at
from heartlamp_server.device.model import Device
from heartlamp_server.incident import drill
from heartlamp_server.incident import model as incidents
from heartlamp_server.incident.drill import Announced
from heartlamp_server.incident.model import Entry, Incident, Refused
from heartlamp_server.ingest.ground import Ground

AGAIN_WITHIN = timedelta(minutes=30)
"""Who presses again so soon after the close was not helped: it counts as reopened."""
ON_ITS_WAY = timedelta(minutes=1)  # an alarm may lie so long at four lamps that carry it, without growing older


class Happened(Ground):
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


def _later(incident: Incident, row: EventRow) -> bool:
    """It began after this, for all that is known."""
    if incident.observed_at is None or row.observed_at is None:
        return False
    return incident.observed_at - row.observed_at > ON_ITS_WAY
