"""Follows the courses of open incidents: several may run, on several machines. A look is one transaction: what is due
is asked for, what it was asked for is kept, and both or neither is true after a kill."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import psycopg
from heartlamp_protocol.escalation.decide import Course, Due

from heartlamp_server.database.feed import Done
from heartlamp_server.database.pool import Database, NotReady
from heartlamp_server.device.vault import Vault
from heartlamp_server.escalation import courses, engine
from heartlamp_server.escalation.courses import Kept
from heartlamp_server.incident import acts, change
from heartlamp_server.incident.model import Entry, Incident

log = logging.getLogger("heartlamp.escalation")

LOOK_S = 1.0
AT_ONCE = 200

Connection = psycopg.AsyncConnection[Any]


def _nobody(incident: Incident) -> frozenset[str]:
    return frozenset()


async def _not_said(conn: Connection, incident: Incident, now: datetime) -> None:
    pass


async def _nothing(conn: Connection, incident: Incident, steps: frozenset[int], now: datetime) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Around:
    """What a look asks the rest of the county for. `course(conn, incident, now)`: what holds for one that nobody has
    looked at yet; `away_ms(conn, incident)`: since when its village's gateway was not heard; `mute(conn, course)`:
    targets to whom no way seems to lead, or who are not at their post; `call(conn, incident, course, due, time, now)`:
    asks for it, `time` the how-manieth, from 0; `wake`: called after the commit; `cannot(incident)`: targets who told
    the county so; `over(conn, incident, steps, now)`: these steps have what they were for;
    `anew(conn, incident, now)`: it is no drill any more, and what was not said yet of one is not to be said; `begin`:
    called before each look, what was asked for the one before may be forgotten."""

    course: Callable[[Connection, Incident, datetime], Awaitable[Course | None]]
    away_ms: Callable[[Connection, Incident], Awaitable[int]]
    mute: Callable[[Connection, Course], Awaitable[frozenset[str]]]
    call: Callable[[Connection, Incident, Course, Due, int, datetime], Awaitable[None]]
    wake: Callable[[Done], None]
    cannot: Callable[[Incident], frozenset[str]] = _nobody
    over: Callable[[Connection, Incident, frozenset[int], datetime], Awaitable[None]] = _nothing
    anew: Callable[[Connection, Incident, datetime], Awaitable[None]] = _not_said
    begin: Callable[[], None] = lambda: None


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
                await self.look()
            except NotReady:
                log.warning("escalation waits: the store is away")
            except Exception:
                log.exception("a look at the open incidents failed; it is tried again")
            try:
                await asyncio.wait_for(self._poked.wait(), LOOK_S)
            except TimeoutError:
                pass

    async def look(self) -> int:
        """At all that wait. Returns how many."""
        async with self._database.connection() as conn:
            waiting = await courses.waiting(conn, AT_ONCE)
        self._around.begin()
        for incident in waiting:
            try:
                await self._look_at(incident)
            except NotReady:
                raise
            except Exception:  # one that cannot be followed keeps nobody from the others; it is loud, and tried again
                log.exception("%s cannot be followed", incident)
        return len(waiting)

    async def _look_at(self, id: str) -> None:
        done = None
        async with self._database.connection() as conn, conn.transaction():
            taken = await courses.take(conn, id)
            if taken is None:
                return
            incident, kept, now = taken
            if kept.new:
                kept = replace(kept, course=await self._around.course(conn, incident, now))
            if kept.anew:
                await self._around.anew(conn, incident, now)
            kept = await self._read_village(conn, incident, kept)
            course = kept.course
            if course is None:
                await courses.keep(conn, incident, kept, None)
                return
            away, mute = await self._around.away_ms(conn, incident), await self._around.mute(conn, course)
            cannot = kept.cannot | self._around.cannot(incident)
            turn = engine.turn(course, incident, kept.done, now, away, cannot, mute)
            for due in turn.due:
                time = turn.done[due.step, due.target.id][0] - 1
                await self._around.call(conn, incident, course, due, time, now)
            if over := engine.over(course, incident, now):
                await self._around.over(conn, incident, over, now)
            entries: list[Entry] = []
            for key in turn.late:
                incident, entry = acts.late(incident, key, now)
                entries.append(entry)
            await courses.keep(conn, incident, replace(kept, done=turn.done), turn.look_at)
            if entries:
                done = await change.keep(conn, self._vault, self._epoch(), [incident], entries)
        if done is not None:
            self._around.wake(done)

    async def _read_village(self, conn: Connection, incident: Incident, kept: Kept) -> Kept:
        newest, steps = await courses.said_since(conn, incident.id, kept.notes)
        done, cannot = kept.done, kept.cannot
        for subject, at in steps:
            since = round((at - incident.opened_at).total_seconds() * 1000)
            done, cannot = engine.by_village(done, cannot, subject, since, incident.drill)
        return replace(kept, notes=newest, done=done, cannot=cannot)
