"""Tells the next staffed post of alarms that nobody accepts. Beside the alarm's path: it locks no incident, and what it
cannot do keeps nobody from being called."""

import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg

from heartlamp_server.database import feed
from heartlamp_server.database.again import again
from heartlamp_server.database.feed import Done
from heartlamp_server.database.pool import Database
from heartlamp_server.escalation import duties
from heartlamp_server.escalation.duties import Place
from heartlamp_server.incident import handover, store
from heartlamp_server.incident.card import passed
from heartlamp_server.incident.model import Entry, Incident
from heartlamp_server.responder import session
from heartlamp_server.responder.model import Person
from heartlamp_server.responder.scope import IN_THE_VILLAGE, Reach
from heartlamp_server.responder.within import Where
from heartlamp_server.shift.passing import AFTER, LASTS, MOST, StaffedPost, ladder, next_post, waits

log = logging.getLogger("heartlamp.shift")

LOOK_S = 1.0
AT_ONCE = 100
Connection = psycopg.AsyncConnection[Any]
_WAITING = """
SELECT to_jsonb(i), s.area, t.told, clock_timestamp() FROM incident i JOIN site s ON s.id = i.site CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(t.detail ->> 'area'), '{{}}') AS told FROM timeline t
    WHERE t.incident = i.id AND t.kind = 'passed_on') t
WHERE i.closed_at IS NULL AND i.merged_into = '' AND {inside} AND i.opened_at <= clock_timestamp() - %(after)s::interval
    AND i.opened_at > clock_timestamp() - %(lasts)s::interval
    AND cardinality(t.told) < least(%(most)s, floor(extract(epoch FROM clock_timestamp() - i.opened_at)
        / extract(epoch FROM %(after)s::interval)))
    AND NOT jsonb_path_exists(i.responders,
        '$[*] ? (@.by != "" && @.answer != "withdrawn" && @.answer != "cannot" && @.answer != "late")')
ORDER BY i.opened_at DESC LIMIT %(limit)s
"""


class Passer:
    """`wake`: called after each commit."""

    def __init__(self, database: Database, wake: Callable[[Done], None]) -> None:
        self._database, self._wake = database, wake

    async def run(self) -> None:
        """For ever."""
        await again(
            LOOK_S,
            self.look,
            log,
            "passing alarms on waits",
            "alarms that nobody accepts could not be passed on; it is tried again",
        )

    async def look(self) -> int:
        """How many were passed on. Several may run, one looks at a time; with fewer than two staffed posts there is
        nobody to tell."""
        async with self._database.connection() as conn, conn.transaction():
            mine = await (await conn.execute("SELECT pg_try_advisory_xact_lock(hashtext('passing'))")).fetchone()
            there = await session.staffed(conn) if mine and mine[0] else {}
            if len(there) < 2:
                return 0
            where = Where()  # where no post below the county's is staffed, nobody else is there to tell
            inside = where.inside(Reach(areas=tuple(sorted(area for area in there if area is not None))), "s.area")
            limits = {"after": AFTER, "lasts": LASTS, "most": MOST, "limit": AT_ONCE, **where.values}
            rows = await (await conn.execute(_WAITING.format(inside=inside), limits)).fetchall()
            places: dict[int, Place] = {}
            entries, told = [], []
            for row, area, before, now in rows:
                if area not in places:
                    places[area] = await duties.place(conn, area)
                incident = store.from_row(row)
                due = _due(incident, places[area], there, frozenset(before), now)
                if due is None:
                    continue
                entry = await _line(conn, incident, due, places[area], there, now)
                entries.append(entry)
                told.append(("passed", json.dumps(_told(incident, entry), ensure_ascii=False)))
            if not told:
                return 0
            await store.save(conn, [], entries)
            done = Done(await feed.numbered(await feed.append(conn, told), told), [])
        self._wake(done)
        return len(told)


def _due(
    incident: Incident, place: Place, there: dict[int | None, list[Person]], told: frozenset[str], now: datetime
) -> tuple[StaffedPost, StaffedPost] | None:
    if not waits(incident):
        return None
    hidden = IN_THE_VILLAGE if incident.what == "silent" else frozenset()
    unseen = {id for level, ids in place.levels.items() if level in hidden for id in ids}
    staffed = {area: frozenset(p.name for p in people) for area, people in there.items() if area not in unseen}
    before = frozenset(int(area) if area else None for area in told)
    return next_post(ladder(place.chain, staffed), before, now - incident.opened_at)


async def _line(
    conn: Connection,
    incident: Incident,
    due: tuple[StaffedPost, StaffedPost],
    place: Place,
    there: dict[int | None, list[Person]],
    now: datetime,
) -> Entry:
    """`area` "": the county's post, which bears the name of the topmost area."""
    cursor = await conn.execute("SELECT id, name FROM area WHERE id = ANY(%s)", (list(place.chain),))
    names = dict(await cursor.fetchall())
    top = names.get(place.chain[-1], "") if place.chain else ""
    before, post = ((p.area, names.get(p.area, "") if p.area else top) for p in due)
    who = "、".join(p.display for p in there[post[0]][:3])
    detail = {"area": str(post[0] or ""), "from": before[1], "to": post[1], "who": who}
    return Entry(incident.id, now, "passed_on", detail)


def _told(incident: Incident, entry: Entry) -> dict[str, Any]:
    """For the feed: who may see the incident sees it."""
    return {
        **passed(entry),
        "what": incident.what,
        "site": {"id": incident.site},
        "handed_over": handover.to_police(incident),
    }
