"""Who was heard of when. Kept in memory and written every few seconds: it is worth no commit of its own, and a kill
loses at most those seconds of it."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from heartlamp_protocol.downlink import READ_TIMEOUT_SECONDS
from heartlamp_protocol.supervision import COUNTY_TROUBLE_MS

from heartlamp_server.database.pool import Database, NotReady
from heartlamp_server.device import store
from heartlamp_server.device.model import FRESH_SECONDS, later

log = logging.getLogger("heartlamp.presence")

FLUSH_SECONDS = 2.0


class Presence:
    """`clock`: monotonic seconds."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database, self._clock = database, clock
        self._devices: dict[str, tuple[datetime | None, bool | None]] = {}
        self._gateways: dict[str, tuple[str, str]] = {}
        self._renewed: set[tuple[str, int]] = set()
        self._heard: dict[str, float] = {}  # gateway -> when it last asked for something
        self._expected: dict[str, float] = {}  # gateway -> since when we wait for its first word
        self._streams: dict[str, int] = {}  # gateway -> open streams down
        self._ended: dict[str, float] = {}  # gateway -> when a stream of it ended

    def devices(self, seen: Mapping[str, tuple[datetime | None, bool | None]]) -> None:
        """device -> (last seen or None, online or None: as it was)."""
        for id, sign in seen.items():
            self._devices[id] = later(self._devices.get(id, (None, None)), sign)

    def renewed(self, keys: Iterable[tuple[str, int]]) -> None:
        """(device, key version) that was used and had waited for it."""
        self._renewed.update(keys)

    def gateway(self, id: str, epoch: str = "", cursor: str = "") -> None:
        """A sign of life: it asked for something. `epoch`: of its store; `cursor`: the last command it has stored."""
        old_epoch, old_cursor = self._gateways.get(id, ("", ""))
        self._gateways[id] = (epoch or old_epoch, cursor or old_cursor)
        self._heard[id] = self._clock()

    def stream(self, id: str, opened: bool) -> None:
        """A stream down was opened, which the gateway asked for, or ended, which is nobody's sign of life."""
        self._streams[id] = self._streams.get(id, 0) + (1 if opened else -1)
        if opened:
            self.gateway(id)
        else:
            self._ended[id] = self._clock()

    def online(self) -> set[str]:
        """Gateways with an open stream, heard of within FRESH_SECONDS; one whose stream ended, or that has none, for
        the reader's timeout more. A stream alone says nothing: the kernel of a frozen gateway keeps it open."""
        now = self._clock()
        return {id for id, heard in self._heard.items() if heard > now - FRESH_SECONDS and self._near(id, now)}

    def expect(self, gateways: Iterable[str]) -> None:
        """They were heard of before our start, by another of us: from now on their silence counts."""
        self._expected = dict.fromkeys(gateways, self._clock())

    def silent(self) -> set[str]:
        """Gateways that asked for nothing for so long that people are to be told."""
        last = self._clock() - COUNTY_TROUBLE_MS / 1000
        return {id for id, heard in (self._expected | self._heard).items() if heard <= last}

    def _near(self, id: str, now: float) -> bool:
        last = max(self._heard[id], self._ended.get(id, self._heard[id]))
        return self._streams.get(id, 0) > 0 or last > now - READ_TIMEOUT_SECONDS

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        devices, self._devices = self._devices, {}
        gateways, self._gateways = self._gateways, {}
        renewed, self._renewed = self._renewed, set()
        if not devices and not gateways and not renewed:
            return
        try:
            async with self._database.connection() as conn:
                await store.save_presence(conn, devices, gateways)
                for device, version in sorted(renewed):
                    await store.first_use(conn, device, version)
        except NotReady:
            log.warning("presence of %d devices was not written: the store is away", len(devices))
