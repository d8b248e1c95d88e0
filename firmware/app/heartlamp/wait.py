"""Waiting for an event or a time, whichever comes first."""

import asyncio


async def wait(woken: asyncio.Event, until: "int | None", now: int) -> None:
    """Until `woken` is set or, where `until` (ms, the clock of `now`) is not None, the time has come."""
    if until is None:
        await woken.wait()
        return
    try:
        await asyncio.wait_for_ms(woken.wait(), max(0, until - now))
    except asyncio.TimeoutError:
        pass
