"""Says in the database that this process lives, for who looks from elsewhere. Nothing depends on it."""

import asyncio
import logging
import os
import socket
from collections.abc import Callable

from heartlamp_server.database.pool import Database, NotReady

log = logging.getLogger("heartlamp.database")

EVERY_S = 10.0
_SAY = """
INSERT INTO process (what, host, pid, feeds) VALUES (%s, %s, %s, %s)
ON CONFLICT (what, host, pid) DO UPDATE SET at = clock_timestamp(), feeds = EXCLUDED.feeds,
    since = CASE WHEN process.at < clock_timestamp() - interval '1 minute' THEN clock_timestamp() ELSE process.since END
"""
_FORGET = "DELETE FROM process WHERE at < clock_timestamp() - interval '1 day'"


async def beat(database: Database, what: str, feeds: Callable[[], int] = lambda: 0) -> None:
    """For ever. `what`: county or messages; `feeds`: screens that follow this one's."""
    while True:
        try:
            async with database.connection() as conn:
                await conn.execute(_SAY, (what, socket.gethostname()[:60], os.getpid(), feeds()))
                await conn.execute(_FORGET)
        except NotReady:
            pass  # who looks sees that too
        except Exception:
            log.exception("this process could not say that it lives; it does")
        await asyncio.sleep(EVERY_S)
