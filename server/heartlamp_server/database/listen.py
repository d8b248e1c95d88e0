"""One LISTEN connection. A notification only wakes; the truth is rows, so a lost one costs a poll's delay, no data."""

import asyncio
import logging
from collections.abc import Callable

import psycopg

log = logging.getLogger("heartlamp.database")

POLL_SECONDS = 2.0


async def listen(conninfo: str, wake: dict[str, Callable[[str], None]]) -> None:
    """Runs for ever. `wake`: channel -> what to call with the payload; called with "" after each poll or reconnect,
    which means: anything may have changed."""
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as conn:
                for channel in wake:
                    await conn.execute(f"LISTEN {channel}")
                while True:
                    _wake_all(wake)
                    async for notice in conn.notifies(timeout=POLL_SECONDS):
                        wake[notice.channel](notice.payload)
        except psycopg.Error as error:
            log.warning("lost the database's notifications, connecting again: %s", str(error).strip())
            await asyncio.sleep(0.2)


def _wake_all(wake: dict[str, Callable[[str], None]]) -> None:
    for call in wake.values():
        call("")
