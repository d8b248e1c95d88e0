"""Staged updates for people: what goes where, and a hand on the brake."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any

import psycopg
from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.firmware import store as firmware
from heartlamp_server.fleet import rollout_store, store
from heartlamp_server.fleet.rollout import ALL, failed
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, may, reach
from heartlamp_server.responder.within import Where, area_spot

Id = Annotated[int, Path(ge=1, le=2**62)]
HALTED = "人工暂停 · halted by a person"


class BundleView(BaseModel):
    id: str
    version: int
    boards: list[str]
    kinds: list[str]
    size: int


class RolloutStage(BaseModel):
    """Devices of one stage. `due`: not offered yet; `waits`: offered; `trial`: it runs, and has to earn its receipt;
    `lost`: there when it was offered, and silent since."""

    due: int
    waits: int
    trial: int
    runs: int
    refused: int
    lost: int


class RolloutView(BaseModel):
    """`stage`: 0 a hundredth, 1 a tenth, 2 all; `state`: going, halted, done; `why`: it is halted."""

    id: int
    bundle: str
    version: int
    area: int
    area_name: str
    soak_h: int
    stage: int
    state: str
    why: str
    made_by: str
    made_at: datetime
    stage_at: datetime
    stages: list[RolloutStage]


class RolloutList(BaseModel):
    now: datetime
    rollouts: list[RolloutView]
    bundles: list[BundleView]


class RolloutAsk(BaseModel):
    """`soak_h`: so many hours a stage is watched before the next."""

    bundle: str = Field(pattern="^[0-9a-f]{16}$")
    area: int = Field(ge=1, le=2**62)
    soak_h: int = Field(24, ge=0, le=336)


def router(database: Database, gate: Gate) -> APIRouter:
    routes = APIRouter()
    Sees = Annotated[Scope, Depends(gate.require("device.see"))]
    Changes = Annotated[Scope, Depends(gate.require("device.change"))]
    refusals: dict[int | str, dict[str, Any]] = {n: {"model": Problem} for n in (404, 409)}
    unknown = partial(problem, 404, "没有这次升级、区域或升级包 · no such update, area or bundle", "请刷新 · reload")
    another = partial(
        problem,
        409,
        "该区域已有一次升级在进行 · an update goes on in this area",
        "先暂停它或等它结束 · halt it, or wait",
    )

    async def view(conn: store.Connection, id: int) -> RolloutView:
        found = await rollout_store.one(conn, id)
        assert found is not None
        return _view(found, (await rollout_store.counts(conn, [id]))[id])

    async def seen(conn: store.Connection, scope: Scope, id: int) -> rollout_store.Rollout:
        """Locked. Raises 404."""
        found = await rollout_store.one(conn, id, lock=True)
        if found is None or not may(scope, "device.change", await area_spot(conn, found.area)):
            raise unknown()
        return found

    @routes.get("/rollouts")
    async def list_rollouts(scope: Sees, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> RolloutList:
        """Staged updates of one's areas, newest first, and what bundles there are."""
        where = Where()
        inside = where.inside(reach(scope, "device.see"), "r.area")
        async with database.connection() as conn:
            found = await rollout_store.page(conn, inside, where.values, limit)
            counted = await rollout_store.counts(conn, [one.id for one in found])
            bundles = await firmware.bundles(conn)
            now = await store.now(conn)
        return RolloutList(
            now=now,
            rollouts=[_view(one, counted[one.id]) for one in found],
            bundles=[
                BundleView(id=b.id, version=b.version, boards=b.boards, kinds=b.kinds, size=b.size)
                for b in reversed(bundles)
            ],
        )

    @routes.post("/rollouts", status_code=201, responses=refusals)
    async def start_rollout(given: RolloutAsk, scope: Changes) -> RolloutView:
        """A bundle for every device of an area that it fits: a hundredth first, then a tenth, then all, each stage
        watched for a while."""
        async with database.connection() as conn, conn.transaction():
            if not may(scope, "device.change", await area_spot(conn, given.area)):
                raise unknown()
            if await firmware.size(conn, given.bundle) is None:
                raise unknown()
            try:
                async with conn.transaction():
                    id = await rollout_store.add(conn, given.bundle, given.area, given.soak_h, scope.person.name)
            except psycopg.errors.UniqueViolation:
                raise another() from None
            if id is None:
                raise problem(409, "该区域没有适用的设备 · no device of this area fits it", "换升级包 · choose another")
            who, area = scope.person.name, given.area
            await audit.record(conn, who, "rollout.start", str(id), bundle=given.bundle, area=area)
            return await view(conn, id)

    @routes.post("/rollouts/{id}/halt", responses=refusals)
    async def halt_rollout(id: Id, scope: Changes) -> RolloutView:
        """Nobody more is offered it. Who has it keeps it."""
        async with database.connection() as conn, conn.transaction():
            found = await seen(conn, scope, id)
            if found.state == "done":
                raise problem(409, "升级已完成 · the update is done", "请撤回升级包 · withdraw the bundle")
            if found.state == "going":
                await audit.record(conn, scope.person.name, "rollout.halt", str(id), bundle=found.bundle)
                await rollout_store.end(conn, found, "halted", HALTED)
            return await view(conn, id)

    @routes.post("/rollouts/{id}/go", responses=refusals)
    async def go_rollout(id: Id, scope: Changes) -> RolloutView:
        """A halted one goes on, with the failures so far forgiven; one that waits goes to its next stage now."""
        async with database.connection() as conn, conn.transaction():
            found = await seen(conn, scope, id)
            if found.state == "done":
                raise problem(409, "升级已完成 · the update is done", "不用操作 · nothing to do")
            await audit.record(conn, scope.person.name, "rollout.go", str(id), bundle=found.bundle)
            if found.state == "halted":
                counted = (await rollout_store.counts(conn, [id]))[id]
                try:
                    async with conn.transaction():
                        await rollout_store.go_on(conn, id, sum(failed(outcomes) for outcomes in counted.values()))
                except psycopg.errors.UniqueViolation:
                    raise another() from None
            elif found.stage < ALL:
                await rollout_store.move(conn, id, found.stage + 1)
            return await view(conn, id)

    return routes


def _view(one: rollout_store.Rollout, counted: dict[int, Any]) -> RolloutView:
    fields = {name: getattr(one, name) for name in RolloutView.model_fields if name != "stages"}
    words = list(RolloutStage.model_fields)
    stages = [RolloutStage(**{word: counted[n][word] for word in words}) for n in sorted(counted)]
    return RolloutView(**fields, stages=stages)
