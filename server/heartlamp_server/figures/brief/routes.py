"""The daily brief: as data, as a page to print, and as a text to send."""

from typing import Annotated, Any

import psycopg
from fastapi import APIRouter, Depends
from starlette.responses import Response

from heartlamp_server.audit import store as audit
from heartlamp_server.config import Figures
from heartlamp_server.database.pool import Database
from heartlamp_server.figures import keep
from heartlamp_server.figures import store as figures_store
from heartlamp_server.figures.brief import store
from heartlamp_server.figures.brief.model import BriefView, newest_day, text
from heartlamp_server.figures.brief.printed import page
from heartlamp_server.figures.forms import Day, Id
from heartlamp_server.figures.report.routes import PRINTED, Lang
from heartlamp_server.figures.routes import place
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope

Connection = psycopg.AsyncConnection[Any]


def router(database: Database, gate: Gate, figures: Figures) -> APIRouter:
    routes = APIRouter()
    see = gate.require("figures.see")
    refusals: dict[int | str, dict[str, Any]] = {n: {"model": Problem} for n in (404, 409)}

    @routes.get("/reports/brief", responses=refusals)
    async def daily_brief(
        scope: Annotated[Scope, Depends(see)], area: Id | None = None, day: Day | None = None
    ) -> BriefView:
        """Of the 24 hours that end on `day` (the last ones, where none is said): as it was made at its hour; of an area
        or a day of which none was made, as it is now."""
        async with database.connection() as conn:
            return await _brief(conn, scope, area, day)

    @routes.get("/reports/brief.html", response_class=Response, responses=refusals)
    async def daily_brief_to_print(
        scope: Annotated[Scope, Depends(see)], area: Id | None = None, day: Day | None = None, lang: Lang = "zh"
    ) -> Response:
        """The same as a page for A4."""
        async with database.connection() as conn:
            brief = await _brief(conn, scope, area, day)
        return Response(page(brief, figures.zone, lang), media_type="text/html; charset=utf-8", headers=PRINTED)

    @routes.get("/reports/brief.txt", response_class=Response, responses=refusals)
    async def daily_brief_to_send(
        scope: Annotated[Scope, Depends(see)], area: Id | None = None, day: Day | None = None, lang: Lang = "zh"
    ) -> Response:
        """The same as a few lines."""
        async with database.connection() as conn:
            brief = await _brief(conn, scope, area, day)
        return Response(text(brief, figures.zone, lang == "en"), media_type="text/plain; charset=utf-8")

    async def _brief(conn: Connection, scope: Scope, area: int | None, day: Day | None) -> BriefView:
        here, silent = await place(conn, scope, area)
        await audit.glance(conn, scope.person.name, "look.figures", str(here.id))
        now = await figures_store.now(conn)
        minute = figures.minute(here.code)
        newest = newest_day(now, minute, figures.zone)
        if day is not None and day > newest:
            raise problem(409, "这一天的简报还没有到时间 · its hour has not come", "请稍后再看 · look again later")
        kept = await store.kept(conn, here.id, day or newest, silent)
        if kept is not None:
            return kept
        await keep.refresh(conn, figures.zone)
        return await store.make(conn, here, day or newest, minute, figures.zone, silent, now)

    return routes
