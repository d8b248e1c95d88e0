"""Which incident a press belongs to, in the village and by the county's word."""

from dataclasses import replace

from heartlamp_protocol.device.limits import NAME_MAX
from heartlamp_protocol.downlink import IncidentCommand

from heartlamp_gateway.rules import drills
from heartlamp_gateway.rules.answers import best_answer
from heartlamp_gateway.rules.lamps import groups_of, relight
from heartlamp_gateway.rules.model import KEEP_MS, Incident, Village

EVENTS_MAX = 64  # the opening one and the newest; a stuck key must not grow a row without end


def raise_alarm(
    village: Village, event: str, site: str, what: str, now: int, pressed: int | None = None
) -> tuple[Village, str]:
    """An alarm joins the open incident of the same site and `what`, else opens one. Returns the incident's id; "" for a
    silent alarm, of which the village must learn nothing. `pressed`: village clock, ms, None unknown."""
    if what == "silent":
        return village, ""
    if event in village.incidents:
        return village, event  # it has opened one, whatever it says of itself now
    village, drill = drills.press(village, site, pressed, now)
    if not drill:
        village = relight(drills.in_earnest(village, site), groups_of(village, site))
    for incident in village.incidents.values():
        if site and incident.site == site and incident.what == what and incident.county != "closed":
            joined = replace(incident, events=_bounded((*incident.events, event)))
            return _with(village, joined), incident.id  # the lamps show it already
    opened = Incident(event, site, what, (event,), now, drill=drill)
    return relight(_with(village, opened), groups_of(village, site)), event


def county_says(village: Village, command: IncidentCommand, now: int) -> Village:
    """The county's word replaces ours on what belongs together, and only it closes."""
    if command.what == "silent":
        return village  # nothing in the village may show it
    village = drills.shut(village, command.site)  # it may be the drill, which came by another way
    theirs = frozenset(command.events)
    mine = [i for i in village.incidents.values() if i.id == command.incident or i.id in theirs]
    mine.sort(key=lambda i: i.id != command.incident)
    leftover = tuple(event for i in mine for event in i.events if event not in theirs)
    incidents = {k: _without(i, theirs) for k, i in village.incidents.items() if i not in mine}
    opened = now - max(0, command.age)  # unknown here: a new box, or a press that came by another way
    base = mine[0] if mine else Incident(command.incident, command.site, command.what, (), opened)
    drill = bool(command.drill) and all(
        i.drill for i in mine
    )  # the village may know of a press that the county does not
    base = base if drill else drills.real(base)
    if command.answer != "closed":
        standing = tuple(r for r in base.responders if r[2] not in command.withdrawn)
        incidents[command.incident] = replace(
            _answered(village, replace(base, site=command.site), standing),
            id=command.incident,
            what=command.what,
            events=_bounded((*command.events, *leftover)),
            county=command.answer,
            county_who=command.who[:NAME_MAX],
            county_by=command.by,
            frames=command.frames,
            drill=drill,
        )
    elif leftover:  # pressed again after the county closed: it opens a new one, so do we
        incidents[leftover[0]] = Incident(leftover[0], base.site, base.what, leftover, now, heard=base.heard)
    sites = {command.site, *(i.site for i in mine)}
    anew = {i.id for i in mine if i.drill and not drill}
    escalations = {id: e for id, e in village.escalations.items() if id not in anew}
    return relight(replace(village, incidents=incidents, escalations=escalations), groups_of(village, *sites))


def refuse(village: Village, event: str) -> Village:
    """The county does not take this event for an alarm (unknown or revoked device): what it alone opened goes dark."""
    for incident in village.incidents.values():
        if event not in incident.events:
            continue
        left = _without(incident, frozenset((event,)))
        if left.events:
            return _with(village, left)
        incidents = {k: v for k, v in village.incidents.items() if k != incident.id}
        return relight(replace(village, incidents=incidents), groups_of(village, incident.site))
    return village


def press_key(village: Village, incident: str, site: str, answer: str, event: str) -> tuple[Village, str]:
    """Somebody at `site` answers, by `event`. Returns what is to be told of it: their answer, "unanswered" where they
    were the last who came, or "" where nothing changed or only somebody else's word stands."""
    found = village.incident(incident)
    if found is None or not site or (site == found.site and answer == "coming"):
        return village, ""
    responders = tuple(r for r in found.responders if r[0] != site)
    if answer in ("coming", "arrived"):
        responders = (*responders, (site, answer, event))
    elif len(responders) == len(found.responders):
        return village, ""  # withdrew without having come
    changed = _answered(village, found, responders)
    again = (site, answer) in [r[:2] for r in found.responders]
    told = changed.answer if changed.answer in (answer, "unanswered") and not again else ""
    return relight(_with(village, changed), groups_of(village, found.site)), told


def mark_heard(village: Village, ids: frozenset[str], heard: int) -> Village:
    """Whether our disk has these incidents; a lamp must not say so when it has not."""
    wrong = [i for i in village.incidents.values() if i.id in ids and i.heard != heard]
    if not wrong:
        return village
    incidents = {**village.incidents, **{i.id: replace(i, heard=heard) for i in wrong}}
    return relight(replace(village, incidents=incidents), groups_of(village, *(i.site for i in wrong)))


def expire(village: Village, now: int) -> Village:
    """After 30 days a call goes dark."""
    stay = {k: v for k, v in village.incidents.items() if now - v.opened < KEEP_MS}
    return village if len(stay) == len(village.incidents) else relight(replace(village, incidents=stay))


def _answered(village: Village, incident: Incident, responders: tuple[tuple[str, str, str], ...]) -> Incident:
    """With these responders, and the village's word of them."""
    if responders == incident.responders:
        return incident
    word, whose = best_answer(incident.site, responders)
    who = village.place(whose)
    changed = replace(incident, responders=responders)
    if (word, who) != (incident.answer, incident.who):
        changed = replace(changed, ver=incident.ver + 1, answer=word, who=who)
    return changed


def _bounded(events: tuple[str, ...]) -> tuple[str, ...]:
    unique = tuple(dict.fromkeys(events))
    return unique if len(unique) <= EVENTS_MAX else (unique[0], *unique[1 - EVENTS_MAX :])


def _without(incident: Incident, events: frozenset[str]) -> Incident:
    left = tuple(e for e in incident.events if e not in events)
    return incident if len(left) == len(incident.events) else replace(incident, events=left)


def _with(village: Village, incident: Incident) -> Village:
    return replace(village, incidents={**village.incidents, incident.id: incident})
