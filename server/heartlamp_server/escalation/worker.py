"""Follows the courses of open incidents: several may run, on several machines. Fifty at a time are one transaction:
what is due is asked for, what it was asked for is kept, and both or neither is true after a kill."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import psycopg
from heartlamp_protocol.escalation.decide import Course, Due

from heartlamp_server.database.feed import Done
from heartlamp_server.database.pool import Database, NotReady
from heartlamp_server.device.vault import Vault
from heartlamp_server.escalation import courses, engine
from heartlamp_server.escalation.courses import Kept
from heartlamp_server.escalation.duties import Called
from heartlamp_server.incident import acts, change
from heartlamp_server.incident.model import Incident

log = logging.getLogger("heartlamp.escalation")

LOOK_S = 1.0
PAUSE_S = 0.1  # after a look, so that the next is at several calls where many come
AT_ONCE = 200
TOGETHER = 50  # calls in one transaction

Connection = psycopg.AsyncConnection[Any]


def _nobody(incident: Incident) -> frozenset[str]:
    return frozenset()


async def _not_said(conn: Connection, incident: Incident, now: datetime) -> None:
    pass


async def _nothing(conn: Connection, incident: Incident, steps: frozenset[int], now: datetime) -> None:
    pass


Gateway = tuple[str, int, bool, float | None]
"""(id, version of its plan, whether it has one, ms since it was heard of)"""


@dataclass(frozen=True, slots=True)
class Village:
    """Where a call is. `group`: the area of its household group, or of the village itself; `gateways`: those that hear
    it."""

    group: int
    id: int
    name: str
    gateways: tuple[Gateway, ...] = ()

    @property
    def plan_version(self) -> int:
        return max((version for _, version, _, _ in self.gateways), default=0)


@dataclass(frozen=True, slots=True)
class Callees:
    """Whom courses name. `mute`: targets to whom no way seems to lead, or who are not at their post; `behind`: target
    -> (person, numbers in the order of calling)."""

    mute: frozenset[str] = frozenset()
    behind: Mapping[str, tuple[Called, Sequence[str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Around:
    """What a look asks the rest of the county for; asked for several at once. `villages(conn, incidents)`: by incident;
    `courses(conn, those, now)`: what holds for those that nobody has looked at yet, in their order; `callees(conn,
    courses)`: whom they name; `away_ms(incident, village)`: since when its gateway was not heard; `call(conn, incident,
    village, course, due, callees, time, now)`: asks for it, `time` the how-manieth, from 0; `wake`: called after the
    commit; `cannot(incident)`: targets who told the county so; `over(conn, incident, steps, now)`: these steps have
    what they were for; `anew(conn, incident, now)`: it is no drill any more, and what was not said yet of one is not to
    be said."""

    villages: Callable[[Connection, Sequence[Incident]], Awaitable[Mapping[str, Village]]]
    courses: Callable[[Connection, Sequence[tuple[Incident, Village]], datetime], Awaitable[list[Course | None]]]
    away_ms: Callable[[Incident, Village], int]
    callees: Callable[[Connection, Sequence[Course]], Awaitable[Callees]]
    call: Callable[[Connection, Incident, Village, Course, Due, Callees, int, datetime], Awaitable[None]]
    wake: Callable[[Done], None]
    cannot: Callable[[Incident], frozenset[str]] = _nobody
    over: Callable[[Connection, Incident, frozenset[int], datetime], Awaitable[None]] = _nothing
    anew: Callable[[Connection, Incident, datetime], Awaitable[None]] = _not_said


class Escalation:
    def __init__(self, database: Database, vault: Vault, epoch: Callable[[], str], around: Around) -> None:
        self._database, self._vault, self._epoch, self._around = database, vault, epoch, around
        self._poked = asyncio.Event()

    def poke(self) -> None:
        """Something happened to an incident."""
        self._poked.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            self._poked.clear()
            try:
                if await self.look():
                    continue
            except NotReady:
                log.warning("escalation waits: the store is away")
            except Exception:
                log.exception("a look at the open incidents failed; it is tried again")
            await asyncio.sleep(PAUSE_S)
            try:
                await asyncio.wait_for(self._poked.wait(), LOOK_S)
            except TimeoutError:
                pass

    async def look(self) -> bool:
        """At those that wait longest. Returns whether there may be more, and the next look may get further."""
        async with self._database.connection() as conn:
            waiting = await courses.waiting(conn, AT_ONCE)
        followed = [await self._follow(waiting[n : n + TOGETHER]) for n in range(0, len(waiting), TOGETHER)]
        return len(waiting) == AT_ONCE and sum(followed) > 0

    async def _follow(self, ids: Sequence[str]) -> int:
        """Together; should that fail, each alone: one that cannot be followed keeps nobody from the others. It is loud,
        and tried again after them. Returns how many were followed."""
        try:
            return await self._look_at(ids)
        except NotReady:
            raise
        except Exception:
            if len(ids) == 1:
                log.exception("%s cannot be followed", ids[0])
                async with self._database.connection() as conn:
                    await courses.put_off(conn, ids[0])
                return 0
        return sum([await self._follow([id]) for id in ids])

    async def _look_at(self, ids: Sequence[str]) -> int:
        done = None
        async with self._database.connection() as conn, conn.transaction():
            ids = await courses.hold(conn, ids)
            seen, now = await courses.read(conn, ids)
            if not seen:
                return 0
            villages = await self._around.villages(conn, [incident for incident, _ in seen])
            new = [(incident, villages[incident.id]) for incident, kept in seen if kept.new]
            made = dict(zip((i.id for i, _ in new), await self._around.courses(conn, new, now), strict=True))
            known = [made.get(incident.id, kept.course) for incident, kept in seen]
            callees = await self._around.callees(conn, [course for course in known if course])
            # Not before: who answers waits for what follows.
            free = await courses.lock(conn, [incident.site for incident, _ in seen])
            as_seen = {incident.id: (incident.what, kept.new) for incident, kept in seen if incident.site in free}
            followed, now = await courses.read(conn, list(as_seen))
            # What is another matter since, or to be followed anew, is so in a moment.
            followed = [one for one in followed if as_seen[one[0].id] == (one[0].what, one[1].new)]
            followed = await self._with_what_was_said(conn, followed)
            looked_at: list[tuple[Incident, Kept, datetime | None]] = []
            changed, entries = [], []
            for incident, kept in followed:
                course = made.get(incident.id, kept.course)
                if kept.anew:
                    await self._around.anew(conn, incident, now)
                if course is None:
                    looked_at.append((incident, kept, None))
                    continue
                turn = await self._turn(conn, incident, villages[incident.id], course, kept, callees, now)
                looked_at.append((incident, replace(kept, course=course, done=turn.done), turn.look_at))
                for key in turn.late:
                    incident, entry = acts.late(incident, key, now)
                    entries.append(entry)
                if turn.late:
                    changed.append(incident)
            await courses.keep(conn, looked_at)
            if changed:
                done = await change.keep(conn, self._vault, self._epoch(), changed, entries)
        if done is not None:
            self._around.wake(done)
        return len(looked_at)

    async def _with_what_was_said(
        self, conn: Connection, taken: Sequence[tuple[Incident, Kept]]
    ) -> list[tuple[Incident, Kept]]:
        """What was done and who cannot, with what the village said of it since."""
        said = await courses.said_since(conn, {incident.id: kept.notes for incident, kept in taken})
        found = []
        for incident, kept in taken:
            newest, steps = said[incident.id]
            done, cannot = kept.done, kept.cannot
            for subject, at in steps:
                since = round((at - incident.opened_at).total_seconds() * 1000)
                done, cannot = engine.by_village(done, cannot, subject, since, incident.drill)
            found.append((incident, replace(kept, notes=newest, done=done, cannot=cannot)))
        return found

    async def _turn(
        self,
        conn: Connection,
        incident: Incident,
        village: Village,
        course: Course,
        kept: Kept,
        callees: Callees,
        now: datetime,
    ) -> engine.Turn:
        """What is due is asked for."""
        cannot = kept.cannot | self._around.cannot(incident)
        away = self._around.away_ms(incident, village)
        turn = engine.turn(course, incident, kept.done, now, away, cannot, callees.mute)
        for due in turn.due:
            time = turn.done[due.step, due.target.id][0] - 1
            await self._around.call(conn, incident, village, course, due, callees, time, now)
        if over := engine.over(course, incident, now):
            await self._around.over(conn, incident, over, now)
        return turn
