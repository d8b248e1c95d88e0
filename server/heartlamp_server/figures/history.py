"""In which areas a site lay on a day, grids among them, by the versions that are kept of areas and sites. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

Version: TypeAlias = tuple[date, int | None]
"""(valid from, what it belongs to from then on)."""
Member: TypeAlias = tuple[date, date | None, int]
"""(valid from, valid to, grid)."""


@dataclass(slots=True)
class History:
    """`parents`: of areas, `homes`: of sites, each by its versions in the order of days; `grids`: of household
    groups."""

    parents: Mapping[int, Sequence[Version]]
    grids: Mapping[int, Sequence[Member]]
    homes: dict[str, Sequence[Version]] = field(default_factory=dict)
    _known: dict[tuple[int, date], tuple[int, ...]] = field(default_factory=dict)

    def areas(self, site: str, day: date) -> tuple[int, ...]:
        """From the nearest to the topmost, and then the grids. Before its first version a thing was where that says: a
        county begins to keep its history some day, and its alarms of before were somewhere."""
        home = _as_of(self.homes.get(site, ()), day)
        return self._above(home, day) if home is not None else ()

    def _above(self, area: int, day: date) -> tuple[int, ...]:
        if (area, day) not in self._known:
            chain: list[int] = []
            at: int | None = area
            while at is not None and at not in chain:
                chain.append(at)
                at = _as_of(self.parents.get(at, ()), day)
            self._known[area, day] = (*chain, *sorted(self._grids(chain, day)))
        return self._known[area, day]

    def _grids(self, chain: Iterable[int], day: date) -> set[int]:
        return {
            grid
            for group in chain
            for since, until, grid in self.grids.get(group, ())
            if since <= day and (until is None or day < until)
        }


def _as_of(versions: Sequence[Version], day: date) -> int | None:
    if not versions:
        return None
    return next((to for since, to in reversed(versions) if since <= day), versions[0][1])
