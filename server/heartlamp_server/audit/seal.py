"""The task that chains what was committed. Who writes a row waits for nobody; one task, of however many processes, puts
the rows into the chain as it comes to see them, and signs where it stops."""

import logging

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from heartlamp_server.audit import store
from heartlamp_server.audit.key import public_hex
from heartlamp_server.audit.model import NOWHERE, Head, follow, signed_words
from heartlamp_server.database.again import again
from heartlamp_server.database.pool import Database, NotReady

log = logging.getLogger("heartlamp.audit")

SECONDS = 1.0
"""How long a committed row may stand outside the chain."""
_MOST = 500  # rows in one transaction


class Seal:
    """`public`: the key that heads are signed with, 64 hex digits; `broken`: the chain is no longer the
    one that this process has seen."""

    def __init__(self, database: Database, key: Ed25519PrivateKey) -> None:
        self._database, self._key = database, key
        self._seen = NOWHERE
        self.public = public_hex(key)
        self.broken = False

    async def run(self) -> None:
        """For ever."""
        await again(
            SECONDS,
            self.turn_all,
            log,
            "the audit log waits for its chain",
            "the audit log could not be chained; its rows are kept, and it is tried again",
        )

    async def turn_all(self) -> None:
        while await self.turn() == _MOST:
            pass

    async def last(self) -> None:
        """At the end: what waits is chained now, so that nobody can change it while no server runs."""
        try:
            while await self.turn() == _MOST:
                pass
        except NotReady:
            log.warning("the newest rows of the audit log wait for their chain until the next start: the store is away")
        except Exception:
            log.exception("the newest rows of the audit log could not be chained; the next start does it")

    async def turn(self) -> int:
        """How many rows were chained. Raises NotReady."""
        async with self._database.connection() as conn:
            await self._look_back(conn)
            many, head = await seal(conn, self._key, _MOST)
        self._seen = head or self._seen
        return many

    async def _look_back(self, conn: store.Connection) -> None:
        """Whoever cuts or rewrites the chain under a running county is noticed at once."""
        there = await store.hash_at(conn, self._seen.n) if self._seen.n else self._seen.hash
        if there != self._seen.hash and not self.broken:
            self.broken = True
            log.error(
                "THE AUDIT LOG WAS TAMPERED WITH: its head was %s, and row %d is now %s. Keep a copy of the database "
                "as it is, then run `heartlamp-server audit verify --head %s`.",
                self._seen, self._seen.n, there.hex() if there else "gone", self._seen,
            )  # fmt: skip


async def seal(conn: store.Connection, key: Ed25519PrivateKey, most: int) -> tuple[int, Head | None]:
    """(how many rows were put into the chain, its head; None where another one is at it, or nothing waited)."""
    async with conn.transaction():
        if not await store.alone(conn):
            return 0, None
        at, rows = await store.take(conn, most)
        if not rows:
            return 0, None
        head = await store.end(conn)
        entries = []
        for id, row in rows:
            head = follow(head, row)
            entries.append((id, head))
        await store.add(conn, entries, at, key.sign(signed_words(head, at)))
    return len(rows), head
