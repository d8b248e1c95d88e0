"""Who asks, and for which areas. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reader:
    """`name`: the account. The rest are ids of areas, each with all that is below it; None: everywhere. `sees`: areas
    and sites; `changes`: may write there; `looks`: may see what households gave of themselves; `lists`: may ask for
    and release lists of households."""

    name: str
    sees: frozenset[int] | None = None
    changes: frozenset[int] | None = None
    looks: frozenset[int] | None = None
    lists: frozenset[int] | None = None


def within(areas: frozenset[int] | None, path: Iterable[int]) -> bool:
    """`path`: ids of an area and of those above it."""
    return areas is None or not areas.isdisjoint(path)
