"""Updates. What takes them in is loaded when there is one: it would be RAM that a button lacks."""

import asyncio

from heartlamp import boot_state
from heartlamp.part import Part as _Part
from heartlamp.wait import wait


class Part(_Part):
    TOPICS = ("piece",)

    def __init__(self, hal, device) -> None:
        super().__init__(hal, device)
        self._fetch = None
        self._loaded = None

    def start(self) -> None:
        self._loaded = asyncio.Event()
        if boot_state.get(self.hal.nvs(), boot_state.UPDATE) is not None:
            self.fetch()

    def fetch(self):
        """update/fetch.py's Fetch: what the serial line gives its pieces to."""
        if self._fetch is None:
            from heartlamp.update.fetch import Fetch

            self._fetch = Fetch(self.hal, self.device)
            self._loaded.set()
        return self._fetch

    def message(self, what: str, payload: bytes) -> None:
        self.fetch().message(payload)

    def awake(self) -> bool:
        return self._fetch is not None and self._fetch.awake()

    async def run(self, alive) -> None:
        while self._fetch is None:
            alive()
            await wait(self._loaded, None, 0)
        await self._fetch.run(alive)
