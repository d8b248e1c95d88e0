"""The county's word on an incident, for the gateway of its village and signed for each lamp of its house."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from heartlamp_protocol.device.kinds import LAMPS
from heartlamp_protocol.device.limits import NAME_MAX
from heartlamp_protocol.downlink import IncidentCommand, fields_of_one
from heartlamp_protocol.said_to_device import write_county_answer

from heartlamp_server.area.model import Place
from heartlamp_server.database import jsons
from heartlamp_server.device import store as devices
from heartlamp_server.device.model import Device
from heartlamp_server.incident.model import Incident, taken_back


def compile(incident: Incident, lamps: Iterable[Device], county_epoch: str) -> IncidentCommand | None:
    """None for a silent alarm, of which nothing in the village may learn."""
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
    return IncidentCommand(
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
        drill=int(incident.drill),
    )


def text_for(command: IncidentCommand, lamp: str, own: bool, place: Place) -> str:
    """The command's fields as JSON text: for a village's gateway, where `lamp` is "", or for a gateway of one."""
    fields = fields_of_one(command, lamp, own, place.snapshot["name"]) if lamp else command.to_fields()
    return jsons.text(fields)


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
    places: Mapping[str, Place],
    county_epoch: str,
    again: Sequence[tuple[str, Incident]] = (),
) -> list[str]:
    """Queues the county's word for the gateways of the incidents' villages, and for the lamps of their household groups
    that are their own; returns the gateways' ids. `known`: devices, among them every lamp of the incidents' houses;
    `places`: by site; `again`: (one of those gateways, an incident that it alone is told)."""
    queues: dict[str, list[tuple[str, str]]] = {}
    lamps: dict[str, list[Device]] = {}
    for device in known:
        if device.kind in LAMPS:
            lamps.setdefault(device.site, []).append(device)
    for only, incident in (*((None, incident) for incident in told), *again):
        command = compile(incident, lamps.get(incident.site, ()), county_epoch)
        if command is None:
            continue
        place = places[incident.site]
        texts = [(gateway, text_for(command, "", False, place)) for gateway in place.gateways]
        texts += [
            (gateway, text_for(command, lamp, site == incident.site, place)) for gateway, lamp, site in place.of_one
        ]
        for gateway, text in texts:
            if only in (None, gateway):
                queues.setdefault(gateway, []).append((incident.id, text))
    for gateway in sorted(queues):
        await devices.push(conn, gateway, "incident", queues[gateway])
    return sorted(queues)
