"""What a wall shows: counts, by kind, stage and village. Pure.

A wall is public: whoever stands before it may be the one whom somebody fears. It has no names, houses, notes or
pictures, and of a silent alarm nothing at all: a count that goes up by one while no alarm is seen says that there is
one."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

STAGES = ("waiting", "accepted", "coming", "arrived")
"""waiting: no operator stands by it, as in the console's queue; then how far people's answer is."""
SICK = ("silent", "power", "never")
"""silent: its gateway is not heard of; power: out for many; never: its gateway has not come yet."""
WORST_FIRST = ("fire", "panic", "gas", "slope", "flood")


@dataclass(frozen=True, slots=True)
class Calls:
    """Open ones of an area, alike. `oldest`: when the first of them began."""

    area: int
    what: str
    stage: str
    many: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Place:
    id: int
    parent: int | None
    level: str
    name: str
    code: str


@dataclass(slots=True)
class VillageTile:
    """`what`: the worst of its open calls, "" none; `others`: how many of them are of another kind; `sick`: of SICK, ""
    none."""

    id: int
    name: str
    waiting: int = 0
    in_hand: int = 0
    what: str = ""
    others: int = 0
    sick: str = ""


@dataclass(slots=True)
class Township:
    name: str
    villages: list[VillageTile] = field(default_factory=list)


def townships(places: Sequence[Place], calls: Iterable[Calls], sick: Mapping[int, str]) -> list[Township]:
    """Villages under their townships, both by code; those too where nothing is. `sick`: by village."""
    by_id = {p.id: p for p in places}
    tiles: dict[int, VillageTile] = {}
    found: dict[int | None, Township] = {}
    for place in sorted(places, key=lambda p: (p.code, p.id)):
        if place.level == "village":
            above = by_id.get(place.parent) if place.parent is not None else None
            township = found.setdefault(above.id if above else None, Township(above.name if above else ""))
            tiles[place.id] = VillageTile(place.id, place.name, sick=sick.get(place.id, ""))
            township.villages.append(tiles[place.id])
    worst: Counter[int] = Counter()  # by village: how many are of its worst kind
    for call in calls:
        tile = tiles.get(village_of(by_id, call.area) or 0)
        if tile is not None:
            tile.waiting += call.many if call.stage == "waiting" else 0
            tile.in_hand += call.many if call.stage != "waiting" else 0
            if not tile.what or _rank(call.what) < _rank(tile.what):
                tile.what, worst[tile.id] = call.what, 0
            worst[tile.id] += call.many if call.what == tile.what else 0
            tile.others = tile.waiting + tile.in_hand - worst[tile.id]
    codes = {p.id: p.code for p in places}
    return [found[id] for id in sorted(found, key=lambda id: (codes.get(id or 0, ""), id or 0))]


def village_of(places: Mapping[int, Place], area: int) -> int | None:
    at: int | None = area
    while at is not None and (place := places.get(at)) is not None:
        if place.level == "village":
            return place.id
        at = place.parent
    return None


def by_stage(calls: Iterable[Calls]) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for call in calls:
        counted[call.stage] += call.many
    return {stage: counted[stage] for stage in STAGES}


def by_kind(calls: Iterable[Calls]) -> list[tuple[str, int, int]]:
    """(what, waiting, in hand), the worst first; kinds that there are."""
    waiting: Counter[str] = Counter()
    in_hand: Counter[str] = Counter()
    for call in calls:
        (waiting if call.stage == "waiting" else in_hand)[call.what] += call.many
    return [(what, waiting[what], in_hand[what]) for what in sorted({*waiting, *in_hand}, key=_rank)]


def waiting_since(calls: Iterable[Calls]) -> datetime | None:
    return min((call.oldest for call in calls if call.stage == "waiting"), default=None)


def _rank(what: str) -> int:
    return WORST_FIRST.index(what) if what in WORST_FIRST else len(WORST_FIRST)
