"""What is late climbs to its supervisor. Several workers may run: each matter is one's at a time, and what is told is
committed together with the fact that it was, so that a kill neither loses a climb nor doubles it."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from heartlamp_server.database.again import again
from heartlamp_server.database.pool import Database
from heartlamp_server.matter import store
from heartlamp_server.matter.model import Matter, climbed, due
from heartlamp_server.matter.who import told

log = logging.getLogger("heartlamp.matter")

SECONDS = 5.0
_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """A notification that is wanted of something late. `key`: the same one has the same key; `person`: whom; `limit`:
    of life.LIMITS; `level`: 1 … life.LEVELS; `what`: the matter's name (Chinese, English); `where`: its areas' names
    from the county down; `unit`: whom it waits for, "" the centre. No words of who raised it, no house, and of what a
    party asks for not even its name: a message lies open on a telephone."""

    key: str
    person: str
    matter: int
    limit: str
    level: int
    what: tuple[str, str]
    where: tuple[str, ...]
    unit: str
    due_at: datetime
    urgent: bool


PRIVATE = ("应当事人请求的事项", "a matter on a party's request")
Tell = Callable[[psycopg.AsyncConnection[Any], Sequence[Wanted]], Awaitable[None]]
"""Takes them into an outbox, on the connection whose transaction holds the climb."""


async def nobody(conn: psycopg.AsyncConnection[Any], wanted: Sequence[Wanted]) -> None:
    """Where there is no outbox: it stands on the timeline and in the list of what is late."""


class Climbing:
    def __init__(self, database: Database, tell: Tell = nobody) -> None:
        self._database, self._tell = database, tell

    async def run(self) -> None:
        """For ever."""
        await again(SECONDS, self.look, log, "climbs wait", "a climb failed and is tried again")

    async def look(self) -> None:
        async with self._database.connection() as conn:
            while await climb(conn, self._tell, await store.now(conn)):
                pass


async def climb(conn: psycopg.AsyncConnection[Any], tell: Tell, now: datetime) -> int:
    """Of some of what is due, each in a transaction of its own. Returns how many matters; 0: nothing is left, or others
    are at it. One that fails spoils no other; it is tried again the next time."""
    done, failed = 0, list[int]()
    while done < _AT_ONCE:
        id = 0
        try:
            async with conn.transaction():
                id = await _next(conn, now, failed)
                if not id:
                    break
                await _climb(conn, id, tell, now)
                done += 1
        except psycopg.OperationalError:
            raise
        except Exception:
            log.exception("matter %s could not climb", id)
            failed.append(id)
            if not id:
                raise
    return done


async def _next(conn: psycopg.AsyncConnection[Any], now: datetime, but: Sequence[int]) -> int:
    cursor = await conn.execute(
        "SELECT id FROM matter WHERE next_climb_at <= %s AND id <> ALL(%s) ORDER BY next_climb_at, id LIMIT 1 "
        "FOR NO KEY UPDATE SKIP LOCKED",
        (now, list(but)),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _climb(conn: psycopg.AsyncConnection[Any], id: int, tell: Tell, now: datetime) -> None:
    matter = await store.read_one(conn, id)
    assert matter is not None
    people = await store.supervisors(conn, matter.report.area)
    lines, wanted = [], []
    for one in due(matter, now):
        limit = next(limit for limit in matter.limits if limit.n == one.n)
        to = told(people, one.level, limit.unit)
        wanted += [_wanted(matter, limit.n, limit.name, limit.unit, one.level, limit.due_at, name) for name in to]
        matter, line = climbed(matter, one, to, now)
        lines.append(line)
    await store.save(conn, matter, lines)
    if wanted:
        await tell(conn, wanted)


def _wanted(matter: Matter, n: int, name: str, unit: str, level: int, due_at: datetime, person: str) -> Wanted:
    kind = matter.report.kind
    key = f"matter/{matter.id}/{n}/{level}/{person}"
    what, where = PRIVATE if kind.on_request else (kind.zh, kind.en), matter.report.path
    return Wanted(key, person, matter.id, name, level, what, where, unit, due_at, kind.urgent)
