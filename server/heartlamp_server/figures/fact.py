"""What one incident comes to in figures: read off its timeline, line by line, and nothing else. Pure; the same lines
make the same fact, so that every figure can be computed again."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from heartlamp_server.incident import life

IN_TIME = {"accept": 60_000, "coming": 180_000, "arrive": 300_000}
"""Milliseconds from the proven ring, of the rule 1-3-5: accepted within one minute, somebody coming within three, there
within five. One rule for all, whatever the policies say: else years and villages could not be compared."""
SATISFIED = (4, 5)
RINGS = ("rang", "answered", "seen", "coming", "cannot")
"""States of a message that prove that a person's telephone rang, or that a person had it before the eyes. `sent` and
`delivered` prove neither, and a siren's `done` is nobody's ring."""

Line: TypeAlias = tuple[datetime, str, dict[str, Any]]
"""(at, kind, detail), in the order in which the county wrote them down."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Of the incident's row, what never changes or is no line: `devices`: of its site; `sequel`: another incident says
    that it reopens this one."""

    id: str
    site: str
    what: str
    opened_at: datetime
    source: str = "device"
    devices: frozenset[str] = frozenset()
    sequel: bool = False


@dataclass(frozen=True, slots=True)
class Flags:
    """What figures count by. `merged`: it follows another one; `ended`: "", closed or false; `arrived`: "", claimed
    (told) or proven (by a key or code at the site); `seen`: how somebody saw or spoke to them, "" neither; `other`: by
    another person than who ended it; `rung`: a ring is proven; the next three: in time after the first such ring;
    `said`: satisfied, unsatisfied, words (no marks) or silent."""

    what: str
    source: str = "device"
    drill: bool = False
    merged: bool = False
    ended: str = ""
    arrived: str = ""
    reopened: bool = False
    cancelled: bool = False
    seen: str = ""
    other: bool = False
    rung: bool = False
    accept_in_time: bool = False
    coming_in_time: bool = False
    arrive_in_time: bool = False
    said: str = "silent"


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds from the press to the first word of its kind; None: not yet, or never. `accept`: somebody on duty;
    `dispatch`: somebody was sent or is coming, a neighbour too; `close`: to the last end."""

    accept: int | None = None
    dispatch: int | None = None
    arrive: int | None = None
    close: int | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """`began_at`: the press, as far as that is known, else when the county learned of it."""

    incident: str
    site: str
    began_at: datetime
    flags: Flags
    times: Times


@dataclass(slots=True)
class _Walk:
    began: datetime
    what: str
    firsts: dict[str, datetime] = field(default_factory=dict)
    there: dict[str, bool] = field(default_factory=dict)  # who -> whether the arrival is proven
    drill: bool = False
    merged: bool = False
    reopened: bool = False
    cancelled: bool = False
    ended: str = ""
    seen: str = ""
    other: bool = False
    said: str = "silent"
    closed_at: datetime | None = None

    def first(self, of: str, at: datetime) -> None:
        """Lines come in the order in which they were written down; what waited in an outage is older than it looks."""
        self.firsts[of] = min(self.firsts.get(of, at), at)


def fact(opened: Opened, lines: Iterable[Line]) -> Fact:
    walk = _Walk(opened.opened_at, opened.what)
    for at, kind, detail in lines:
        _step(walk, opened, at, kind, detail)
    ring = walk.firsts.get("ring")
    in_time = {
        of: ring is not None and of in walk.firsts and _ms(ring, walk.firsts[of]) <= IN_TIME[of] for of in IN_TIME
    }
    flags = Flags(
        what=walk.what,
        source=opened.source,
        drill=walk.drill,
        merged=walk.merged,
        ended=walk.ended,
        arrived="" if not walk.there else "proven" if any(walk.there.values()) else "claimed",
        reopened=walk.reopened or opened.sequel,
        cancelled=walk.cancelled,
        seen=walk.seen,
        other=walk.other,
        rung=ring is not None,
        accept_in_time=in_time["accept"],
        coming_in_time=in_time["coming"],
        arrive_in_time=in_time["arrive"],
        said=walk.said,
    )
    since = {of: _ms(walk.began, at) for of, at in walk.firsts.items()}
    times = Times(
        since.get("accept"),
        since.get("coming"),
        since.get("arrive"),
        _ms(walk.began, walk.closed_at) if walk.closed_at else None,
    )
    return Fact(opened.id, opened.site, walk.began, flags, times)


def _step(walk: _Walk, opened: Opened, at: datetime, kind: str, detail: dict[str, Any]) -> None:
    said = str(detail.get("answer", ""))
    match kind:
        case "opened" | "opened_by":
            walk.began, walk.what = at, str(detail.get("what", walk.what))
        case "corrected":
            walk.what = str(detail["what"])
        case "cancelled":
            walk.cancelled = True
        case "drill":
            walk.drill = True
        case "earnest":  # who answered until then answered a drill
            walk.drill = False
            walk.firsts.clear()
            walk.there.clear()
        case "told" | "village_step" if detail.get("state") in RINGS:
            walk.first("ring", at)
        case "answer" | "village_answer" | "village_duty":
            _answered(walk, opened, at, kind, said, detail)
        case "handed_taken":  # by 110, 119 or 120
            walk.first("accept", at)
        case "handed_ended" if detail.get("there"):  # when they came is not said
            walk.there.setdefault("handed over", False)
        case "dispatched":
            walk.first("accept", at)
            walk.first("coming", at)
        case "closed" | "false":
            walk.ended = life.FALSE if kind == "false" else life.CLOSED
            walk.seen, walk.closed_at = str(detail.get("how", "")), at
            walk.other = detail.get("who") != detail.get("by")
        case "evaluated":
            walk.said = _satisfied(int(detail.get("marks", 0)))
        case "reopened":
            walk.reopened, walk.drill, walk.merged, walk.ended, walk.seen, walk.other = (
                True,
                False,
                False,
                "",
                "",
                False,
            )
            walk.said, walk.closed_at = "silent", None
            walk.there.clear()
        case "merged" | "parted":
            walk.merged = kind == "merged"


def _answered(walk: _Walk, opened: Opened, at: datetime, kind: str, said: str, detail: dict[str, Any]) -> None:
    who, device = str(detail.get("who", "")), str(detail.get("device", ""))
    if said in ("accepted", "taken", "coming", "arrived") and not device and kind != "village_answer":
        walk.first("accept", at)  # a neighbour's green key is no acceptance by who is on duty
    if said in ("coming", "arrived"):
        walk.first("coming", at)
    if said == "arrived":
        walk.first("arrive", at)
        walk.there[who] = walk.there.get(who, False) or device in opened.devices
    elif said in ("withdrawn", "cannot"):
        walk.there.pop(who, None)


def _satisfied(marks: int) -> str:
    if marks == 0:
        return "words"
    return "satisfied" if marks in SATISFIED else "unsatisfied"


def _ms(since: datetime, at: datetime) -> int:
    """Clocks of two machines differ: what seems to come before is at the same moment."""
    return max(0, round((at - since).total_seconds() * 1000))
