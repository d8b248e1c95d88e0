"""Which other systems are told of what: the administrator's list of webhooks."""

import ipaddress
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.interop import hook, hook_store
from heartlamp_server.interop.hook import Hook
from heartlamp_server.interop.system_routes import mine
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope
from heartlamp_server.seal import Seal

Id = Annotated[int, Field(ge=1, le=2**62)]


class NewHook(BaseModel):
    url: str = Field(min_length=8, max_length=500)
    areas: list[Id] = Field(min_length=1, max_length=50)
    whats: list[hook.What] = Field(default=list(hook.WHATS), min_length=1, max_length=5)
    events: list[hook.Event] = Field(default=list(hook.EVENTS), min_length=1, max_length=4)


class HookView(BaseModel):
    """`waiting`: what it was not told yet; `why`: what the last try met, "" nothing wrong."""

    id: int
    url: str
    areas: list[int]
    whats: list[str]
    events: list[str]
    made_by: str
    made_at: datetime
    rotated_at: datetime | None
    ended_at: datetime | None
    waiting: int
    why: str


class HookViews(BaseModel):
    hooks: list[HookView]


class MadeHook(BaseModel):
    """`secret`: shown this once; what is sent is signed with it (Standard Webhooks)."""

    id: int
    secret: str


def router(database: Database, gate: Gate, seal: Seal) -> APIRouter:
    routes = APIRouter()
    Changes = Annotated[Scope, Depends(gate.require("system.change"))]
    unknown = partial(problem, 404, "没有这个订阅或区域 · no such subscription or area", "请刷新 · reload")
    refusals: dict[int | str, dict[str, Any]] = {n: {"model": Problem} for n in (403, 404, 422)}

    @routes.get("/hooks")
    async def list_hooks(scope: Changes) -> HookViews:
        """Webhooks of one's areas, and how they are."""
        async with database.connection() as conn:
            found = [h for h in await hook_store.every(conn) if await mine(conn, scope, h.areas)]
        return HookViews(hooks=[_view(h) for h in found])

    @routes.post("/hooks", status_code=201, responses=refusals)
    async def add_hook(given: NewHook, scope: Changes) -> MadeHook:
        """Tells another system of incidents from now on; its secret is shown once."""
        url = _checked(given.url)
        async with database.connection() as conn, conn.transaction():
            areas = sorted(set(given.areas))
            if not await mine(conn, scope, areas):
                raise unknown()
            by = scope.person.name
            id, secret = await hook_store.add(
                conn, seal, url, areas, sorted(set(given.whats)), sorted(set(given.events)), by
            )
            await audit.record(conn, by, "hook.add", str(id))
        return MadeHook(id=id, secret=secret)

    @routes.post("/hooks/{id}/rotate", responses=refusals)
    async def new_secret(id: Id, scope: Changes) -> MadeHook:
        """A new secret; for 24 hours what is sent is signed with both."""
        async with database.connection() as conn, conn.transaction():
            found = await hook_store.one(conn, id)
            if found is None or found.ended_at is not None or not await mine(conn, scope, found.areas):
                raise unknown()
            secret = await hook_store.rotate(conn, seal, id)
            await audit.record(conn, scope.person.name, "hook.rotate", str(id))
        return MadeHook(id=id, secret=secret)

    @routes.post("/hooks/{id}/end", responses=refusals)
    async def end_hook(id: Id, scope: Changes) -> HookView:
        """It is told nothing any more."""
        async with database.connection() as conn, conn.transaction():
            found = await hook_store.one(conn, id)
            if found is None or not await mine(conn, scope, found.areas):
                raise unknown()
            await hook_store.end(conn, id)
            await audit.record(conn, scope.person.name, "hook.end", str(id))
            ended = await hook_store.one(conn, id)
        assert ended is not None
        return _view(ended)

    return routes


def _checked(url: str) -> str:
    """Where it leads is judged when it is called; here only what can be none is refused."""
    wrong = partial(problem, 422, do="请填写 https:// 开头的地址 · an address that begins with https://")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        if host.startswith("["):
            ipaddress.ip_address(host.strip("[]"))
    except ValueError as why:
        raise wrong(error=f"地址不对 · the address is none: {str(why)[:80]}") from why
    usable = url.isascii() and url.isprintable() and " " not in url and parts.scheme in ("https", "http")
    if not usable or not host or parts.username or parts.password or parts.fragment:
        raise wrong(error="地址不对 · the address is none that can be called")
    return url


def _view(found: Hook) -> HookView:
    return HookView(
        id=found.id,
        url=found.url,
        areas=list(found.areas),
        whats=list(found.whats),
        events=list(found.events),
        made_by=found.made_by,
        made_at=found.made_at,
        rotated_at=found.rotated_at,
        ended_at=found.ended_at,
        waiting=found.waiting,
        why=found.why,
    )
