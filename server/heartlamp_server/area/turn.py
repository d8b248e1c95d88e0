"""When a day begins, what was decided for it is done."""

import asyncio
import logging

from heartlamp_server.area import rezone_store
from heartlamp_server.area.rezone_store import Gateways
from heartlamp_server.database.pool import Database, NotReady

log = logging.getLogger("heartlamp.area")

_SECONDS = 60.0


class Turn:
    def __init__(self, database: Database, gateways: Gateways) -> None:
        self._database, self._gateways = database, gateways

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                async with self._database.connection() as conn:
                    if done := await rezone_store.due(conn, self._gateways):
                        log.info("%d changes of areas are in force from today", done)
            except NotReady:
                log.warning("changes of areas wait: the store is away")
            except Exception:
                log.exception("changes of areas could not be made; it is tried again in a minute")
            await asyncio.sleep(_SECONDS)
