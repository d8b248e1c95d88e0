"""The composition root: builds every part and says who wakes whom."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from heartlamp_server.alarm import routes as alarm_routes
from heartlamp_server.config import Config, Listener
from heartlamp_server.console import routes as console_routes
from heartlamp_server.console.feed import Feed
from heartlamp_server.database import feed, store
from heartlamp_server.database.feed import Done
from heartlamp_server.database.listen import listen
from heartlamp_server.database.pool import Database, NotReady
from heartlamp_server.device import routes as device_routes
from heartlamp_server.device import store as device_store
from heartlamp_server.device.presence import Presence
from heartlamp_server.device.tokens import Tokens
from heartlamp_server.device.vault import Vault
from heartlamp_server.incident import routes as incident_routes
from heartlamp_server.ingest.down import Down
from heartlamp_server.ingest.routes import Ingest
from heartlamp_server.ingest.sweep import Sweep
from heartlamp_server.responder import routes as responder_routes
from heartlamp_server.telemetry import routes as telemetry_routes
from heartlamp_server.telemetry.store import PostgresSeries

log = logging.getLogger("heartlamp")


class County:
    """The whole server but its listeners. `gateways` and `console` are the two ASGI applications; `key`: 32 bytes that
    seal the devices' secrets."""

    def __init__(self, config: Config, key: bytes) -> None:
        self.database = Database(config.database)
        self.stopping = asyncio.Event()
        self.epoch = ""
        vault, series = Vault(key), PostgresSeries()
        self.presence = Presence(self.database)
        self.feed = Feed(self.database, self._epoch, self.stopping)
        self.tokens = Tokens(self.database)
        self.ingest = Ingest(self.database, self.tokens, vault, series, self.presence, self._epoch, self._wake)
        self.down = Down(self.database, self.tokens, self.presence, self._epoch, self.stopping)
        self.sweep = Sweep(self.database, self.ingest, series)
        self.gateways = Starlette(routes=[*self.ingest.routes(), *self.down.routes(), Route("/healthz", self._healthz)])
        signed_in = responder_routes.guard(self.database)
        secure = config.console.cert is not None
        self.console = api(
            [
                responder_routes.router(self.database, signed_in, secure),
                device_routes.router(self.database, self.presence, signed_in),
                telemetry_routes.router(self.database, series, signed_in),
                alarm_routes.router(self.database, signed_in),
                incident_routes.router(self.database, vault, signed_in, self._epoch, self._wake),
                console_routes.router(self.feed, signed_in),
            ]
        )
        self.console.add_route("/healthz", self._healthz)
        self.console.router.routes.extend(console_routes.pages())

    async def open(self) -> list[asyncio.Task[None]]:
        """Opens the store; returns the tasks that run for ever. Raises DatabaseError."""
        await self.database.open(self._meet, self.ingest.warm)
        await self.feed.start()
        wakes: dict[str, Callable[[str], None]] = {
            feed.CHANNEL: self.feed.poke,
            device_store.CHANNEL: self.down.wake,
            device_store.REVOKED: self.tokens.forget,
        }
        runners = {
            "database": self.database.watch(),
            "notifications": listen(self.database.conninfo, wakes),
            "feed": self.feed.run(),
            "presence": self.presence.run(),
            "sweep": self.sweep.run(),
        }
        return [asyncio.create_task(run, name=name) for name, run in runners.items()]

    async def _meet(self, conn: psycopg.AsyncConnection[Any]) -> None:
        await store.check_schema(conn)
        self.epoch = await store.epoch(conn)

    async def close(self) -> None:
        await self.presence.flush()
        await self.database.close()

    def stop_streams(self) -> None:
        self.stopping.set()
        self.down.wake("")
        self.feed.poke()

    def _epoch(self) -> str:
        return self.epoch

    def _wake(self, done: Done) -> None:
        self.feed.offer(done.feed)
        for gateway in done.gateways:
            self.down.wake(gateway)

    async def _healthz(self, request: Request) -> Response:
        try:
            async with self.database.connection() as conn:
                await conn.execute("SELECT 1")
        except NotReady:
            return JSONResponse({"error": "the store is away", "do": "wait, it is being brought back"}, 503)
        return JSONResponse({"ok": True, "epoch": self.epoch})


def api(routers: list[APIRouter]) -> FastAPI:
    """The console's application: the routers under /api, and errors for people."""
    app = FastAPI(title="Heart-Lamp", version="1", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    for router in routers:
        app.include_router(router, prefix="/api")
    app.add_exception_handler(NotReady, _not_ready)
    app.add_exception_handler(HTTPException, _said)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_middleware(SameSiteOnly)
    return app


def openapi() -> dict[str, Any]:
    """The console's contract, without a database or a configuration."""
    here, none = Listener("", 0, None, None), Path()
    return County(Config("", none, none, none, here, "", here), bytes(32)).console.openapi()


class SameSiteOnly:
    """A foreign page can make a browser post, but not with a header of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and Headers(scope=scope).get("x-heartlamp") != "1":
            refuse = JSONResponse(
                {"error": "the header X-Heartlamp: 1 is missing", "do": "send it with every POST"}, 403
            )
            await refuse(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _not_ready(request: Request, error: Exception) -> Response:
    return JSONResponse(
        {"error": "the store is away · 数据库暂时不可用", "do": "try again in a moment · 请稍后重试"}, 503
    )


def _said(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = error.detail if isinstance(error.detail, dict) else {"error": str(error.detail), "do": "check the address"}
    return JSONResponse(detail, error.status_code, error.headers)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = "; ".join(f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in error.errors())
    return JSONResponse({"error": wrong[:500], "do": "correct it and send again · 请更正后重试"}, 422)
