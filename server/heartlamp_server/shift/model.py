"""A hand-over: who holds a post offers it with what is open, who comes signs that list, and until then it is the
outgoing one's. Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from heartlamp_server.incident.model import Entry, Incident
from heartlamp_server.responder.presence import STAFFING
from heartlamp_server.responder.scope import Scope

PROMISES = ("asked", "taken", "coming")
"""Answers of people who are still to be there."""
GONE = ("cannot", "withdrawn", "late")
"""Answers of people who are not counted on any more."""
NOTE_MAX = 2_000


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """`keeper`: the account that stands by it at a desk, "" none yet."""

    id: str
    what: str
    stage: str
    keeper: str
    opened_at: str


@dataclass(frozen=True, slots=True)
class Promise:
    """`answer`: one of PROMISES; `since`: when it was given; `by`: who typed it, "" their own key."""

    incident: str
    name: str
    answer: str
    since: str
    by: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Of a village: how many of its devices are missed, and gateways silent."""

    village: str
    devices: int
    gateways: int


@dataclass(frozen=True, slots=True)
class HandoverList:
    """What goes over with a post."""

    incidents: tuple[OpenIncident, ...] = ()
    promises: tuple[Promise, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def mark(self) -> str:
        """The same as long as there is nothing new to sign: faults come and go by themselves."""
        seen = sorted([*(i.id for i in self.incidents), *(f"{p.incident} {p.name} {p.answer}" for p in self.promises)])
        return hashlib.sha256("\n".join(seen).encode()).hexdigest()[:16]

    def to_fields(self) -> dict[str, Any]:
        return asdict(self)


def from_fields(fields: dict[str, Any]) -> HandoverList:
    return HandoverList(
        tuple(OpenIncident(**row) for row in fields["incidents"]),
        tuple(Promise(**row) for row in fields["promises"]),
        tuple(Fault(**row) for row in fields["faults"]),
    )


def posts(scope: Scope) -> tuple[int | None, ...]:
    """Areas whose centre this person may hold, None: the county's, of who has no area."""
    found = {g.area for g in scope.grants if g.role in STAFFING}
    return tuple(sorted(found, key=lambda area: (area is not None, area or 0)))


def at_post(scope: Scope, area: int | None) -> Scope:
    """As much of it as belongs to that post."""
    return replace(scope, grants=tuple(g for g in scope.grants if g.role in STAFFING and g.area == area))


def listed(open_ones: Iterable[Incident], faults: Iterable[Fault]) -> HandoverList:
    """`open_ones`: of the post, as who signs may see them."""
    incidents, promises = [], []
    for one in open_ones:
        keeper = next((r.by for r in one.responders if r.by and r.answer not in GONE), "")
        incidents.append(OpenIncident(one.id, one.what, one.stage, keeper, one.opened_at.isoformat()))
        promises += [
            Promise(one.id, r.name, r.answer, r.at.isoformat(), r.by) for r in one.responders if r.answer in PROMISES
        ]
    return HandoverList(tuple(incidents), tuple(promises), tuple(faults))


def lines(handed: HandoverList, outgoing: str, incoming: str, now: datetime) -> list[Entry]:
    """For the timelines of what was handed over: who answers for it from now on."""
    detail = {"from": outgoing, "who": incoming}
    kind = "handed_on" if outgoing else "taken_on"
    return [Entry(one.id, now, kind, detail) for one in handed.incidents]
