"""Where the sites and gateways of the feed's events lie, remembered: an event costs no query for each screen that may
or may not see it."""

import asyncio
import time
from collections.abc import Sequence

from heartlamp_server.console.frame import Frame, follows, visible
from heartlamp_server.database.pool import Database
from heartlamp_server.responder.scope import Scope, Spot
from heartlamp_server.responder.within import gateway_spots, site_spots

_FRESH_SECONDS = 60.0
"""After which they are asked for anew: areas may be drawn anew."""


class Spots:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._sites: dict[str, Spot] = {}
        self._gateways: dict[str, Spot] = {}
        self._asked_at = 0.0
        self._asking = asyncio.Lock()

    async def shown(self, scope: Scope, frames: Sequence[Frame]) -> list[Frame]:
        """Those that this person may see. Raises NotReady."""
        if not frames or not follows(scope):
            return []
        await self._learn(frames)
        return [f for f in frames if visible(scope, f, self._spot(f))]

    def _spot(self, frame: Frame) -> Spot:
        return self._sites.get(frame.site) or self._gateways.get(frame.gateway) or Spot()

    async def _learn(self, frames: Sequence[Frame]) -> None:
        if time.monotonic() - self._asked_at < _FRESH_SECONDS and not self._new(frames):
            return
        async with self._asking:  # the first screen asks, the others find it known
            if time.monotonic() - self._asked_at >= _FRESH_SECONDS:
                self._sites, self._gateways, self._asked_at = {}, {}, time.monotonic()
            if not (new := self._new(frames)):
                return
            sites, gateways = new
            async with self._database.connection() as conn:
                found_sites = await site_spots(conn, sorted(sites))
                found_gateways = await gateway_spots(conn, sorted(gateways))
            self._sites |= dict.fromkeys(sites, Spot()) | found_sites
            self._gateways |= dict.fromkeys(gateways, Spot()) | found_gateways

    def _new(self, frames: Sequence[Frame]) -> tuple[set[str], set[str]] | None:
        sites = {f.site for f in frames} - self._sites.keys() - {""}
        gateways = {f.gateway for f in frames} - self._gateways.keys() - {""}
        return (sites, gateways) if sites or gateways else None
