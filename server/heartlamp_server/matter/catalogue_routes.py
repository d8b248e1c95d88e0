"""The catalogue for who raises matters, and for who edits it: the county, one row at a time or as a file by the command
line."""

from dataclasses import asdict
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from heartlamp_server.database.pool import Database
from heartlamp_server.matter import store
from heartlamp_server.matter.catalogue import Bad, kind, removed, replaced
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, reach

Code = Annotated[str, Field(pattern="^[A-Z]{1,3}[0-9]{2,3}$")]
Text = Annotated[str, Field(min_length=1, max_length=120)]
Hours = Annotated[int, Field(ge=1, le=2000)]


class KindForm(BaseModel):
    """As in docs/matters.md. `report_in`, `done`: hours from the whistle."""

    model_config = {"extra": "forbid"}

    group: Annotated[str, Field(max_length=20)]
    zh: Text
    en: Text
    unit: Text
    report_in: Hours
    done: Hours
    time: Literal["work", "clock"]
    urgent: bool = False
    proof: Annotated[list[Literal["photo", "before_after", "document", "household"]], Field(min_length=1, max_length=4)]
    on_request: bool = False


class KindView(KindForm):
    code: str


class NamedView(BaseModel):
    code: str
    zh: str
    en: str


class UnitView(BaseModel):
    """A department, and how many people it has an account of: 0, nobody there reads a whistle."""

    name: str
    people: int


class CatalogueView(BaseModel):
    groups: list[NamedView]
    matters: list[KindView]
    services: list[NamedView]
    units: list[UnitView]


def router(database: Database, gate: Gate) -> APIRouter:
    routes = APIRouter()
    # What may be whistled for is no secret. It is a policy of the whole county: who changes those changes it.
    see, change = gate.require("self"), gate.require("policy.change")
    county_only = partial(
        problem,
        403,
        "事项目录由县级维护 · the catalogue is the county's",
        "请联系县级管理员 · ask an administrator there",
    )

    @routes.get("/matter-catalogue")
    async def show(scope: Annotated[Scope, Depends(see)]) -> CatalogueView:
        """The catalogue of matters that holds now."""
        async with database.connection() as conn:
            return await _view(conn)

    @routes.post("/matter-catalogue/{code}", responses={n: {"model": Problem} for n in (403, 422)})
    async def change_one(code: Code, given: KindForm, scope: Annotated[Scope, Depends(change)]) -> CatalogueView:
        """Adds or changes one matter. Those that are open keep what held when they were raised."""
        if not reach(scope, "policy.change").everywhere:
            raise county_only()
        async with database.connection() as conn, conn.transaction():
            await store.lock_catalogue(conn)
            now = await store.catalogue(conn)
            try:
                wanted = kind(given.model_dump() | {"code": code}, [g.code for g in now.groups])
            except Bad as wrong:
                raise problem(422, str(wrong), "请更正后重试 · correct it and send again") from wrong
            await store.keep_catalogue(conn, replaced(now, wanted), scope.person.name)
            return await _view(conn)

    @routes.post("/matter-catalogue/{code}/end", responses={n: {"model": Problem} for n in (403, 404, 409)})
    async def end_one(code: Code, scope: Annotated[Scope, Depends(change)]) -> CatalogueView:
        """Nobody raises it any more."""
        if not reach(scope, "policy.change").everywhere:
            raise county_only()
        async with database.connection() as conn, conn.transaction():
            await store.lock_catalogue(conn)
            now = await store.catalogue(conn)
            if code not in now.kinds:
                raise problem(404, "目录中没有这个事项 · the catalogue has no such matter", "请刷新 · reload")
            if len(now.kinds) == 1:
                raise problem(409, "目录不能为空 · the catalogue cannot be empty", "请先新增 · add another one first")
            await store.keep_catalogue(conn, removed(now, code), scope.person.name)
            return await _view(conn)

    return routes


async def _view(conn: store.Connection) -> CatalogueView:
    now, people = await store.catalogue(conn), await store.units(conn)
    units = sorted({k.unit for k in now.kinds.values()} | set(people))
    return CatalogueView(
        groups=[NamedView(**asdict(g)) for g in now.groups],
        matters=[KindView(**asdict(k)) for k in now.kinds.values()],
        services=[NamedView(**asdict(s)) for s in now.services.values()],
        units=[UnitView(name=unit, people=people.get(unit, 0)) for unit in units],
    )
