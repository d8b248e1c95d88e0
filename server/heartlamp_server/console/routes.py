"""The live feed and the built page."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import StreamingResponse
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heartlamp_server.audit import store as audit
from heartlamp_server.console.feed import Feed
from heartlamp_server.database.pool import Database, NotReady
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope

STATIC = Path(__file__).parent / "static"

PROGRAMS = {"wall": "wall.html", "m": "phone.html", "h": "house.html", "flash": "flash.html"}
"""First part of a path -> the page of a program of its own; everything else is the console's."""

_NOT_BUILT = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>心灯 Heart-Lamp</title>
<h1>页面尚未构建 · The page is not built yet</h1>
<p>在仓库根目录运行 · in the repository's root run: <code>make console</code></p>
<p>警报照常接收 · Alarms are taken in all the same.</p></html>"""

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; media-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
}

ASKS_WHERE = {
    "Permissions-Policy": ", ".join(
        (
            "geolocation=(self)",
            *(f"{name}=()" for name in ("camera", "display-capture", "microphone", "payment", "usb")),
        )
    )
}
"""Of the phone alone, and there by a tap: where is what I report?"""


ASKS_PORT = {
    "Permissions-Policy": ", ".join(
        ("serial=(self)", *(f"{name}=()" for name in ("camera", "display-capture", "microphone", "payment", "usb")))
    )
}
"""Of the page that writes images into boards, and there by a choice of the port."""
_ASKS = {"m": ASKS_WHERE, "flash": ASKS_PORT}


def router(database: Database, feed: Feed, gate: Gate) -> APIRouter:
    routes = APIRouter()

    @routes.get(
        "/feed",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {}}, "description": "incident, notice, ping, reset"}},
    )
    async def follow(
        request: Request,
        scope: Annotated[Scope, Depends(gate.require("self"))],
        cursor: Annotated[str, Query(max_length=80)] = "",
    ) -> StreamingResponse:
        """Server-sent events, of what this person may see. `incident`: a Card; `notice`: evidence; `ping` every 5 s;
        `reset`: reload the list."""
        at = request.headers.get("last-event-id", "") or cursor
        async with database.connection() as conn:
            await audit.glance(conn, scope.person.name, "look.feed")
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

        async def again() -> Scope | None:
            try:
                return await gate.scope(request)
            except (HTTPException, NotReady):
                return None

        return StreamingResponse(feed.stream(at, scope, again), media_type="text/event-stream", headers=headers)

    return routes


def pages(static: Path = STATIC) -> list[BaseRoute]:
    """A program's page for every path that is no file; what is under assets/ has a hash in its name."""

    def page(request: Request) -> Response:  # not async: it looks at the disk
        path = request.path_params["path"]
        file = (static / path).resolve()
        if path and file.is_relative_to(static.resolve()) and file.is_file():
            age = "public, max-age=31536000, immutable" if path.startswith("assets/") else "no-cache"
            return FileResponse(file, headers={**PAGE_HEADERS, "Cache-Control": age})
        if path.startswith(("assets/", "api/")):
            return JSONResponse({"error": f"nothing is at /{path}", "do": "请检查地址 · check the address"}, 404)
        program = path.partition("/")[0]
        if path == "m":  # with the slash its worker's scope is this program and no other
            return RedirectResponse("/m/", headers={**PAGE_HEADERS, "Cache-Control": "no-cache"})
        index = static / PROGRAMS.get(program, "index.html")
        if index.is_file():
            more = _ASKS.get(program, {})
            return FileResponse(index, headers={**PAGE_HEADERS, **more, "Cache-Control": "no-cache"})
        return HTMLResponse(_NOT_BUILT, 503, {**PAGE_HEADERS, "Cache-Control": "no-store"})

    return [Route("/{path:path}", page, methods=["GET"])]
