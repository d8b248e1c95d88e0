"""Claims come to their end by themselves."""

import logging

from heartlamp_server.database.again import again
from heartlamp_server.database.pool import Database
from heartlamp_server.provisioning import store

log = logging.getLogger("heartlamp.provisioning")

EVERY_S = 10.0


class Lapsing:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """For ever."""
        await again(
            EVERY_S,
            self.look,
            log,
            "claims wait to be looked through",
            "claims could not be looked through; it is tried again",
        )

    async def look(self) -> None:
        """Who was heard of stays; what is over ends."""
        async with self._database.connection() as conn, conn.transaction():
            await store.heard(conn)
            await store.end_expired(conn)
