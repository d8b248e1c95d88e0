"""The county's word on an incident, for the gateway of its village and signed for each lamp of its house."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from heartlamp_protocol.device.kinds import LAMPS
from heartlamp_protocol.device.limits import NAME_MAX
from heartlamp_protocol.device.statement import write_county_answer
from heartlamp_protocol.downlink import IncidentCommand

from heartlamp_server.device import store as devices
from heartlamp_server.device.model import Device
from heartlamp_server.incident.model import Incident, taken_back


def compile(incident: Incident, lamps: Iterable[Device], county_epoch: str) -> str | None:
    """The command's fields as JSON text; None for a silent alarm, of which nothing in the village may learn."""
    if incident.what == "silent":
        return None
    who, by = incident.who[:NAME_MAX], _by(incident)
    frames = {
        lamp.id: write_county_answer(
            lamp.keys[lamp.newest_key()].county,
            lamp.id,
            lamp.newest_key(),
            county_epoch,
            incident.id,
            incident.rver,
            incident.aver,
            incident.answer,
            who,
            by,
        ).decode()
        for lamp in lamps
        if lamp.keys and not lamp.revoked
    }
    command = IncidentCommand(
        incident.id,
        incident.site,
        incident.what,
        incident.events,
        incident.aver,
        incident.answer,
        who,
        by,
        taken_back(incident),
        frames,
    )
    return json.dumps(command.to_fields(), ensure_ascii=False)


def _by(incident: Incident) -> str:
    """The site whose green key the incident's answer is; "" where a person at a screen said it."""
    for r in incident.responders:
        if (r.answer, r.name) == (incident.answer, incident.who) and r.key.startswith("site:") and not r.by:
            return r.key.removeprefix("site:")
    return ""


async def tell(
    conn: psycopg.AsyncConnection[Any],
    told: Sequence[Incident],
    known: Iterable[Device],
    via: Mapping[str, tuple[str, ...]],
    county_epoch: str,
) -> list[str]:
    """Queues the county's word for the gateways of the incidents' villages and returns their ids. `known`: devices,
    among them every lamp of the incidents' houses; `via`: site -> gateways of its village."""
    queues: dict[str, list[tuple[str, str]]] = {}
    lamps = [d for d in known if d.kind in LAMPS]
    for incident in told:
        text = compile(incident, (d for d in lamps if d.site == incident.site), county_epoch)
        for gateway in via[incident.site] if text else ():
            queues.setdefault(gateway, []).append((incident.id, text or ""))
    for gateway in sorted(queues):
        await devices.push(conn, gateway, "incident", queues[gateway])
    return sorted(queues)
