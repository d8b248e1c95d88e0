"""The console's application: every router under /api, errors for people, and the page. Loaded after the gateways are
served: what an alarm does not need must not keep it waiting."""

from pathlib import Path
from typing import Any

import psycopg
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from heartlamp_server.alarm import routes as alarm_routes
from heartlamp_server.app import County
from heartlamp_server.config import Config, Listener
from heartlamp_server.console import routes as console_routes
from heartlamp_server.database.pool import NotReady
from heartlamp_server.device import routes as device_routes
from heartlamp_server.incident import routes as incident_routes
from heartlamp_server.responder import routes as responder_routes
from heartlamp_server.telemetry import routes as telemetry_routes


def build(county: County, secure: bool) -> FastAPI:
    """`secure`: it is served over TLS, so the session's cookie is for TLS only."""
    app = FastAPI(title="Heart-Lamp", version="1", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    database = county.database
    signed_in = responder_routes.guard(database)
    for router in (
        responder_routes.router(database, signed_in, secure),
        device_routes.router(database, county.presence, signed_in),
        telemetry_routes.router(database, county.series, signed_in),
        alarm_routes.router(database, signed_in),
        incident_routes.router(database, county.vault, signed_in, county.current_epoch, county.wake),
        console_routes.router(county.feed, signed_in),
    ):
        app.include_router(router, prefix="/api")
    app.add_route("/healthz", county.healthz)
    app.router.routes.extend(console_routes.pages())
    app.add_exception_handler(NotReady, _not_ready)
    app.add_exception_handler(HTTPException, _said)
    app.add_exception_handler(psycopg.DataError, _unfit)
    app.add_exception_handler(UnicodeEncodeError, _unfit)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_middleware(SameSiteOnly)
    return app


def openapi() -> dict[str, Any]:
    """The console's contract, without a database or a configuration."""
    here, none = Listener("", 0, None, None), Path()
    county = County(Config("", none, none, none, here, "", here), bytes(32))
    return build(county, secure=False).openapi()


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


def _unfit(request: Request, error: Exception) -> Response:
    said = {"error": "a text holds what cannot be stored · 文本含有无法保存的字符", "do": "correct it · 请更正"}
    return JSONResponse(said, 422)


def _said(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = error.detail if isinstance(error.detail, dict) else {"error": str(error.detail), "do": "check the address"}
    return JSONResponse(detail, error.status_code, error.headers)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = "; ".join(f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in error.errors())
    return JSONResponse({"error": wrong[:500], "do": "correct it and send again · 请更正后重试"}, 422)
