"""A drill that was announced: one press of one site within 120 s, marked from that press on. Pure.

It goes the way of a real one and says everywhere that it is a drill. Whatever could be real is real, from the first or
from then on (docs/decisions/0028-drill-from-the-press.md)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from heartlamp_server.incident import life
from heartlamp_server.incident.model import Change, Entry, Incident, Refused

WINDOW = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Announced:
    """The next alarm of this site is the drill, until `until`; any alarm uses it up. `by`: who announced it."""

    id: int
    site: str
    by: str
    at: datetime
    until: datetime


def takes(announced: Announced, site: str, pressed: datetime | None, now: datetime) -> bool:
    """Whether this alarm is the drill. A press whose time is unknown may be an old one, which waited in an outage."""
    if site != announced.site or pressed is None or now > announced.until:
        return False
    return announced.at - timedelta(seconds=5) <= pressed <= announced.until


def mark(incident: Incident, announced: Announced, at: datetime) -> Change:
    return replace(incident, drill=True), Entry(incident.id, at, "drill", {"by": announced.by})


def earnest(incident: Incident, by: str, now: datetime) -> Change:
    """It is no drill. Who answered the drill has not answered this, and everybody is called anew. `by`: who says so, ""
    another press. Raises Refused."""
    if not incident.drill or not life.may("earnest", incident.stage):
        raise Refused("这不是进行中的演练", "this is no drill that goes on")
    real = replace(incident, drill=False, responders=(), answer="none", who="", aver=incident.aver + 1)
    return real, Entry(incident.id, now, "earnest", {"by": by})
