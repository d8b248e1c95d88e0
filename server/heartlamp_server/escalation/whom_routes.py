"""Whom to call about an incident, for who sits at the centre's desk."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.escalation.whom import whom
from heartlamp_server.incident import store
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, may
from heartlamp_server.seal import Seal


class CalleeNumber(BaseModel):
    """`proven`: a test call to it was answered within 30 days."""

    number: str
    proven: bool


class CalleeView(BaseModel):
    """`after_s`: since it was opened, when the policy calls them by itself, null: it does not; `staffed`: is at a
    screen now; `calls`: how often the county has called them for this already."""

    name: str
    role: str
    level: str
    after_s: int | None
    until: str
    numbers: list[CalleeNumber]
    staffed: bool
    calls: int


class Callees(BaseModel):
    """In the order of calling. `policy` "": none speaks of this, nobody is called by itself; `automatic`: this county
    has a channel by which it calls people at all."""

    policy: str
    automatic: bool
    callees: list[CalleeView]


def router(database: Database, gate: Gate, seal: Seal, automatic: bool) -> APIRouter:
    """`automatic`: a channel is set up."""
    routes = APIRouter()
    unknown = partial(problem, 404, "没有这起警情 · no such incident", "请刷新列表 · reload the list")

    @routes.get("/incidents/{id}/whom", responses={404: {"model": Problem}})
    async def whom_to_call(id: str, scope: Annotated[Scope, Depends(gate.require("incident.answer_for"))]) -> Callees:
        """People of the policy and of the surroundings, with their numbers."""
        async with database.connection() as conn:
            found = await store.read(conn, id, scope)
            spot = await store.for_person(conn, found[0], scope) if found else None
            if found is None or spot is None or not may(scope, "incident.answer_for", spot):
                raise unknown()
            await audit.glance(conn, scope.person.name, "look.numbers", id, found[0].site)
            policy, callees = await whom(conn, seal, *found)
        views = [
            CalleeView(
                name=c.name,
                role=c.role,
                level=c.level,
                after_s=c.after_s,
                until=c.until,
                numbers=[CalleeNumber(number=n, proven=p) for n, p in c.numbers],
                staffed=c.staffed,
                calls=c.calls,
            )
            for c in callees
        ]
        return Callees(policy=policy, automatic=automatic, callees=views)

    return routes
