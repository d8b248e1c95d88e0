"""Policies for who writes them: what holds, what would be done, and a new version of one."""

from datetime import datetime
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, Field

from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.escalation import duties, policies, saving, simulate
from heartlamp_server.escalation.choose import Call, course_at, course_by, for_silent
from heartlamp_server.escalation.policies import Kept
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.forms import Moment
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, Spot, may, reach
from heartlamp_server.responder.within import area_spots, site_spots
from heartlamp_server.seal import Seal

What = Literal["panic", "fire", "gas", "flood", "slope", "silent"]


class WhomForm(BaseModel):
    role: str = Field(max_length=20)
    level: Literal["site", "group", "grid", "village", "township", "county", "city"]


class PolicyStep(BaseModel):
    after_s: int = Field(ge=0, le=86_400)
    until: Literal["accepted", "coming", "arrived", "closed"]
    whom: list[WhomForm] = Field(min_length=1, max_length=20)
    again_s: int = Field(0, ge=0, le=86_400)
    times: int = Field(1, ge=0, le=1_000)


class PolicyForm(BaseModel):
    """`area` None: everywhere here; `whats`: [] all; `place`: the lower stands before the higher within one area."""

    id: str = Field(pattern=f"^{policies.ID}$")
    area: int | None = Field(None, ge=1, le=2**62)
    place: int = Field(0, ge=-1_000, le=1_000)
    whats: list[What] = Field([], max_length=6)
    from_min: int = Field(0, ge=0, le=1_440)
    to_min: int = Field(1_440, ge=0, le=1_440)
    lapse_s: int = Field(600, ge=1, le=86_400)
    steps: list[PolicyStep] = Field(min_length=1, max_length=40)


class PolicyView(PolicyForm):
    version: int
    made_by: str
    made_at: datetime


class Policies(BaseModel):
    """`built_in`: what holds of matters that none of them speaks of."""

    policies: list[PolicyView]
    built_in: PolicyForm


class Saved(BaseModel):
    version: int


class Simulated(BaseModel):
    """If nobody answers for `seconds`; `at`: then, else now; `draft`: as if this one were what holds, saved or not."""

    site: str = Field(max_length=60)
    what: What = "panic"
    seconds: int = Field(1_800, ge=1, le=7_200)
    at: Moment | None = None
    draft: PolicyForm | None = None


class CallView(BaseModel):
    at_s: int
    owner: str
    step: int
    name: str
    channels: list[str]
    times: int


class Calls(BaseModel):
    """`policy` "": none speaks of it."""

    policy: str
    calls: list[CallView]


def router(database: Database, gate: Gate, seal: Seal) -> APIRouter:
    routes = APIRouter()
    sees, changes = gate.require("policy.see"), gate.require("policy.change")
    no_policy = partial(problem, 404, "没有这条规则 · no such policy", "请刷新列表 · reload the list")
    no_place = partial(problem, 404, "没有这个区域或点位 · no such area or site", "请重新选择 · choose again")

    @routes.get("/policies")
    async def list_policies(scope: Annotated[Scope, Depends(sees)]) -> Policies:
        """Those of one's own areas, and those that hold everywhere."""
        async with database.connection() as conn:
            found = await policies.all_now(conn)
            spots = await area_spots(conn, sorted({k.area for k in found if k.area is not None}))
        mine = [k for k in found if k.area is None or may(scope, "policy.see", spots.get(k.area, Spot()))]
        built_in = PolicyForm(**policies.to_fields(policies.DEFAULT))
        return Policies(policies=[_view(k) for k in mine], built_in=built_in)

    @routes.post("/policies", responses={n: {"model": Problem} for n in (404, 409)})
    async def save_policy(given: PolicyForm, scope: Annotated[Scope, Depends(changes)]) -> Saved:
        """Writes an escalation policy, or a new version of one; refused where nobody would wake."""
        policy = policies.from_fields(given.model_dump())
        async with database.connection() as conn, conn.transaction():
            before = [k.area for k in await policies.all_now(conn) if k.policy.id == given.id]
            areas = {given.area, *before}
            spots = await area_spots(conn, sorted(a for a in areas if a is not None))
            everywhere = reach(scope, "policy.change").everywhere
            if not all(everywhere if a is None else may(scope, "policy.change", spots.get(a, Spot())) for a in areas):
                raise no_place()
            if wrong := await saving.faults_of(conn, policy, given.area):
                said = "; ".join(f"{f.step}: {f.zh} · {f.en}" for f in wrong)
                raise HTTPException(409, {"error": said[:500], "do": "请更正后重试 · correct it and send again"})
            version = await policies.save(conn, policy, given.area, given.place, scope.person.name)
            await audit.record(conn, scope.person.name, "policy.change", given.id, version=version)
        return Saved(version=version)

    @routes.post("/policies/{id}/end", responses={404: {"model": Problem}})
    async def end_policy(id: str, scope: Annotated[Scope, Depends(changes)]) -> Saved:
        """From now on the next one that fits holds, or the built-in one. Calls that are open keep their course."""
        async with database.connection() as conn, conn.transaction():
            held = [k for k in await policies.all_now(conn) if k.policy.id == id]
            spots = await area_spots(conn, [k.area for k in held if k.area is not None])
            everywhere = reach(scope, "policy.change").everywhere
            if not held or not all(
                everywhere if k.area is None else may(scope, "policy.change", spots.get(k.area, Spot())) for k in held
            ):
                raise no_policy()
            version = await policies.end(conn, id)
            await audit.record(conn, scope.person.name, "policy.end", id, version=version or 0)
        return Saved(version=version or 0)

    @routes.post("/policies/simulate", responses={404: {"model": Problem}})
    async def simulated(given: Simulated, scope: Annotated[Scope, Depends(sees)]) -> Calls:
        """Whom a call from there would reach when, with who has the duties now, or then. Nobody is called."""
        async with database.connection() as conn:
            spot = (await site_spots(conn, [given.site])).get(given.site)
            if spot is None or not may(scope, "policy.see", spot):
                raise no_place()
            row = await (
                await conn.execute("SELECT area, clock_timestamp() FROM site WHERE id = %s", (given.site,))
            ).fetchone()
            assert row is not None
            call = Call(await duties.place(conn, row[0], given.site), given.what)
            now = given.at or row[1]
            if given.draft is None:
                course = await course_at(conn, seal, call, now)
            else:
                policy = policies.from_fields(given.draft.model_dump())
                left = for_silent(policy) if given.what == "silent" else policy
                course = await course_by(conn, seal, call, left, now) if left else None
        if course is None:
            return Calls(policy="", calls=[])
        views = [
            CallView(at_s=c.at_s, owner=c.owner, step=c.step, name=c.name, channels=list(c.channels), times=c.times)
            for c in simulate.calls(course, given.seconds)
        ]
        return Calls(policy=course.policy.id, calls=views)

    return routes


def _view(kept: Kept) -> PolicyView:
    fields = policies.to_fields(kept.policy)
    return PolicyView(
        **fields,
        area=kept.area,
        place=kept.place,
        version=kept.version,
        made_by=kept.made_by,
        made_at=kept.made_at,
    )
