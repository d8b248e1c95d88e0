"""What is kept no longer than its days: docs/retention.md. A few rows at a time, so that nobody waits for it; what each
run took is a row of the audit log. Pictures, readings, sessions and messages end where they are kept."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg

from heartlamp_server.area import household_store
from heartlamp_server.area.erase import WORDED, blanked, blanked_after
from heartlamp_server.audit import store as audit
from heartlamp_server.config import Retention
from heartlamp_server.database import kept_days
from heartlamp_server.database.again import again
from heartlamp_server.database.pool import Database
from heartlamp_server.telemetry import partitions

log = logging.getLogger("heartlamp.retention")

Connection = psycopg.AsyncConnection[Any]

EVERY = timedelta(hours=20)
_LOOK_S = 1800.0
_FIRST_S = 600.0
_AT_ONCE = 1000
_SPAN = timedelta(days=1)
NOTE_DAYS = COURSE_DAYS = 31
"""What a gateway said stands on the timeline; its id is remembered as long as a gateway may say it again."""

# Whoever has no device left that may call: nobody has to find the house by what it told us.
_ENDED = """
SELECT h.site FROM household h WHERE h.erased_at IS NULL
    AND EXISTS (SELECT FROM device d WHERE d.site = h.site)
    AND NOT EXISTS (SELECT FROM device d WHERE d.site = h.site
        AND (d.revoked_at IS NULL OR d.revoked_at > clock_timestamp() - %(days)s * interval '1 day'))
"""
_ROWS = {
    "note": (
        NOTE_DAYS,
        "DELETE FROM note WHERE id IN (SELECT id FROM note WHERE at < clock_timestamp() - %(days)s * interval '1 day' "
        "LIMIT %(limit)s)",
    ),
    "course": (
        COURSE_DAYS,
        "DELETE FROM course WHERE incident IN (SELECT c.incident FROM course c JOIN incident i ON i.id = c.incident "
        "WHERE i.closed_at < clock_timestamp() - %(days)s * interval '1 day' LIMIT %(limit)s)",
    ),
    "login_guess": (
        1,
        "DELETE FROM login_guess WHERE key IN (SELECT key FROM login_guess "
        "WHERE last_at < clock_timestamp() - %(days)s * interval '1 day' LIMIT %(limit)s)",
    ),
    "known_browser": (
        180,
        "DELETE FROM known_browser WHERE hash IN (SELECT hash FROM known_browser "
        "WHERE last_at < clock_timestamp() - %(days)s * interval '1 day' LIMIT %(limit)s)",
    ),
}
PATROL_DAYS, LOOSE_DAYS = 365, 7
_ROWS |= {
    "phone_act": (  # a phone offers the same tap again for days, not for weeks
        NOTE_DAYS,
        "DELETE FROM phone_act WHERE id IN (SELECT id FROM phone_act "
        "WHERE at < clock_timestamp() - %(days)s * interval '1 day' LIMIT %(limit)s)",
    ),
    "patrol": (
        PATROL_DAYS,
        "DELETE FROM patrol WHERE id IN (SELECT id FROM patrol "
        "WHERE taken_at < clock_timestamp() - %(days)s * interval '1 day' LIMIT %(limit)s)",
    ),
    "pairing": (
        NOTE_DAYS,
        "DELETE FROM pairing WHERE id IN (SELECT id FROM pairing WHERE coalesce(ended_at, "
        "CASE WHEN paired_at IS NULL THEN until END) < clock_timestamp() - %(days)s * interval '1 day' "
        "LIMIT %(limit)s)",
    ),
    "photo": (  # that no matter ever came for
        LOOSE_DAYS,
        "DELETE FROM photo WHERE id IN (SELECT p.id FROM photo p "
        "WHERE p.at < clock_timestamp() - %(days)s * interval '1 day' "
        "AND NOT EXISTS (SELECT FROM matter m WHERE m.photos @> ARRAY[p.id]) LIMIT %(limit)s)",
    ),
}
# After the days of words: what people typed or took a picture of, where it is over.
_TYPED = {
    "photo_of_matter": (
        "DELETE FROM photo",
        "SELECT p.id FROM matter m JOIN photo p ON p.id = ANY(m.photos) "
        "WHERE m.ended_at < clock_timestamp() - %(days)s * interval '1 day'",
    ),
    "site_fault": (
        "DELETE FROM site_fault",
        "SELECT id FROM site_fault WHERE ended_at < clock_timestamp() - %(days)s * interval '1 day'",
    ),
    "shift_handover": (
        "UPDATE shift_handover SET note = '', why = ''",
        "SELECT id FROM shift_handover WHERE coalesce(signed_at, withdrawn_at) "
        "< clock_timestamp() - %(days)s * interval '1 day' AND (note <> '' OR why <> '')",
    ),
}
"""What is done to them, and which they are."""
_CLOSED = "SELECT id FROM incident WHERE closed_at >= %(since)s AND closed_at < %(until)s"


@dataclass(frozen=True, slots=True)
class Taken:
    """How many: rows by table, timelines whose words were blanked, households; `kept`: the days that held."""

    rows: dict[str, int]
    words: int
    households: int
    kept: Retention


async def run(conn: Connection, kept: Retention, who: str) -> Taken:
    """Until nothing is left that is too old. `kept`: as server.toml has it; what was set on the page goes before."""
    kept = Retention(
        await kept_days.days(conn, "words", kept.words_days),
        await kept_days.days(conn, "households", kept.household_days),
    )
    rows = {name: await _few_by_few(conn, statement, days) for name, (days, statement) in _ROWS.items()}
    for name, (act, which) in _TYPED.items():
        rows[name] = await _few_by_few(conn, f"{act} WHERE id IN ({which} LIMIT %(limit)s)", kept.words_days)
    words, households = await _words(conn, kept.words_days), await _households(conn, kept.household_days)
    taken = Taken(rows, words, households, kept)
    counts = {name: many for name, many in rows.items() if many}
    counts |= {"words": taken.words, "households": taken.households}
    async with conn.transaction():
        await audit.record(conn, who, "retention.run", "", "", **counts)
        await _mark(conn, "run")
    return taken


_OLDER = "< clock_timestamp() - %(days)s * interval '1 day'"
_OLD = {
    "pictures": (
        f"SELECT event FROM picture WHERE deleted_at IS NULL AND began_at {_OLDER}",
        f"SELECT id FROM report_photo WHERE deleted_at IS NULL AND sent_at {_OLDER}",
    ),
    "words": (
        f"SELECT t.id FROM timeline t JOIN incident i ON i.id = t.incident WHERE {WORDED} AND i.closed_at {_OLDER} "
        "AND i.closed_at >= coalesce((SELECT until FROM retention WHERE what = 'words'), '-infinity')",
        *(which for _, which in _TYPED.values()),
    ),
    "households": (_ENDED,),
}


async def older(conn: Connection, what: str, days: int) -> int:
    """How much of it is older and still here; `what`: of kept_days.BOUNDS. Of readings about how many."""
    if what == "readings":
        return await partitions.rows_before(conn, "reading", days)
    many = 0
    for which in _OLD[what]:
        row = await (await conn.execute(f"SELECT count(*) FROM ({which}) AS old", {"days": days})).fetchone()
        many += row[0] if row else 0
    return many


async def _few_by_few(conn: Connection, statement: str, days: int) -> int:
    many = 0
    while True:
        cursor = await conn.execute(statement, {"days": days, "limit": _AT_ONCE})
        many += cursor.rowcount
        if cursor.rowcount < _AT_ONCE:
            return many
        await asyncio.sleep(0)


async def _words(conn: Connection, days: int) -> int:
    """Day after day of when incidents were closed, from where it was left."""
    row = await (
        await conn.execute(
            "SELECT coalesce((SELECT until FROM retention WHERE what = 'words'), "
            "(SELECT min(closed_at) FROM incident), clock_timestamp()), clock_timestamp() - %s * interval '1 day'",
            (days,),
        )
    ).fetchone()
    assert row is not None
    since, end, many = row[0], row[1], 0
    while since < end:
        until = min(since + _SPAN, end)
        async with conn.transaction():
            given = {"since": since, "until": until}
            many += (await conn.execute(blanked(f"t.incident IN ({_CLOSED})"), given)).rowcount
            await conn.execute(blanked_after(f"id IN ({_CLOSED})"), given)
            await _mark(conn, "words", until)
        since = until
    return many


async def _households(conn: Connection, days: int) -> int:
    many = 0
    while True:
        found = await (await conn.execute(f"{_ENDED} ORDER BY h.site LIMIT 1", {"days": days})).fetchall()
        if not found:
            return many
        async with conn.transaction():
            await household_store.erase(conn, found[0][0], "retention")
        many += 1


async def _mark(conn: Connection, what: str, until: object = None) -> None:
    await conn.execute(
        "INSERT INTO retention (what, until) VALUES (%(what)s, coalesce(%(until)s::timestamptz, clock_timestamp())) "
        "ON CONFLICT (what) DO UPDATE SET until = EXCLUDED.until, ran_at = clock_timestamp()",
        {"what": what, "until": until},
    )


class Keeping:
    """Runs once a day, on one of however many servers."""

    def __init__(self, database: Database, kept: Retention) -> None:
        self._database, self._kept = database, kept

    async def run(self) -> None:
        """For ever."""
        await asyncio.sleep(_FIRST_S)  # a start has other things to do
        await again(
            _LOOK_S,
            self.look,
            log,
            "what is too old waits to be deleted",
            "what is too old could not be deleted; it is tried again",
        )

    async def look(self) -> Taken | None:
        """None: it is not time, or another one does it."""
        async with self._database.connection() as conn:
            row = await (
                await conn.execute(
                    "SELECT pg_try_advisory_lock(hashtext('retention')) AND NOT EXISTS (SELECT FROM retention "
                    "WHERE what = 'run' AND ran_at > clock_timestamp() - %s::interval)",
                    (EVERY,),
                )
            ).fetchone()
            try:
                return await run(conn, self._kept, "") if row and row[0] else None
            finally:
                await conn.execute("SELECT pg_advisory_unlock(hashtext('retention'))")
