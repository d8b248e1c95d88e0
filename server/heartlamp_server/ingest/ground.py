"""What every part of a fold stands on: what is known, what is to be done so far, and how the two are changed. Pure."""

from heartlamp_protocol.uplink import Item, Verdict

from heartlamp_server.alarm.model import Evidence
from heartlamp_server.incident import drill
from heartlamp_server.incident.model import Entry, Incident
from heartlamp_server.ingest.model import Known, Plan


class Ground:
    """`known` and `plan` hold the outcome so far: that of this gateway's words, and of the gateways before it."""

    def __init__(self, known: Known, plan: Plan, gateway: str, epoch: str) -> None:
        self.known, self.plan, self.gateway, self.epoch = known, plan, gateway, epoch

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

    def _aside(self, item: Item, verdict: str, reason: str) -> Verdict:
        self.plan.evidence.append(Evidence(self.gateway, item.user, verdict, reason, item.frame))
        return Verdict(item.n, verdict, reason)
