"""巡查打卡: somebody was at a site and says by a tap how it was there. No position is asked for, and nothing is kept of
where they were in between."""

from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.house import store as houses
from heartlamp_server.house.model import is_code
from heartlamp_server.patrol import store
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, Spot, may, reach
from heartlamp_server.responder.store import displays
from heartlamp_server.responder.within import Where, site_spots

VisitId = Annotated[str, Path(pattern="^[a-z0-9]{24,40}$")]
FAULT_OF_A_PATROL = "other"


class CheckIn(BaseModel):
    """Where: a `site` of one's own areas from the list, or the `code` of its label. `waited_ms`: how long ago by the
    phone's clock; `fault`: with "fault", which one."""

    site: str = Field("", max_length=60)
    code: str = Field("", max_length=20)
    said: Literal["well", "fault", "nobody"]
    fault: Literal["dark", "button", "sound", "moved", "wet", "other"] = "other"
    waited_ms: int = Field(0, ge=0, le=2**53)


class VisitView(BaseModel):
    id: str
    site: str
    site_name: str
    by: str
    said: str
    by_code: bool
    at: datetime


class Visits(BaseModel):
    now: datetime
    visits: list[VisitView]


def router(database: Database, gate: Gate) -> APIRouter:
    routes = APIRouter()
    sees, does = gate.require("patrol.see"), gate.require("patrol.do")
    unknown = partial(problem, 404, "没有这个点位 · no such site", "请重新扫码或选择 · scan or choose again")

    @routes.put("/patrols/{id}", responses={404: {"model": Problem}})
    async def check_in(id: VisitId, given: CheckIn, scope: Annotated[Scope, Depends(does)]) -> VisitView:
        """Kept once however often it is sent; a fault goes to the technician."""
        async with database.connection() as conn, conn.transaction():
            site = given.site
            if given.code:
                site = (await houses.site_of(conn, given.code) if is_code(given.code) else None) or ""
            spot = (await site_spots(conn, [site])).get(site)
            if not may(scope, "patrol.do", spot or Spot()) or spot is None:
                raise unknown()
            now = await houses.now(conn)
            waited = timedelta(milliseconds=min(given.waited_ms, 30 * 24 * 3600 * 1000))
            new = await store.check_in(conn, id, site, scope.person.name, given.said, bool(given.code), now - waited)
            if new:
                await audit.record(conn, scope.person.name, "patrol.done", id, site, said=given.said)
                if given.said == "fault":
                    await houses.report_fault(conn, site, given.fault, "", "patrol")
            found = await store.visits(conn, "p.id = %(id)s", {"id": id}, 1)
            if found[0].person != scope.person.name:
                raise unknown()
            return _view(found[0], {scope.person.name: scope.person.display})

    @routes.get("/patrols", responses={404: {"model": Problem}})
    async def visits(
        scope: Annotated[Scope, Depends(sees)],
        site: Annotated[str, Query(max_length=60)] = "",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Visits:
        """Newest first; of one site, or of all that one may see."""
        where = Where()
        parts = [where.inside(reach(scope, "patrol.see"), "s.area", "s.id")]
        if site:
            where.values["site"] = site
            parts.append("p.site = %(site)s")
        async with database.connection() as conn:
            if site and not may(scope, "patrol.see", (await site_spots(conn, [site])).get(site, Spot())):
                raise unknown()
            found = await store.visits(conn, " AND ".join(parts), where.values, limit)
            shown = await displays(conn, [one.person for one in found])
            now = await houses.now(conn)
        return Visits(now=now, visits=[_view(one, shown) for one in found])

    return routes


def _view(one: store.Visit, shown: dict[str, str]) -> VisitView:
    by = shown.get(one.person, one.person)
    return VisitView(
        id=one.id, site=one.site, site_name=one.site_name, by=by, said=one.said, by_code=one.by_code, at=one.at
    )
