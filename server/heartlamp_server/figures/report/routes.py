"""The month's report: into the county's own form, and as a page to print."""

import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import psycopg
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from heartlamp_server import plain
from heartlamp_server.audit import store as audit
from heartlamp_server.audit.model import Head
from heartlamp_server.database.pool import Database
from heartlamp_server.figures import compute
from heartlamp_server.figures.compute import Told
from heartlamp_server.figures.forms import Day, Id
from heartlamp_server.figures.report import template
from heartlamp_server.figures.report.fields import fields, rows, sample
from heartlamp_server.figures.report.printed import page
from heartlamp_server.figures.report.template import NotFilled
from heartlamp_server.figures.routes import asked, place
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope
from heartlamp_server.responder.store import displays

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PRINTED = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
}
Connection = psycopg.AsyncConnection[Any]
Lang = Literal["zh", "en"]
Version = Annotated[int, Query(ge=0, le=10**6)]


class FormView(BaseModel):
    """`name` "": the one that the program ships with."""

    name: str
    bytes: int


def router(database: Database, gate: Gate, zone: ZoneInfo) -> APIRouter:
    routes = APIRouter()
    see, keeps = gate.require("figures.see"), gate.require("figures.keep")

    @routes.get("/reports/month.html", response_class=Response, responses={404: {"model": Problem}})
    async def month_to_print(
        scope: Annotated[Scope, Depends(see)],
        month: Day,
        area: Id | None = None,
        version: Version = 0,
        lang: Lang = "zh",
    ) -> Response:
        """A page for A4; a browser prints it. `month`: any day of it."""
        async with database.connection() as conn:
            told, head, by = await _month(conn, scope, area, month, version)
        return Response(page(told, zone, head, by, lang), media_type="text/html; charset=utf-8", headers=PRINTED)

    @routes.get("/reports/month.xlsx", response_class=Response, responses={n: {"model": Problem} for n in (404, 409)})
    async def month_in_the_form(
        scope: Annotated[Scope, Depends(see)], month: Day, area: Id | None = None, version: Version = 0
    ) -> Response:
        """In the form that holds for the area, its own or the nearest above, or the shipped one."""
        async with database.connection() as conn:
            told, head, by = await _month(conn, scope, area, month, version)
            form = await template.newest(conn, told.own.area.id)
        try:
            book = await template.fill(form[1] if form else b"", fields(told, zone, head, by), rows(told))
        except NotFilled as why:
            raise problem(409, str(why)[:2000], "请更正模板 · correct the form") from why
        name = f"heartlamp-{told.own.area.id}-{told.period.first:%Y-%m}.xlsx"
        return Response(book, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    @routes.get("/reports/form", responses={404: {"model": Problem}})
    async def which_form(scope: Annotated[Scope, Depends(see)], area: Id | None = None) -> FormView:
        """Which form holds for an area."""
        async with database.connection() as conn:
            here, _ = await place(conn, scope, area)
            form = await template.newest(conn, here.id)
        return FormView(name=form[0], bytes=len(form[1])) if form else FormView(name="", bytes=0)

    @routes.post("/reports/form", responses={n: {"model": Problem} for n in (404, 413, 422)})
    async def put_form(
        request: Request,
        scope: Annotated[Scope, Depends(keeps)],
        area: Id,
        name: Annotated[str, Query(max_length=template.NAME_MAX, pattern=r"^$|\.xlsx$")] = "",
    ) -> FormView:
        """The body is the XLSX file; an empty one takes the area's form away. It is tried before it is kept: what is
        wrong with it is told cell by cell."""
        async with database.connection() as conn:
            here, _ = await place(conn, scope, area, "figures.keep")
        data = await request.body()
        if data:
            try:
                await template.fill(data, *sample())
            except NotFilled as why:
                raise problem(422, str(why)[:2000], "未保存，请更正模板 · nothing was kept: correct the form") from why
        shown = re.sub(r"[/\\]", "", plain.name(name)) or "form.xlsx"
        async with database.connection() as conn, conn.transaction():
            await template.put(conn, here.id, shown, data, scope.person.name)
            await audit.record(conn, scope.person.name, "figures.template", str(here.id), bytes=len(data))
        return FormView(name=shown if data else "", bytes=len(data))

    async def _month(
        conn: Connection, scope: Scope, area: int | None, month: Day, version: int
    ) -> tuple[Told, Head, str]:
        here, silent = await place(conn, scope, area)
        await audit.glance(conn, scope.person.name, "look.figures", str(here.id))
        told = await compute.told(conn, here, asked("month", month, None), zone, silent, version=version)
        if told is None:
            raise problem(404, "没有这个版本 · no such version", "请重新选择 · choose again")
        if told.lock is None:
            return told, (await audit.newest(conn)).head, ""
        shown = await displays(conn, [told.lock.locked_by])
        return told, told.lock.head, shown.get(told.lock.locked_by, told.lock.locked_by)

    return routes
