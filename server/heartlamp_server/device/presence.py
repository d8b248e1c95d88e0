"""Who was heard of when. Kept in memory and written every few seconds: it is worth no commit of its own, and a kill
loses at most those seconds of it."""

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import datetime

from heartlamp_protocol.downlink import READ_TIMEOUT_SECONDS

from heartlamp_server.database.pool import Database, NotReady
from heartlamp_server.device import store

log = logging.getLogger("heartlamp.presence")

FLUSH_SECONDS = 2.0


class Presence:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._devices: dict[str, tuple[datetime | None, bool | None]] = {}
        self._gateways: dict[str, tuple[str, str]] = {}
        self._heard: dict[str, float] = {}  # gateway -> monotonic seconds of its last sign of life
        self._streams: dict[str, int] = {}  # gateway -> open streams down

    def devices(self, seen: Mapping[str, tuple[datetime | None, bool | None]]) -> None:
        """device -> (last seen or None, online or None: as it was)."""
        for id, (at, online) in seen.items():
            before_at, before_online = self._devices.get(id, (None, None))
            latest = max((t for t in (at, before_at) if t), default=None)
            self._devices[id] = (latest, before_online if online is None else online)

    def gateway(self, id: str, epoch: str = "", cursor: str = "") -> None:
        """A sign of life. `epoch`: of its store; `cursor`: the last command it has stored."""
        old_epoch, old_cursor = self._gateways.get(id, ("", ""))
        self._gateways[id] = (epoch or old_epoch, cursor or old_cursor)
        self._heard[id] = time.monotonic()

    def stream(self, id: str, opened: bool) -> None:
        """A stream down was opened, or ended."""
        self._streams[id] = self._streams.get(id, 0) + (1 if opened else -1)
        self.gateway(id)

    def online(self) -> set[str]:
        """Gateways with an open stream, or heard of within the reader's timeout."""
        recent = time.monotonic() - READ_TIMEOUT_SECONDS
        return {id for id, n in self._streams.items() if n > 0} | {id for id, at in self._heard.items() if at > recent}

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        devices, self._devices = self._devices, {}
        gateways, self._gateways = self._gateways, {}
        if not devices and not gateways:
            return
        try:
            async with self._database.connection() as conn:
                await store.save_presence(conn, devices, gateways)
        except NotReady:
            log.warning("presence of %d devices was not written: the store is away", len(devices))
