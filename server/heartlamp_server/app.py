"""The composition root: builds every part and says who wakes whom."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import psycopg
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from heartlamp_server.area.rezone_store import Gateways
from heartlamp_server.area.turn import Turn
from heartlamp_server.audit.key import signing_key
from heartlamp_server.audit.seal import Seal as AuditSeal
from heartlamp_server.calling import Calling, Channels, Plans, open_channels_of
from heartlamp_server.config import Config
from heartlamp_server.console.feed import Feed
from heartlamp_server.database import feed, store
from heartlamp_server.database.beat import beat
from heartlamp_server.database.embedded import DatabaseError
from heartlamp_server.database.feed import Done
from heartlamp_server.database.listen import listen
from heartlamp_server.database.pool import Database, NotReady
from heartlamp_server.device import rezone
from heartlamp_server.device import store as device_store
from heartlamp_server.device.join import Joining
from heartlamp_server.device.presence import Presence
from heartlamp_server.device.tokens import Tokens
from heartlamp_server.device.vault import Vault
from heartlamp_server.escalation.worker import Escalation
from heartlamp_server.figures.worker import Keeping as Facts
from heartlamp_server.firmware.routes import Bundles
from heartlamp_server.fleet.worker import Rollouts
from heartlamp_server.incident.hotline import Hotline
from heartlamp_server.incident.mirror import Mirror
from heartlamp_server.ingest.down import Down
from heartlamp_server.ingest.of_one import Room
from heartlamp_server.ingest.routes import Ingest, not_served
from heartlamp_server.ingest.sweep import Sweep
from heartlamp_server.interop.hook_worker import Hooks
from heartlamp_server.matter.climb import Climbing
from heartlamp_server.notification.child import Child
from heartlamp_server.operation.retention import Keeping
from heartlamp_server.picture.routes import Pictures
from heartlamp_server.provisioning.lapse import Lapsing
from heartlamp_server.seal import Seal
from heartlamp_server.shift.passer import Passer
from heartlamp_server.supervising import Supervising
from heartlamp_server.telemetry import opening

if TYPE_CHECKING:
    from heartlamp_server.figures.brief.model import BriefView
    from heartlamp_server.notification.settings import Opened

log = logging.getLogger("heartlamp")

_LAST_S = 3.0
"""So long an end waits for the audit log's last rows at most."""


class County:
    """All but the listeners and what the screens alone need. `gateways`: the application that takes alarms in;
    `key`: 32 bytes that seal the devices' secrets; `most`: connections of gateways at once."""

    def __init__(self, config: Config, key: bytes, most: int) -> None:
        self.config = config
        self.database = Database(config.database)
        self.stopping = asyncio.Event()
        self.epoch = ""
        self.vault, self.series, self.seal = Vault(key), opening.series(config.telemetry), Seal(key)
        self.presence = Presence(self.database)
        self.feed = Feed(self.database, self.current_epoch, self.stopping)
        self.tokens = Tokens(self.database)
        room = Room(most)
        self.ingest = Ingest(
            self.database, self.tokens, self.vault, self.series, self.presence, self.current_epoch, self.wake, room
        )
        self.down = Down(self.database, self.tokens, self.presence, self.current_epoch, self.stopping, room)
        self.sweep = Sweep(self.database, self.ingest, self.series, self.presence)
        self.facts = Facts(self.database, config.figures, self._brief)
        self.hooks = Hooks(self.database, self.seal, config.webhook_networks)
        self.hotline = Hotline(self.database, self.vault, self.current_epoch, self.wake)
        self.climbing = Climbing(self.database, Supervising(self.seal, self._channels).tell)
        self.mirror = Mirror(self.database, self.vault, self.current_epoch, self.wake)
        self.passer = Passer(self.database, self.wake)
        self.pictures = Pictures(self.database, self.tokens, self.vault, config.picture_days)
        self.bundles = Bundles(self.database, self.tokens)
        self.rezoning = Gateways(rezone.retell, rezone.merge)
        self.turn = Turn(self.database, self.rezoning)
        self.audit_seal = AuditSeal(self.database, signing_key(key))
        self.calling = Calling(self.seal, self._channels, self.presence.online)
        self.escalation = Escalation(self.database, self.vault, self.current_epoch, self.calling.around(self.wake))
        self.plans = Plans(self.database, self.seal)
        self.keeping = Keeping(self.database, config.retention)
        self.lapsing = Lapsing(self.database)
        self.rollouts = Rollouts(self.database, self.series)
        self.joining = Joining(self.database, self.tokens, self.vault, config.ca, config.ca_key)
        files = [*self.pictures.routes(), *self.bundles.routes()]
        chain = [*self.ingest.routes(), *self.down.routes(), *self.joining.routes()]
        self.gateways = Starlette(
            routes=[*chain, *files, *self.health()],
            exception_handlers={HTTPException: not_served},
        )

    @cached_property
    def ways(self) -> "Opened":
        """By which people can be told. Loaded when it is first asked for: no alarm waits for it at a start."""
        from heartlamp_server.notification.settings import open_channels

        return open_channels(self.config.notification, self.config.folder, self.database)

    async def open(self) -> list[asyncio.Task[None]]:
        """Opens the store; returns the tasks that run for ever. Raises DatabaseError."""
        await self.database.open(self._meet, self.ingest.warm)
        await self.feed.start()
        wakes: dict[str, Callable[[str], None]] = {
            feed.CHANNEL: self._happened,
            device_store.CHANNEL: self.down.wake,
            device_store.REVOKED: self.tokens.forget,
        }
        runners = {
            "database": self.database.watch(),
            "beat": beat(self.database, "county", lambda: self.feed.open),
            "notifications": listen(self.database.conninfo, wakes),
            "feed": self.feed.run(),
            "presence": self.presence.run(),
            "sweep": self.sweep.run(),
            "pictures": self.pictures.run(),
            "areas": self.turn.run(),
            "audit": self.audit_seal.run(),
            "telemetry": self.series.run(self.database),
            "escalation": self.escalation.run(),
            "plans": self.plans.run(),
            "mirror": self.mirror.run(),
            "passer": self.passer.run(),
            "matters": self.climbing.run(),
            "figures": self.facts.run(),
            "hotline": self.hotline.run(),
            "hooks": self.hooks.run(),
            "retention": self.keeping.run(),
            "claims": self.lapsing.run(),
            "rollouts": self.rollouts.run(),
        }
        if self.config.notification:
            runners["messages"] = Child(self.config.file).run()
        return [asyncio.create_task(run, name=name) for name, run in runners.items()]

    async def _meet(self, conn: psycopg.AsyncConnection[Any]) -> None:
        await store.check_schema(conn)
        epoch = await store.epoch(conn)
        if self.epoch and epoch != self.epoch:
            # A backup was restored under us: what is in memory is of another store. Ends the process; it starts anew.
            raise RuntimeError(f"the database's epoch became {epoch}, it was {self.epoch}")
        self.epoch = epoch

    async def close(self) -> None:
        await self.presence.flush()
        await self.series.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.audit_seal.last(), _LAST_S)
        await self.database.close()

    def stop_streams(self) -> None:
        self.stopping.set()
        self.down.end()
        self.feed.poke()

    def _channels(self) -> Channels:
        return open_channels_of(self.config, self.ways) if self.config.notification else Channels({}, {}, {})

    async def _brief(self, conn: psycopg.AsyncConnection[Any], brief: "BriefView") -> None:
        from heartlamp_server.briefing import Briefing  # forms for screens, for which no alarm waits at a start

        await Briefing(self._channels, self.config.figures.zone).tell(conn, brief)

    def _happened(self, payload: str) -> None:
        self.feed.poke(payload)
        self.escalation.poke()

    def current_epoch(self) -> str:
        return self.epoch

    def wake(self, done: Done) -> None:
        self.feed.offer(done.feed)
        for gateway in done.gateways:
            self.down.wake(gateway)

    def health(self) -> list[Route]:
        """Whether it lives; whether it can take something in now."""
        return [Route("/livez", self.livez), Route("/readyz", self.healthz), Route("/healthz", self.healthz)]

    async def livez(self, request: Request) -> Response:
        return JSONResponse({"ok": True})

    async def healthz(self, request: Request) -> Response:
        try:
            async with self.database.connection() as conn:
                await store.check_schema(conn)
        except (NotReady, DatabaseError):
            return JSONResponse({"error": "the store is away", "do": "wait, it is being brought back"}, 503)
        return JSONResponse({"ok": True, "epoch": self.epoch})
