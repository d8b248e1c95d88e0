"""What people report or telephone: an incident like every other, from its first second."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from cryptography.exceptions import InvalidTag
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from heartlamp_server import plain
from heartlamp_server.area.phone import e164
from heartlamp_server.audit import store as audit
from heartlamp_server.database.feed import Done
from heartlamp_server.database.pool import Database
from heartlamp_server.device.vault import Vault
from heartlamp_server.incident import acts, change, intake, opening, store
from heartlamp_server.incident.card import card
from heartlamp_server.incident.forms import Card
from heartlamp_server.incident.intake import Call, Connection
from heartlamp_server.incident.model import Incident, Refused
from heartlamp_server.incident.opening import Spoken
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, Spot, may, reach, sees
from heartlamp_server.responder.store import displays
from heartlamp_server.responder.within import Where, area_spot, site_spots
from heartlamp_server.seal import Seal

Id = Annotated[int, Field(ge=1, le=2**62)]
What = Literal["panic", "fire", "gas", "flood", "slope", "silent"]


class About(BaseModel):
    """A house (`site`), or a place in words within an area (`area`, `where`). `words`: what was seen or said."""

    site: str = Field("", max_length=40)
    area: Id | None = None
    where: str = Field("", max_length=200)
    what: What
    words: str = Field("", max_length=500)


class Report(About):
    """`ref`: what is sent again under the same is the same report; "" it is a new one each time."""

    ref: str = Field("", max_length=80)


class Reported(BaseModel):
    """`joined`: it is added to a call that was open."""

    incident: str
    joined: bool


class Taken(BaseModel):
    """`number`: the caller's, "" not known; it is sealed."""

    area: Id
    number: str = Field("", max_length=30)


class Settled(BaseModel):
    how: Literal["nothing", "matter"]
    why: str = Field(min_length=1, max_length=200)


class HotlineCall(BaseModel):
    """`due_at`: until then it is an incident or settled; `climbed_at`: nobody had, and it became one by itself."""

    id: int
    area: int
    taken_at: datetime
    taken_by: str
    due_at: datetime
    overdue: bool
    incident: str
    settled: str
    why: str
    climbed_at: datetime | None
    caller: bool


class HotlineCalls(BaseModel):
    now: datetime
    calls: list[HotlineCall]


class Caller(BaseModel):
    number: str


NOWHERE = partial(problem, 404, "没有这个点位或区域 · no such site or area", "请刷新 · reload")
NOT_THERE = partial(
    problem, 403, "这里不归您，或这类警情您不能报 · not your area, or not yours to report", "请打值班电话 · telephone"
)
_UNSAID = partial(
    problem, 422, "请选择点位，或选择区域并写明地点 · choose a site, or an area and say where", "请更正 · correct it"
)
_UNSEALED = partial(
    problem,
    409,
    "号码解不开：密钥文件不符 · the number cannot be unsealed: another key file",
    "请恢复密钥文件 · bring the key file back",
)
REFUSALS: dict[int | str, dict[str, Any]] = {n: {"model": Problem} for n in (403, 404, 409, 422)}


async def placed(conn: Connection, about: About) -> tuple[str, str, Spot]:
    """(the site, the place in words where it is none, where it lies). Raises 404, 422."""
    where = plain.name(about.where)
    if about.site:
        spots = await site_spots(conn, [about.site])
        if about.site not in spots:
            raise NOWHERE()
        return about.site, where if about.site.startswith("at-") else "", spots[about.site]
    if about.area is None or not where:
        raise _UNSAID()
    return "", where, await area_spot(conn, about.area)


def router(
    database: Database,
    vault: Vault,
    seal: Seal,
    gate: Gate,
    epoch: Callable[[], str],
    wake: Callable[[Done], None],
    intake_seconds: int,
) -> APIRouter:
    """`wake`: called after each commit; `intake_seconds`: so soon a call must be settled."""
    routes = APIRouter()
    Reports = Annotated[Scope, Depends(gate.require("incident.report"))]
    Desk = Annotated[Scope, Depends(gate.require("hotline"))]

    async def open_one(
        conn: Connection, about: About, scope: Scope, source: str, action: str
    ) -> tuple[Incident, bool, Done]:
        site, where, spot = await placed(conn, about)
        silent = about.what == "silent"
        if not may(scope, action, spot) or (silent and not sees(scope, spot, True, False, False)):
            known = may(scope, action, spot) or may(scope, "area.see", spot)  # of others nobody is told what there is
            raise NOT_THERE() if known else NOWHERE()
        if not site:
            assert about.area is not None
            site = await opening.elsewhere(conn, about.area) or ""
        person = scope.person
        accepted = person.name if source == "phone" else ""
        spoken = Spoken(
            site, about.what, plain.lines(about.words), source, person.name, person.display, where, accepted
        )
        opened = await opening.open_told(conn, vault, epoch(), spoken)
        if opened is None:
            raise NOWHERE()
        return opened

    @routes.post("/reports", responses=REFUSALS)
    async def report(given: Report, scope: Reports) -> Reported:
        """A resident's or grid worker's report. About a house whose call of the same kind is open it joins that one."""
        said = intake.digest(given.model_dump())
        async with database.connection() as conn, conn.transaction():
            before = await intake.once(conn, "report", scope.person.name, given.ref, said)
            if before is not None:
                return Reported(incident=before.incident, joined=True)
            incident, joined, done = await open_one(conn, given, scope, "report", "incident.report")
            await intake.remember(conn, "report", scope.person.name, given.ref, said, incident.id)
            await audit.record(conn, scope.person.name, "incident.report", incident.id, incident.site, kind=given.what)
        wake(done)
        return Reported(incident=incident.id, joined=joined)

    @routes.post("/hotline", responses=REFUSALS)
    async def take_call(given: Taken, scope: Desk) -> HotlineCall:
        """Somebody at the centre took a call; from now on the time runs in which it must be settled."""
        number = plain.name(given.number)
        if number:
            try:
                number = e164(number)
            except ValueError:
                pass  # better an odd number than none
        async with database.connection() as conn, conn.transaction():
            spot = await area_spot(conn, given.area)
            if not may(scope, "hotline", spot) or not await opening.elsewhere(conn, given.area):
                raise NOWHERE()
            call = await intake.begin(conn, seal, given.area, number, scope.person.name, intake_seconds)
            await audit.record(conn, scope.person.name, "hotline.take", str(call.id))
        return view(call, {scope.person.name: scope.person.display})

    @routes.get("/hotline")
    async def list_calls(
        scope: Desk,
        state: Literal["open", "settled"] = "open",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> HotlineCalls:
        """HotlineCalls that were taken in one's areas; of open ones the oldest first."""
        where = Where()
        inside = where.inside(reach(scope, "hotline"), "c.area")
        async with database.connection() as conn:
            found = await intake.calls(conn, inside, where.values, state == "open", limit)
            clock = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
            shown = await displays(conn, sorted({c.taken_by for c in found}))
        assert clock is not None
        return HotlineCalls(now=clock[0], calls=[view(c, shown) for c in found])

    @routes.get("/hotline/{id}/caller", responses=REFUSALS)
    async def who_called(id: Id, scope: Desk) -> Caller:
        """The caller's number; the look is written down."""
        async with database.connection() as conn, conn.transaction():
            await mine(conn, scope, id)
            await audit.look(conn, scope.person.name, "look.caller", str(id))
            try:
                return Caller(number=await intake.caller(conn, seal, id))
            except InvalidTag as wrong:
                raise _UNSEALED() from wrong

    @routes.post("/hotline/{id}/incident", responses=REFUSALS)
    async def call_is_incident(id: Id, given: About, scope: Desk) -> Card:
        """The call is about this: the incident is opened, or joined, and accepted by who took the call. What the call
        had become by itself meanwhile follows it."""
        async with database.connection() as conn, conn.transaction():
            call = await mine(conn, scope, id, lock=True)
            if not call.open:
                raise _over()
            own = f"at-{given.area}" if not given.site else given.site
            await conn.execute(
                "SELECT id FROM site WHERE id = %s OR id = (SELECT site FROM incident WHERE id = %s) "
                "ORDER BY id FOR NO KEY UPDATE",
                (own, call.incident),
            )
            incident, _, done = await open_one(conn, given, scope, "phone", "hotline")
            if call.incident:
                later = await _follow(conn, call, incident, scope.person.display)
                done = Done(done.feed + later.feed, sorted({*done.gateways, *later.gateways}))
            await intake.settle(conn, id, "incident", incident.id)
            await audit.record(
                conn, scope.person.name, "hotline.incident", incident.id, incident.site, call=id, kind=given.what
            )
        wake(done)
        return Card(**card(incident))

    async def _follow(conn: Connection, call: Call, incident: Incident, by: str) -> Done:
        found = await store.lock(conn, call.incident)
        if found is None or found[0].closed_at is not None or found[0].merged_into or found[0].id == incident.id:
            return Done([], [])
        try:
            merged, entry = acts.merge(found[0], incident, by, found[1])
        except Refused:
            return Done([], [])  # a silent one goes together with none: it stays on the screen
        return await change.keep(conn, vault, epoch(), [merged, incident], [entry])

    @routes.post("/hotline/{id}/settle", responses=REFUSALS)
    async def settle_call(id: Id, given: Settled, scope: Desk) -> HotlineCall:
        """No incident: nothing was the matter, or it is a matter. What it became by itself is closed as every other."""
        async with database.connection() as conn, conn.transaction():
            call = await mine(conn, scope, id, lock=True)
            if not call.open:
                raise _over()
            await intake.settle(conn, id, given.how, "", plain.lines(given.why))
            await audit.record(conn, scope.person.name, "hotline.settle", str(id), how=given.how)
            after = await intake.call(conn, id)
            assert after is not None
            return view(after, await displays(conn, [after.taken_by]))

    async def mine(conn: Connection, scope: Scope, id: int, lock: bool = False) -> Call:
        call = await intake.call(conn, id, lock)
        if call is None or not may(scope, "hotline", await area_spot(conn, call.area)):
            raise problem(404, "没有这个来电 · no such call", "请刷新 · reload")
        return call

    _over = partial(problem, 409, "这个来电已经处理 · this call is settled", "请刷新 · reload")
    return routes


def view(call: Call, shown: Mapping[str, str]) -> HotlineCall:
    """`shown`: accounts as people know them."""
    return HotlineCall(
        id=call.id,
        area=call.area,
        taken_at=call.taken_at,
        taken_by=shown.get(call.taken_by, call.taken_by),
        due_at=call.due_at,
        overdue=call.overdue,
        incident=call.incident,
        settled=call.settled,
        why=call.why,
        climbed_at=call.climbed_at,
        caller=call.caller,
    )
