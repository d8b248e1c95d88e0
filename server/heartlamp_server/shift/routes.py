"""The change of shifts at a desk: offered, looked through, signed; or taken, with a reason, where nobody can offer."""

from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from heartlamp_server import plain
from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.incident import store as incidents
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder import store as people
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, may, reach
from heartlamp_server.responder.within import area_spot
from heartlamp_server.shift import model, store
from heartlamp_server.shift.model import NOTE_MAX, HandoverList, at_post, listed, posts
from heartlamp_server.shift.store import Connection, Handover


class HandedIncident(BaseModel):
    """`keeper`: who stands by it at a desk, "" nobody yet."""

    id: str
    what: str
    stage: str
    keeper: str
    opened_at: datetime
    house: str
    where: str


class HandedPromise(BaseModel):
    """`answer`: asked, taken or coming, since then; `by`: who typed it, "" they themselves."""

    incident: str
    name: str
    answer: str
    since: datetime
    by: str
    house: str


class HandedFault(BaseModel):
    village: str
    devices: int
    gateways: int


class HandedList(BaseModel):
    """`mark`: sign with it; another one, when there is something new to sign."""

    mark: str
    incidents: list[HandedIncident]
    promises: list[HandedPromise]
    faults: list[HandedFault]


class Holder(BaseModel):
    """`name`: the account."""

    name: str
    display: str
    since: datetime


class ShiftOffer(BaseModel):
    id: int
    by: str
    display: str
    at: datetime
    note: str


class Post(BaseModel):
    """`area` null: the county's. `holder` null: nobody holds it."""

    area: int | None
    area_name: str
    holder: Holder | None
    offer: ShiftOffer | None


class Posts(BaseModel):
    posts: list[Post]


class PostList(BaseModel):
    now: datetime
    list: HandedList


class OfferForm(BaseModel):
    area: int | None = Field(None, ge=1, le=2**62)
    note: str = Field("", max_length=NOTE_MAX)


class SignForm(BaseModel):
    """`mark`: of the list that was looked through."""

    mark: str = Field(max_length=40)


class TakeForm(SignForm):
    """`why`: nobody can offer it."""

    area: int | None = Field(None, ge=1, le=2**62)
    why: str = Field(max_length=500)


class HandoverLine(BaseModel):
    """`outgoing` "": nobody held it; `why`: it was taken without being offered."""

    id: int
    area: int | None
    area_name: str
    outgoing: str
    incoming: str
    offered_at: datetime
    signed_at: datetime | None
    note: str
    why: str


class HandoverLines(BaseModel):
    handovers: list[HandoverLine]


class HandoverRecord(BaseModel):
    handover: HandoverLine
    list: HandedList


_PROBLEMS: dict[int | str, dict[str, type[Problem]]] = {code: {"model": Problem} for code in (403, 404, 409)}
Id = Annotated[int, Path(ge=1, le=2**62)]


def router(database: Database, gate: Gate) -> APIRouter:
    routes = APIRouter()
    holds = gate.require("shift")
    no_post = partial(problem, 404, "您没有这个岗位 · this is no post of yours", "请重新选择 · choose again")
    unknown = partial(problem, 404, "没有这次交接 · no such hand-over", "请刷新 · reload")
    changed = partial(
        problem,
        409,
        "清单刚刚有变化，请再看一遍 · the list has changed meanwhile",
        "看完后再签 · look through it, then sign",
    )

    def own(scope: Scope, area: int | None) -> Scope:
        """Raises 404."""
        if area not in posts(scope):
            raise no_post()
        return at_post(scope, area)

    @routes.get("/shift")
    async def shift(scope: Annotated[Scope, Depends(holds)]) -> Posts:
        """One's own posts: who holds each, and what waits to be signed."""
        async with database.connection() as conn:
            return Posts(posts=[await _post(conn, area) for area in posts(scope)])

    @routes.get("/shift/list", responses={404: {"model": Problem}})
    async def now_open(
        scope: Annotated[Scope, Depends(holds)], area: Annotated[int | None, Query(ge=1, le=2**62)] = None
    ) -> PostList:
        """What would go over with the post now."""
        there = own(scope, area)
        async with database.connection() as conn:
            await audit.glance(conn, scope.person.name, "look.incidents", "shift")
            now = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
            assert now is not None
            return PostList(now=now[0], list=await _shown(conn, await _list(conn, there)))

    @routes.post("/shift/offer", responses=_PROBLEMS)
    async def offer(given: OfferForm, scope: Annotated[Scope, Depends(holds)]) -> Post:
        """Who holds the post offers it; it stays theirs until somebody signs."""
        own(scope, given.area)
        async with database.connection() as conn, conn.transaction():
            await store.hold(conn, given.area)
            holder = await store.holder(conn, given.area)
            if holder is None or holder.incoming != scope.person.name:
                raise problem(409, "岗位不在您手里 · you do not hold this post", "请先接班 · take it over first")
            if waiting := await store.offered(conn, given.area):
                await store.withdraw(conn, waiting.id)
            id = await store.offer(conn, given.area, scope.person.name, plain.lines(given.note))
            await audit.record(conn, scope.person.name, "shift.offer", str(id))
            return await _post(conn, given.area)

    @routes.post("/shift/{id}/withdraw", responses=_PROBLEMS)
    async def withdraw(id: Id, scope: Annotated[Scope, Depends(holds)]) -> Post:
        """Takes an offer back."""
        async with database.connection() as conn, conn.transaction():
            area = await _waiting(conn, id, scope)
            found = await store.offered(conn, area)
            if found is None or found.outgoing != scope.person.name:
                raise unknown()
            await store.withdraw(conn, id)
            await audit.record(conn, scope.person.name, "shift.withdraw", str(id))
            return await _post(conn, area)

    @routes.post("/shift/{id}/sign", responses=_PROBLEMS)
    async def sign(id: Id, given: SignForm, scope: Annotated[Scope, Depends(holds)]) -> HandoverRecord:
        """Who comes has looked through the list: from now on it is theirs."""
        async with database.connection() as conn, conn.transaction():
            area = await _waiting(conn, id, scope)
            found = await store.offered(conn, area)
            if found is None or found.id != id:
                raise unknown()
            if found.outgoing == scope.person.name:
                raise problem(
                    409,
                    "不能由交班人自己签收 · nobody signs for what they hand over",
                    "请接班人签收 · let who comes sign",
                )
            await _take(conn, scope, area, id, given.mark, found.outgoing_name)
            return await _record(conn, id)

    @routes.post("/shift/take", responses=_PROBLEMS)
    async def take(given: TakeForm, scope: Annotated[Scope, Depends(holds)]) -> HandoverRecord:
        """Where nobody holds the post, or who does can offer nothing any more. The reason stays."""
        own(scope, given.area)
        async with database.connection() as conn, conn.transaction():
            await store.hold(conn, given.area)
            holder = await store.holder(conn, given.area)
            if holder and holder.incoming == scope.person.name:
                raise problem(409, "岗位已在您手里 · you hold it already", "无须再接 · nothing is to be done")
            why = plain.lines(given.why)
            if holder and not why:
                raise problem(409, "为什么没有交接？ · why is it not handed over?", "请写明原因 · say why")
            if waiting := await store.offered(conn, given.area):
                await store.withdraw(conn, waiting.id)
            outgoing = holder.incoming if holder else None
            id = await store.offer(conn, given.area, outgoing, "", why)
            await _take(conn, scope, given.area, id, given.mark, holder.incoming_name if holder else "")
            return await _record(conn, id)

    @routes.get("/shift/records")
    async def records(
        scope: Annotated[Scope, Depends(holds)], limit: Annotated[int, Query(ge=1, le=200)] = 50
    ) -> HandoverLines:
        """The newest handovers."""
        async with database.connection() as conn:
            found = await store.newest(conn, reach(scope, "shift"), limit)
        return HandoverLines(handovers=[_line(h) for h in found])

    @routes.get("/shift/records/{id}", responses={404: {"model": Problem}})
    async def record(id: Id, scope: Annotated[Scope, Depends(holds)]) -> HandoverRecord:
        """As it was signed."""
        async with database.connection() as conn:
            found = await store.read(conn, id)
            if found is None or found.list is None or not may(scope, "shift", await area_spot(conn, found.area)):
                raise unknown()
            await audit.look(conn, scope.person.name, "look.incidents", f"shift {id}")
            return await _record(conn, id)

    async def _waiting(conn: Connection, id: int, scope: Scope) -> int | None:
        """Its post, held until the transaction ends. Raises 404."""
        found = await store.read(conn, id)
        if found is None or found.area not in posts(scope):
            raise unknown()
        await store.hold(conn, found.area)
        return found.area

    async def _take(conn: Connection, scope: Scope, area: int | None, id: int, mark: str, outgoing: str) -> None:
        handed = await _list(conn, at_post(scope, area))
        if handed.mark != mark:
            raise changed()
        now = await store.hold(conn, area)
        await store.sign(conn, id, scope.person.name, handed)
        await incidents.save(conn, [], model.lines(handed, outgoing, scope.person.display, now))
        await audit.record(
            conn, scope.person.name, "shift.sign", str(id), open=len(handed.incidents), promised=len(handed.promises)
        )

    return routes


async def _list(conn: Connection, scope: Scope) -> HandoverList:
    return listed(await store.open_incidents(conn, scope), await store.faults(conn, reach(scope, "device.see")))


async def _shown(conn: Connection, handed: HandoverList) -> HandedList:
    places = await store.places(conn, [i.id for i in handed.incidents])
    names = await people.displays(conn, sorted({i.keeper for i in handed.incidents} - {""}))
    gone = ("", "")
    return HandedList(
        mark=handed.mark,
        incidents=[
            HandedIncident(
                id=i.id,
                what=i.what,
                stage=i.stage,
                keeper=names.get(i.keeper, i.keeper),
                opened_at=datetime.fromisoformat(i.opened_at),
                house=places.get(i.id, gone)[0],
                where=places.get(i.id, gone)[1],
            )
            for i in handed.incidents
        ],
        promises=[
            HandedPromise(
                incident=p.incident,
                name=p.name,
                answer=p.answer,
                since=datetime.fromisoformat(p.since),
                by=p.by,
                house=places.get(p.incident, gone)[0],
            )
            for p in handed.promises
        ],
        faults=[HandedFault(village=f.village, devices=f.devices, gateways=f.gateways) for f in handed.faults],
    )


async def _post(conn: Connection, area: int | None) -> Post:
    holder, waiting = await store.holder(conn, area), await store.offered(conn, area)
    name = ""
    if area is not None:
        row = await (await conn.execute("SELECT name FROM area WHERE id = %s", (area,))).fetchone()
        name = row[0] if row else ""
    return Post(
        area=area,
        area_name=name,
        holder=Holder(name=holder.incoming, display=holder.incoming_name, since=holder.signed_at)
        if holder and holder.incoming and holder.signed_at
        else None,
        offer=ShiftOffer(
            id=waiting.id,
            by=waiting.outgoing or "",
            display=waiting.outgoing_name,
            at=waiting.offered_at,
            note=waiting.note,
        )
        if waiting
        else None,
    )


async def _record(conn: Connection, id: int) -> HandoverRecord:
    found = await store.read(conn, id)
    assert found is not None
    assert found.list is not None
    return HandoverRecord(handover=_line(found), list=await _shown(conn, found.list))


def _line(h: Handover) -> HandoverLine:
    return HandoverLine(
        id=h.id,
        area=h.area,
        area_name=h.area_name,
        outgoing=h.outgoing_name,
        incoming=h.incoming_name,
        offered_at=h.offered_at,
        signed_at=h.signed_at,
        note=h.note,
        why=h.why,
    )
