"""When a day begins, what was decided for it is done."""

import logging

from heartlamp_server.area import rezone_store
from heartlamp_server.area.rezone_store import Gateways
from heartlamp_server.database.again import again
from heartlamp_server.database.pool import Database

log = logging.getLogger("heartlamp.area")

_SECONDS = 60.0


class Turn:
    def __init__(self, database: Database, gateways: Gateways) -> None:
        self._database, self._gateways = database, gateways

    async def run(self) -> None:
        """For ever."""
        await again(
            _SECONDS,
            self.turn,
            log,
            "changes of areas wait",
            "changes of areas could not be made; it is tried again in a minute",
        )

    async def turn(self) -> None:
        async with self._database.connection() as conn:
            if done := await rezone_store.due(conn, self._gateways):
                log.info("%d changes of areas are in force from today", done)
