"""Room on the flash for alarms: a file that the outbox gives up when the flash is full. Loaded where there is none yet,
or not all of it."""

import asyncio
import os

from heartlamp.outbox import RESERVE

STEP = 2_048  # bytes of it written at once
STEP_MS = 20  # between two writes: other tasks' turn


async def make(outbox, stop) -> bool:
    """Goes on with it in small steps, because it takes seconds and no alarm may wait for it, until `stop()`. True: it
    is whole; False: there is too little room, the flash failed, or it was stopped."""
    try:
        have = _size(outbox.reserve)
        size, _, _, free = os.statvfs(outbox.folder)[:4]
        if have > RESERVE or free * size < 2 * RESERVE - have:
            return False
        with open(outbox.reserve, "ab") as file:  # noqa: ASYNC230, a device has no other way
            while have < RESERVE and not stop():
                have += file.write(bytes(min(STEP, RESERVE - have)))
                await asyncio.sleep_ms(STEP_MS)
        return have == RESERVE
    except OSError:
        outbox.flash_errors += 1
        return False


def _size(path: str) -> int:
    try:
        return os.stat(path)[6]
    except OSError:
        return 0
