"""Waiting for an event or a time, whichever comes first, and never longer than a task may be silent."""

import asyncio

from heartlamp.rules.watch import ALIVE_MS


class Bell:
    """Wakes everyone who has an ear for it. An ear is an Event, which its owner clears before it looks."""

    def __init__(self) -> None:
        self._ears = []

    def ear(self) -> asyncio.Event:
        ear = asyncio.Event()
        self._ears.append(ear)
        return ear

    def ring(self) -> None:
        for ear in self._ears:
            ear.set()


async def wait(woken: asyncio.Event, until: "int | None", now: int) -> None:
    """Until `woken` is set, the time `until` (ms, the clock of `now`) has come, or ALIVE_MS are over."""
    ms = ALIVE_MS if until is None else min(ALIVE_MS, max(0, until - now))
    try:
        await asyncio.wait_for_ms(woken.wait(), ms)
    except asyncio.TimeoutError:
        pass
