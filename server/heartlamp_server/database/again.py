"""A task of the county that looks again and again, for as long as the program runs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from heartlamp_server.database.pool import NotReady


async def again(
    every_s: float, turn: Callable[[], Awaitable[object]], log: logging.Logger, waits: str, failed: str
) -> None:
    """`turn`, and so long after its end the next. `waits`: what waits where the store is away; `failed`: what is said,
    with the traceback, of a turn that failed otherwise. Neither ends it: the next turn may do what this could not."""
    while True:
        try:
            await turn()
        except NotReady:
            log.warning("%s: the store is away", waits)
        except Exception:
            log.exception(failed)
        await asyncio.sleep(every_s)
