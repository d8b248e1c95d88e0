"""The API of other systems, under /open/v1: an application of its own with an OpenAPI document of its own. Who asks
is known by a token; what is asked too often is told to come again, with nothing lost: what it says under its own key
is one report however often it is sent."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request
from fastapi.security import HTTPBearer
from pydantic import AwareDatetime, BaseModel, Field
from starlette.responses import Response

from heartlamp_server import plain
from heartlamp_server.audit import store as audit
from heartlamp_server.database.feed import Done
from heartlamp_server.database.pool import Database
from heartlamp_server.device.vault import Vault
from heartlamp_server.incident import acts, change, handover, intake, opening
from heartlamp_server.incident import store as incidents
from heartlamp_server.incident.handover_routes import Service
from heartlamp_server.incident.intake_routes import NOWHERE, About, placed
from heartlamp_server.incident.model import Change, Incident, Refused
from heartlamp_server.incident.opening import Spoken
from heartlamp_server.interop import cap, cap_store, store
from heartlamp_server.interop.model import Pace, System
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.scope import Spot
from heartlamp_server.responder.within import Connection, site_spots


class State(BaseModel):
    """`stage`, `answer`: as in docs/incident.md; nothing of who."""

    incident: str
    joined: bool = False
    stage: str
    answer: str
    opened_at: datetime
    closed_at: datetime | None


class Handed(BaseModel):
    """`case`: the number; `officer`: who took it, or at which desk; `words`: why not, or what became of it; `there`:
    they were at the site."""

    act: Literal["taken", "declined", "ended"]
    service: Service
    case: str = Field("", max_length=60)
    officer: str = Field("", max_length=60)
    at: AwareDatetime | None = None
    words: str = Field("", max_length=500)
    there: bool = False


_UNKNOWN_TOKEN = partial(
    problem, 401, "令牌无效 · the token is not valid", "请向县管理员索取 · ask the county's administrator"
)
_NOT_GIVEN = partial(
    problem, 403, "此令牌没有这项权限 · the token may not do this", "请联系县管理员 · ask the county's administrator"
)
UNKNOWN = partial(problem, 404, "没有这起警情 · no such incident", "请核对编号 · check the number")
_MOVED = partial(problem, 409, "警情刚刚有变化 · it changed at this moment", "请重试 · send it again")
_OTHER = partial(
    problem,
    422,
    "同一个 Idempotency-Key 下内容不同 · another report came under the same Idempotency-Key",
    "每起警情用一个新的键 · use a new key for each incident",
)


_SILENT = partial(
    problem,
    422,
    "静默报警不由其他系统上报 · other systems tell of no silent alarm",
    "请电话联系县中心 · telephone the centre",
)


class Guard:
    """Who asks, by the token; raises 401, 403, and 429 with Retry-After."""

    def __init__(self, database: Database) -> None:
        self._database, self._pace = database, Pace()

    def __call__(self, may: str) -> Callable[..., object]:
        async def asked(request: Request, _: Annotated[object, Depends(HTTPBearer(auto_error=False))]) -> System:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not token or len(token) > 100 or not token.isascii():
                raise _UNKNOWN_TOKEN()
            async with self._database.connection() as conn:
                system = await store.of_token(conn, token)
            if system is None:
                raise _UNKNOWN_TOKEN()
            if (seconds := self._pace.wait(system, time.monotonic())) > 0:
                said = {
                    "error": "请求太快 · too many requests",
                    "do": "请保留内容，按 Retry-After 重发 · keep it, and send it again after Retry-After",
                }
                raise HTTPException(429, said, {"Retry-After": str(int(seconds) + 1)})
            if may not in system.may:
                raise _NOT_GIVEN()
            return system

        return asked


def inside(system: System, spot: Spot) -> bool:
    return bool(spot.areas & set(system.areas))


def build(
    database: Database, vault: Vault, epoch: Callable[[], str], wake: Callable[[Done], None], sender: str
) -> FastAPI:
    """`wake`: called after each commit; `sender`: of warnings, without blanks or commas."""
    app = FastAPI(title="Heart-Lamp for other systems", version="1", docs_url=None, redoc_url=None)
    guard = Guard(database)
    routes = APIRouter(responses={n: {"model": Problem} for n in (401, 403, 404, 409, 422, 429)})
    Reports = Annotated[System, Depends(guard("report"))]
    Warned = Annotated[System, Depends(guard("cap"))]

    @routes.post("/incidents")
    async def tell(
        given: About,
        system: Reports,
        key: Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=80)],
    ) -> State:
        """Tells of an incident: opened, or joined to the open one of that house and kind. Send it again under the same
        Idempotency-Key until the answer is 200; it is one report."""
        if given.what == "silent":  # whether one is open is nobody's to learn by asking
            raise _SILENT()
        said = intake.digest(given.model_dump())
        async with database.connection() as conn, conn.transaction():
            before = await intake.once(conn, "api", system.source, key, said)
            if before is not None:
                if not before.same:
                    raise _OTHER()
                return await _state(conn, before.incident, True)
            site, where, spot = await placed(conn, given)
            if not inside(system, spot):
                raise NOWHERE()
            if not site:
                assert given.area is not None
                site = await opening.elsewhere(conn, given.area) or ""
            words = plain.lines(given.words)
            spoken = Spoken(site, given.what, words, "api", system.account, system.name, where)
            opened = await opening.open_told(conn, vault, epoch(), spoken)
            if opened is None:
                raise NOWHERE()
            incident, joined, done = opened
            await intake.remember(conn, "api", system.source, key, said, incident.id)
            await audit.record(conn, system.account, "system.report", incident.id, incident.site, kind=given.what)
        wake(done)
        return _shown(incident, joined)

    @routes.get("/incidents/{id}")
    async def how_is_it(id: str, system: Reports) -> State:
        """How one is that this system told of."""
        async with database.connection() as conn:
            own = await conn.execute(
                "SELECT FROM told WHERE source = 'api' AND reporter = %s AND incident = %s", (system.source, id)
            )
            if await own.fetchone() is None:
                raise UNKNOWN()
            return await _state(conn, id, True)

    @routes.post("/incidents/{id}/handover")
    async def hand(id: str, given: Handed, system: Annotated[System, Depends(guard("handover"))]) -> State:
        """The case number of an incident that was handed over, or what became of it. The same twice is once."""

        def doing(incident: Incident, now: datetime) -> Change:
            match given.act:
                case "taken":
                    return handover.take(
                        incident, given.service, given.case, "", plain.name(given.officer), "api", system.name, now,
                        given.at,
                    )  # fmt: skip
                case "declined":
                    return handover.decline(incident, given.service, plain.lines(given.words), system.name, now)
                case "ended":
                    words = plain.lines(given.words)
                    return handover.end(incident, given.service, words, given.there, system.name, now)

        async with database.connection() as conn, conn.transaction():
            locked = await incidents.lock_together(conn, [id])
            if locked is None:
                raise _MOVED()
            found, following, now = locked
            incident = found.get(id)
            spots = await site_spots(conn, [incident.site]) if incident else {}
            if incident is None or not inside(system, spots[incident.site]) or not handover.of(incident, given.service):
                raise UNKNOWN()
            try:
                after, entry = doing(incident, now)
            except Refused as why:
                raise problem(409, str(why), why.do) from why
            if after == incident:
                return _shown(incident, True)
            entry = replace(entry, detail=entry.detail | {"operator": system.account})
            others, lines = acts.with_it(following, after, now)
            await audit.record(
                conn, system.account, "system.handover", id, incident.site, act=given.act, service=given.service
            )
            done = await change.keep(conn, vault, epoch(), [after, *others], [entry, *lines])
        wake(done)
        return _shown(after, True)

    @routes.get("/cap", response_class=Response, responses=_xml("application/atom+xml", "an Atom list"))
    async def list_warnings(request: Request, system: Warned) -> Response:
        """Warnings of the token's areas as CAP 1.2: what is open, and what was closed in the last seven days."""
        async with database.connection() as conn:
            found = await cap_store.warnings(conn, system.areas)
            clock = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
        assert clock is not None
        address = str(request.url.replace(query="")).rstrip("/")
        return Response(cap.feed(found, sender, address, clock[0]), media_type="application/atom+xml")

    @routes.get("/cap/{identifier}.xml", response_class=Response, responses=_xml("application/cap+xml", "a CAP alert"))
    async def warning(identifier: str, system: Warned) -> Response:
        """One message of the list, valid against the OASIS schema of CAP 1.2."""
        async with database.connection() as conn:
            found = await cap_store.warnings(conn, system.areas)
        for message in found:
            if message.identifier == identifier:
                return Response(cap.write(message, sender), media_type="application/cap+xml")
        raise problem(404, "没有这条预警 · no such warning", "请重新读取列表 · read the list again")

    app.include_router(routes)
    return app


def _xml(media: str, what: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media: {}}, "description": what}}


async def _state(conn: Connection, id: str, joined: bool) -> State:
    row = await (await conn.execute("SELECT to_jsonb(i) FROM incident i WHERE id = %s", (id,))).fetchone()
    if row is None:
        raise UNKNOWN()
    return _shown(incidents.from_row(row[0]), joined)


def _shown(incident: Incident, joined: bool) -> State:
    return State(
        incident=incident.id,
        joined=joined,
        stage=incident.stage,
        answer=incident.answer,
        opened_at=incident.opened_at,
        closed_at=incident.closed_at,
    )
