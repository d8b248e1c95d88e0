"""Who of other systems may tell or read what: the administrator's list of tokens."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from heartlamp_server import plain
from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.interop import store
from heartlamp_server.interop.model import PER_MINUTE, System
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, Spot, may
from heartlamp_server.responder.within import Connection, area_spots

Id = Annotated[int, Field(ge=1, le=2**62)]
May = Literal["report", "handover", "cap"]


class NewSystem(BaseModel):
    name: str = Field(min_length=1, max_length=48)
    areas: list[Id] = Field(min_length=1, max_length=50)
    may: list[May] = Field(min_length=1, max_length=3)
    per_minute: int = Field(PER_MINUTE, ge=1, le=60_000)


class SystemView(BaseModel):
    """`may`: report (tell of incidents), handover (tell of hand-overs), cap (read warnings)."""

    id: int
    name: str
    areas: list[int]
    may: list[str]
    per_minute: int
    made_by: str
    made_at: datetime | None
    seen_at: datetime | None
    ended_at: datetime | None


class MadeSystem(SystemView):
    """`token`: shown this once."""

    token: str


class Systems(BaseModel):
    systems: list[SystemView]


def router(database: Database, gate: Gate) -> APIRouter:
    routes = APIRouter()
    Changes = Annotated[Scope, Depends(gate.require("system.change"))]
    unknown = partial(problem, 404, "没有这个系统或区域 · no such system or area", "请刷新 · reload")
    refusals: dict[int | str, dict[str, Any]] = {n: {"model": Problem} for n in (403, 404, 422)}

    @routes.get("/systems")
    async def list_systems(scope: Changes) -> Systems:
        """Other systems that were let in to one's areas, and those that were shut out again."""
        async with database.connection() as conn:
            found = [s for s in await store.every(conn) if await mine(conn, scope, s.areas)]
        return Systems(systems=[_view(s) for s in found])

    @routes.post("/systems", status_code=201, responses=refusals)
    async def let_in(given: NewSystem, scope: Changes) -> MadeSystem:
        """Lets another system in; its token is shown once."""
        name = plain.name(given.name)
        if not name:
            raise problem(422, "请填写名称 · give it a name", "请更正 · correct it")
        async with database.connection() as conn, conn.transaction():
            areas = sorted(set(given.areas))
            if not await mine(conn, scope, areas):
                raise unknown()
            made, token = await store.add(
                conn, name, areas, sorted(set(given.may)), given.per_minute, scope.person.name
            )
            await audit.record(conn, scope.person.name, "system.add", str(made.id))
        return MadeSystem(**_view(made).model_dump(), token=token)

    @routes.post("/systems/{id}/end", responses=refusals)
    async def shut_out(id: Id, scope: Changes) -> SystemView:
        """Its token is refused from now on."""
        async with database.connection() as conn, conn.transaction():
            found = await store.one(conn, id)
            if found is None or not await mine(conn, scope, found.areas):
                raise unknown()
            await store.end(conn, id)
            await audit.record(conn, scope.person.name, "system.end", str(id))
            ended = await store.one(conn, id)
        assert ended is not None
        return _view(ended)

    return routes


async def mine(conn: Connection, scope: Scope, areas: list[int] | tuple[int, ...]) -> bool:
    """Whether all of them lie where this person may do it; nobody lets others in where one may not oneself."""
    spots = await area_spots(conn, areas)
    return all(may(scope, "system.change", spots.get(area, Spot())) and area in spots for area in areas)


def _view(system: System) -> SystemView:
    return SystemView(
        id=system.id,
        name=system.name,
        areas=list(system.areas),
        may=list(system.may),
        per_minute=system.per_minute,
        made_by=system.made_by,
        made_at=system.made_at,
        seen_at=system.seen_at,
        ended_at=system.ended_at,
    )
