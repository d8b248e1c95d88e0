"""An alarm that nobody has accepted is told to the next post that somebody staffs, nearest first, every AFTER. Pure.

The first post rings from the first second, as does every desk whose area it is in; what is told is that it is now
theirs to take, and that stands in its timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from heartlamp_server.incident.model import Incident
from heartlamp_server.shift.model import GONE

AFTER = timedelta(seconds=15)
MOST = 5
"""Posts to which one alarm is passed on at most."""
LASTS = AFTER * (MOST + 5)
"""After so long it is the policies' alone."""


@dataclass(frozen=True, slots=True)
class StaffedPost:
    """`area` None: the county's; `people`: accounts that are at a screen for it now."""

    area: int | None
    people: frozenset[str]


def waits(incident: Incident) -> bool:
    """Whether no desk stands by it: a neighbour on the way does not end that."""
    if incident.closed_at is not None or incident.merged_into:
        return False
    return not any(r.by and r.answer not in GONE for r in incident.responders)


def ladder(chain: Sequence[int], staffed: Mapping[int | None, frozenset[str]]) -> tuple[StaffedPost, ...]:
    """Staffed posts for a house, nearest first, the county's last. `chain`: areas that it lies in, nearest first. A
    post that adds nobody is none: one person who holds two is told once."""
    found: list[StaffedPost] = []
    known: set[str] = set()
    for area in (*chain, None):
        people = staffed.get(area, frozenset())
        if people - known:
            found.append(StaffedPost(area, people))
            known |= people
    return tuple(found)


def next_post(
    posts: Sequence[StaffedPost], told: frozenset[int | None], waited: timedelta
) -> tuple[StaffedPost, StaffedPost] | None:
    """(who did not take it, who is told now), None: nothing is due. `told`: posts to which it was passed on before."""
    due = min(int(waited / AFTER), MOST)
    if len(told) >= due:
        return None
    for before, post in pairwise(posts):
        if post.area not in told:
            return before, post
    return None
