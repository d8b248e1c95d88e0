"""Every task says that it lives. Where one fell silent the device starts again, and the watchdog sees to it that this
very task is not the one that hangs."""

import asyncio

from heartlamp.rules import watch


class Supervisor:
    def __init__(self, hal) -> None:
        self._hal = hal
        self._seen = {}

    def start(self, name: str, run) -> None:
        """`run(alive)`: a coroutine function for ever."""
        self._seen[name] = self._hal.clock()

        def alive() -> None:
            self._seen[name] = self._hal.clock()

        asyncio.create_task(run(alive))

    async def run(self) -> None:
        """For ever; raises SystemExit where a task hangs, because the next start finds the events on the flash."""
        while True:
            late = watch.late(self._seen, self._hal.clock())
            if late is not None:
                self._hal.trace("stuck", task=late)
                raise SystemExit(watch.STUCK)
            self._hal.feed()
            await asyncio.sleep_ms(watch.LOOK_MS)
