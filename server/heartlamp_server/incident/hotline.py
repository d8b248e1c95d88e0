"""Calls that were taken and that nobody settled in their time: each becomes a call for help, and the policies do the
rest. Several may run."""

import logging
from collections.abc import Callable

from heartlamp_server.database.again import again
from heartlamp_server.database.feed import Done
from heartlamp_server.database.pool import Database
from heartlamp_server.device.vault import Vault
from heartlamp_server.incident import intake, opening
from heartlamp_server.incident.opening import Spoken

log = logging.getLogger("heartlamp.hotline")

LOOK_S = 2.0
WORDS = "电话已接，限时内无人处理，来电情况不明 · a call was taken and nobody settled it in its time"


class Hotline:
    """`wake`: called after each commit."""

    def __init__(
        self, database: Database, vault: Vault, epoch: Callable[[], str], wake: Callable[[Done], None]
    ) -> None:
        self._database, self._vault, self._epoch, self._wake = database, vault, epoch, wake

    async def run(self) -> None:
        """For ever."""
        await again(
            LOOK_S,
            self.look,
            log,
            "calls that were taken wait",
            "calls that were taken could not be looked at; it is tried again",
        )

    async def look(self) -> None:
        while await self.climb():
            pass

    async def climb(self) -> str:
        """The incident that one of them became; "" there is none."""
        async with self._database.connection() as conn, conn.transaction():
            call = await intake.overdue(conn)
            if call is None:
                return ""
            site = await opening.elsewhere(conn, call.area)
            if site is None:  # its area ended meanwhile
                log.error("call %s is of an area that is no more; it is left to who took it", call.id)
                await intake.settle(conn, call.id, "nothing", "", "区域已撤销 · its area ended")
                return ""
            spoken = Spoken(site, "panic", WORDS, "phone", call.taken_by, f"接警 {call.id}", f"接警 {call.id}")
            opened = await opening.open_told(conn, self._vault, self._epoch(), spoken)
            assert opened is not None
            incident, _, done = opened
            await intake.climb(conn, call.id, incident.id)
        log.warning("call %s was not settled in its time and became %s", call.id, incident.id)
        self._wake(done)
        return incident.id
