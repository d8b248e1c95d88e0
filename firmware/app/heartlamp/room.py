"""Room on the flash for alarms: a file that the outbox gives up when the flash is full. Loaded where there is none yet,
which is once in a device's life and after a full flash."""

import asyncio
import os

from heartlamp.outbox import RESERVE

STEP = 2_048  # bytes of it written at once
STEP_MS = 20  # between two writes: other tasks' turn


async def make(outbox) -> bool:
    """It takes seconds, in small steps, because no alarm may wait for it. False: little room is left, or it failed."""
    try:
        size, _, _, free = os.statvfs(outbox.folder)[:4]
        if free * size < 2 * RESERVE:
            return False
        with open(outbox.reserve, "wb") as file:  # noqa: ASYNC230, a device has no other way
            for _ in range(RESERVE // STEP):
                file.write(bytes(STEP))
                await asyncio.sleep_ms(STEP_MS)
        return True
    except OSError:
        outbox.flash_errors += 1
        return False
