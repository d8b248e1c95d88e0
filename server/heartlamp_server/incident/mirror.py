"""Incidents that follow another one show what it shows, whoever changed it: a lamp's key that came with a batch, the
clock, a key that was pressed in a call. Beside the alarm's path, which knows one house at a time and locks no other."""

import logging
from collections.abc import Callable

from heartlamp_server.database.again import again
from heartlamp_server.database.feed import Done
from heartlamp_server.database.pool import Database
from heartlamp_server.device.vault import Vault
from heartlamp_server.incident import acts, change, store

log = logging.getLogger("heartlamp.incident")

EVERY_S = 1.0
_BEHIND = """
SELECT DISTINCT m.id FROM incident f JOIN incident m ON m.id = f.merged_into
WHERE f.merged_into <> '' AND f.closed_at IS NULL
    AND ((f.answer, f.who) IS DISTINCT FROM (m.answer, m.who) OR m.closed_at IS NOT NULL)
ORDER BY m.id LIMIT 100
"""


class Mirror:
    """`wake`: called after each commit."""

    def __init__(
        self, database: Database, vault: Vault, epoch: Callable[[], str], wake: Callable[[Done], None]
    ) -> None:
        self._database, self._vault, self._epoch, self._wake = database, vault, epoch, wake

    async def run(self) -> None:
        """For ever."""
        await again(
            EVERY_S,
            self.look,
            log,
            "incidents that follow another wait",
            "incidents that follow another could not be brought to it; it is tried again",
        )

    async def look(self) -> int:
        """How many were brought to what they follow."""
        async with self._database.connection() as conn:
            mains = [row[0] for row in await (await conn.execute(_BEHIND)).fetchall()]
        return sum([await self._follow(main) for main in mains])

    async def _follow(self, id: str) -> int:
        async with self._database.connection() as conn, conn.transaction():
            locked = await store.lock_together(conn, [id])
            if locked is None or id not in locked[0]:
                return 0
            found, following, now = locked
            others, lines = acts.with_it(following, found[id], now)
            if not others:
                return 0
            done = await change.keep(conn, self._vault, self._epoch(), others, lines)
        self._wake(done)
        return len(others)
