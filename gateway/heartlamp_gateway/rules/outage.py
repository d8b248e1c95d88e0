"""When many devices that go at the same time are one trouble. Times are milliseconds of one clock."""

from collections.abc import Mapping
from dataclasses import dataclass

from heartlamp_protocol.registry import Device
from heartlamp_protocol.supervision import supervision_ms

from heartlamp_gateway.rules.model import Village

VILLAGE = "village"


@dataclass(frozen=True, slots=True)
class Scope:
    """`name`: as a trouble's subject; `devices`: those that can be counted; `of`: how many of them were ever heard."""

    name: str
    devices: frozenset[str]
    of: int


@dataclass(frozen=True, slots=True)
class Limits:
    """`…_many`, `…_share`: at least so many devices, and so many of a hundred, within `window_ms`; `hold_ms`: how long
    a single one waits whether it is the first of many; `settle_ms`: how long fewer than half as many must be away for
    it to be over; `never_ms`: after which it is a trouble that a device was never heard."""

    village_many: int = 10
    village_share: int = 10
    group_many: int = 3
    group_share: int = 50
    window_ms: int = 120_000
    hold_ms: int = 30_000
    settle_ms: int = 60_000
    never_ms: int = 24 * 3600 * 1000

    def many(self, scope: Scope) -> int:
        """How many of this scope make an outage."""
        village = scope.name == VILLAGE
        least, share = (self.village_many, self.village_share) if village else (self.group_many, self.group_share)
        return max(least, -(-scope.of * share // 100))


def scopes(village: Village, devices: Mapping[str, Device], heard: Mapping[str, int]) -> list[Scope]:
    """The village, then its groups. Who speaks every few hours tells nothing of an outage: it is not counted, and nor
    is a silent button."""
    counted = {d.id: d.site for d in devices.values() if supervision_ms(d.kind) <= 600_000 and d.kind != "silent"}
    group_of = {site.id: site.group for site in village.registry.sites}
    members: dict[str, set[str]] = {VILLAGE: set(counted)}
    for id, site in counted.items():
        if group := group_of.get(site, ""):
            members.setdefault(f"group {group}", set()).add(id)
    return [Scope(name, frozenset(ids), sum(1 for id in ids if id in heard)) for name, ids in members.items()]


def together(lost: Mapping[str, int], many: int, window_ms: int) -> frozenset[str]:
    """device -> when it went. The largest number of them that went within one window, if they are many; else nobody."""
    by_time = sorted((at, id) for id, at in lost.items())
    best: tuple[int, int] = (0, 0)
    begin = 0
    for end in range(len(by_time)):
        while by_time[end][0] - by_time[begin][0] > window_ms:
            begin += 1
        if end + 1 - begin > best[1] - best[0]:
            best = (begin, end + 1)
    found = by_time[best[0] : best[1]]
    return frozenset(id for _, id in found) if found and len(found) >= many else frozenset()


def is_over(away: int, eased: int | None, now: int, limits: Limits) -> bool:
    """`away`: of its devices still; `eased`: since when they are too few."""
    return away == 0 or (eased is not None and now - eased >= limits.settle_ms)
