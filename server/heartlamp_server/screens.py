"""The console's application: every router under /api, errors for people, and the page. Loaded after the gateways are
served: what an alarm does not need must not keep it waiting."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import psycopg
from fastapi import Depends, FastAPI, Request
from fastapi import HTTPException as Refusal
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heartlamp_server.alarm import routes as alarm_routes
from heartlamp_server.app import County
from heartlamp_server.area import find_routes, household_routes, site_routes
from heartlamp_server.area import routes as area_routes
from heartlamp_server.area.importing import routes as table_routes
from heartlamp_server.area.importing.routes import BYTES_MAX as TABLE_BYTES_MAX
from heartlamp_server.audit import routes as audit_routes
from heartlamp_server.audit import store as audit
from heartlamp_server.audit.store import NotWritten
from heartlamp_server.config import Config, Listener
from heartlamp_server.console import routes as console_routes
from heartlamp_server.database.pool import NotReady
from heartlamp_server.device import routes as device_routes
from heartlamp_server.escalation import routes as policy_routes
from heartlamp_server.escalation import whom_routes
from heartlamp_server.figures import routes as figure_routes
from heartlamp_server.figures.brief import routes as brief_routes
from heartlamp_server.figures.report import routes as report_routes
from heartlamp_server.figures.report.fill import BYTES_MAX as FORM_BYTES_MAX
from heartlamp_server.fleet import flash_routes, rollout_routes
from heartlamp_server.fleet import routes as fleet_routes
from heartlamp_server.groundplan import routes as groundplan_routes
from heartlamp_server.house import open as house_pages
from heartlamp_server.house import routes as house_routes
from heartlamp_server.incident import drill_routes, handover_routes, intake_routes
from heartlamp_server.incident import routes as incident_routes
from heartlamp_server.interop import hook_routes, opened, system_routes
from heartlamp_server.interop.metrics import Metrics
from heartlamp_server.jpeg import PHOTO_BYTES_MAX
from heartlamp_server.matter import catalogue_routes, order_routes
from heartlamp_server.matter import routes as matter_routes
from heartlamp_server.notification import broadcast_routes
from heartlamp_server.notification import routes as notification_routes
from heartlamp_server.notification.callbacks import Callbacks
from heartlamp_server.notification.run import signer
from heartlamp_server.notification.texts import Texts
from heartlamp_server.operation import retention_routes
from heartlamp_server.patrol import routes as patrol_routes
from heartlamp_server.phone import duty as duty_routes
from heartlamp_server.phone import routes as phone_routes
from heartlamp_server.picture import look_routes, photo_routes
from heartlamp_server.provisioning import device_routes as keeping_routes
from heartlamp_server.provisioning import routes as claim_routes
from heartlamp_server.provisioning import uncovered as uncovered_routes
from heartlamp_server.provisioning import use_routes
from heartlamp_server.provisioning.settings import paper
from heartlamp_server.responder import admin as people_routes
from heartlamp_server.responder import family
from heartlamp_server.responder import routes as responder_routes
from heartlamp_server.responder import scope as responder_scope
from heartlamp_server.responder.gate import Gate, actions
from heartlamp_server.responder.model import Person
from heartlamp_server.responder.reader import readers
from heartlamp_server.responder.roster import routes as roster_routes
from heartlamp_server.shift import routes as shift_routes
from heartlamp_server.telemetry import routes as telemetry_routes
from heartlamp_server.telemetry.model import SeriesAway
from heartlamp_server.wall import routes as wall_routes

BODY_BYTES_MAX = 64 * 1024
"""The longest that a person types is a note of 500 characters."""
LONGER = (
    (re.compile(r"/api/reports/form"), FORM_BYTES_MAX),
    (re.compile(r"/api/area-tables/.+"), TABLE_BYTES_MAX),
    (re.compile(r"/api/ground-plans/.+"), 1024 * 1024),  # a village of 300 houses is drawn in 80 KiB
    (re.compile(r"/api/incidents/[^/]+/photos"), PHOTO_BYTES_MAX),
    (re.compile(r"/api/matter-photos/.*"), phone_routes.PHOTO_MAX),
)
"""What is longer than what people type, and read only after the person was let through."""


def build(county: County, secure: bool) -> FastAPI:
    """`secure`: it is served over TLS, so the session's cookie is for TLS only."""
    app = FastAPI(title="Heart-Lamp", version="1", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    database = county.database
    gate = Gate(database, secure)
    reads = readers(database, gate)
    texts, wakes = Texts(), {name: trait.wakes for name, trait in county.ways.traits().items()}
    routers = (
        responder_routes.router(database, gate, county.seal, secure),
        people_routes.router(database, gate, county.seal),
        family.router(database, gate, county.seal),
        roster_routes.router(database, gate),
        area_routes.router(database, reads, county.rezoning),
        table_routes.router(database, reads, county.vault, county.rezoning.retell),
        find_routes.router(database, reads),
        retention_routes.router(database, gate, county.config),
        site_routes.router(database, reads, county.rezoning),
        household_routes.router(database, reads, county.vault, _look),
        device_routes.router(database, county.presence, gate),
        telemetry_routes.router(database, county.series, gate),
        alarm_routes.router(database, gate),
        policy_routes.router(database, gate, county.seal),
        whom_routes.router(database, gate, county.seal, bool(county.config.notification)),
        incident_routes.router(database, county.vault, gate, county.current_epoch, county.wake),
        drill_routes.router(database, gate),
        intake_routes.router(
            database,
            county.vault,
            county.seal,
            gate,
            county.current_epoch,
            county.wake,
            county.config.centre.intake_seconds,
        ),
        handover_routes.router(
            database, county.vault, gate, county.current_epoch, county.wake, county.config.centre.callback
        ),
        notification_routes.router(database, gate, wakes, texts),
        broadcast_routes.router(database, gate),
        photo_routes.router(database, county.vault, gate),
        system_routes.router(database, gate),
        hook_routes.router(database, gate, county.seal),
        audit_routes.router(database, county.audit_seal, _auditor(gate)),
        console_routes.router(database, county.feed, gate),
        look_routes.router(database, gate, county.vault),
        shift_routes.router(database, gate),
        matter_routes.router(database, gate),
        catalogue_routes.router(database, gate),
        order_routes.router(database, gate),
        figure_routes.router(database, gate, county.config.figures.zone),
        report_routes.router(database, gate, county.config.figures.zone),
        brief_routes.router(database, gate, county.config.figures),
        groundplan_routes.router(database, gate),
        wall_routes.router(database, county.presence.online, gate),
        phone_routes.router(database, county.vault, gate, county.current_epoch, county.wake),
        duty_routes.router(database, gate),
        patrol_routes.router(database, gate),
        claim_routes.router(database, gate, county.vault, lambda: paper(county.config)),
        uncovered_routes.router(database, gate, county.config.figures.zone),
        use_routes.router(database, gate, county.vault),
        keeping_routes.router(database, gate, county.vault, lambda: paper(county.config)),
        fleet_routes.router(database, gate, county.series, county.presence),
        rollout_routes.router(database, gate),
        flash_routes.router(gate, county.config.images),
        house_routes.router(database, gate, str(county.config.notification.get("link", ""))),
        house_pages.router(
            database,
            gate,
            county.vault,
            county.seal,
            county.series,
            county.current_epoch,
            county.wake,
            secure,
        ),
    )
    app.state.actions = actions(routers, "/api")  # raises where a route asks nobody
    for router in routers:
        app.include_router(router, prefix="/api")
    app.router.routes.extend(Callbacks(database, county.ways, texts, signer(county.config, county.ways)).routes())
    app.mount(
        "/open/v1",
        _handled(opened.build(database, county.vault, county.current_epoch, county.wake, _sender(county.config))),
    )
    metrics = Metrics(
        database, county.config.metrics_token, county.ingest.verdicts, lambda: len(county.presence.online())
    )
    app.router.routes.extend(metrics.routes())
    app.router.routes.extend(county.health())
    app.router.routes.extend(console_routes.pages())
    _handled(app)
    app.add_middleware(ShortBodies)
    app.add_middleware(SameSiteOnly)
    app.add_middleware(Headed, secure=secure)
    return app


def _sender(config: Config) -> str:
    return f"heartlamp@{urlsplit(config.url).hostname or 'county.heartlamp'}"


def _handled(app: FastAPI) -> FastAPI:
    """With words for what goes wrong."""
    app.add_exception_handler(NotReady, _not_ready)
    app.add_exception_handler(NotWritten, _not_written)
    app.add_exception_handler(SeriesAway, _series_away)
    app.add_exception_handler(HTTPException, _said)
    app.add_exception_handler(psycopg.DataError, _unfit)
    app.add_exception_handler(UnicodeEncodeError, _unfit)
    app.add_exception_handler(RequestValidationError, _invalid)
    return app


def _auditor(gate: Gate) -> Callable[..., Awaitable[Person]]:
    async def auditor(scope: Annotated[responder_scope.Scope, Depends(gate.require("audit.read"))]) -> Person:
        return scope.person

    return auditor


async def _look(conn: psycopg.AsyncConnection[Any], who: str, what: str, id: str) -> None:
    """What is done with a household, in the log's words."""
    if what.startswith("list of "):
        await audit.record(conn, who, "household.list", id, step=what.rpartition(" ")[2])
    elif what in ("household seen", "household exported"):
        await audit.look(conn, who, "look.household", id, id)
    else:
        await audit.record(conn, who, "household.change", id, id)


def openapi() -> dict[str, Any]:
    """The console's contract, in the same words whichever Python writes it: 3.13 has new ones for these."""
    said = _unplugged().openapi()
    for operation in (o for path in said["paths"].values() for o in path.values()):
        for reply in operation["responses"].values():
            reply["description"] = _RENAMED.get(reply["description"], reply["description"])
    return said


_RENAMED = {"Unprocessable Entity": "Unprocessable Content", "Request Entity Too Large": "Content Too Large"}


def routes() -> dict[tuple[str, str], str]:
    """(method, path) -> the action of the table of permissions that it takes."""
    found: dict[tuple[str, str], str] = _unplugged().state.actions
    return found


def _unplugged() -> FastAPI:
    """Without a database or a configuration."""
    here, none = Listener("", 0, None, None), Path()
    county = County(Config("", none, none, none, here, "", here), bytes(32), 0)
    return build(county, secure=False)


class SameSiteOnly:
    """A foreign page can make a browser send what changes something, but not with a header of its own, and browsers of
    today say themselves where the request comes from. Where no cookie is read
    (callbacks of providers, signed links) none is needed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = _refused(scope) if scope["type"] == "http" else None
        if refused is not None:
            await JSONResponse(refused, 403)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _refused(scope: Scope) -> dict[str, str] | None:
    if scope["method"] in ("GET", "HEAD", "OPTIONS") or scope["path"].startswith(("/notify/", "/open/")):
        return None
    headers = Headers(scope=scope)
    if headers.get("x-heartlamp") != "1":
        return {
            "error": "缺少请求头 X-Heartlamp: 1 · the header X-Heartlamp: 1 is missing",
            "do": "每个修改请求都要带上它 · send it with every request that changes something",
        }
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return {
            "error": "请求来自另一个网站 · the request comes from another site",
            "do": "请从指挥台页面操作 · use the console's own page",
        }
    return None


class ShortBodies:
    """Nobody fills the county's memory: a body is read before anybody asks who sends it. What is too long is refused
    as soon as that is known, and the connection with it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read, most = 0, _longest(scope.get("path", ""))

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise Refusal(413, _too_long(most), _CLOSE)
            return message

        announced = Headers(scope=scope).get("content-length", "0") if scope["type"] == "http" else "0"
        if int(announced) > most:  # digits: the parser has seen to that
            await JSONResponse(_too_long(most), 413, _CLOSE)(scope, receive, send)
        else:
            await self._app(scope, counted, send)


def _longest(path: str) -> int:
    return next((most for fits, most in LONGER if fits.fullmatch(path)), BODY_BYTES_MAX)


def _too_long(most: int) -> dict[str, str]:
    return {
        "error": f"请求超过 {most} 字节 · the request is longer than {most} bytes",
        "do": "请缩短后重试 · shorten it and send again",
    }


_CLOSE = {"Connection": "close"}


class Headed:
    """What a browser is told of every answer. What the API says is of this moment and for this person: no cache keeps
    it, and no page is built of it. `secure`: over TLS, and from now on never without."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        self._app = app
        self._headers = EVERY_ANSWER | ({"Strict-Transport-Security": _A_YEAR} if secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = MutableHeaders(scope=message)
                for name, value in (self._headers | (OF_THE_API if of_api else {})).items():
                    told.setdefault(name, value)
            await send(message)

        of_api = scope["type"] == "http" and scope["path"].startswith("/api/")
        await self._app(scope, receive, headed)


EVERY_ANSWER = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        f"{name}=()"
        for name in ("camera", "display-capture", "geolocation", "microphone", "payment", "serial", "usb", "bluetooth")
    ),
}
OF_THE_API = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
_A_YEAR = "max-age=31536000"


def _not_ready(request: Request, error: Exception) -> Response:
    return JSONResponse(
        {"error": "数据库暂时不可用 · the store is away", "do": "请稍后重试 · try again in a moment"}, 503
    )


def _not_written(request: Request, error: Exception) -> Response:
    said = {
        "error": "审计日志无法写入，未显示也未更改 · the audit log cannot be written: nothing was shown or changed",
        "do": "请联系管理员；报警照常接收 · tell the administrator; alarms are taken in all the same",
    }
    return JSONResponse(said, 503)


def _series_away(request: Request, error: Exception) -> Response:
    said = {
        "error": "读数暂时无法查询，报警不受影响 · readings cannot be looked up now; alarms are not concerned",
        "do": "请稍后重试 · try again in a moment",
    }
    return JSONResponse(said, 503)


def _unfit(request: Request, error: Exception) -> Response:
    said = {"error": "文本含有无法保存的字符 · a text holds what cannot be stored", "do": "请更正 · correct it"}
    return JSONResponse(said, 422)


def _said(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail: Any = error.detail
    if not isinstance(detail, dict):
        detail = {"error": str(detail), "do": "请检查地址和请求 · check the address and the request"}
    return JSONResponse(detail, error.status_code, error.headers)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = "; ".join(f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in error.errors())
    wrong = wrong.encode(errors="replace").decode()  # a field's name may be what no text can hold
    return JSONResponse({"error": wrong[:500], "do": "请更正后重试 · correct it and send again"}, 422)
