"""Broadcasts from the console, in two steps: what will be said, and yes."""

from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from heartlamp_protocol.device.limits import NAME_MAX
from heartlamp_protocol.downlink import BROADCAST_TEXT_MAX
from pydantic import BaseModel, Field

from heartlamp_server import plain
from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.notification import broadcast
from heartlamp_server.notification.broadcast import CONFIRM_WITHIN
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, may, reach
from heartlamp_server.responder.within import area_spot


class Prepare(BaseModel):
    """`village`: its area's id; `text`: spoken by the village's machine voice; `clip`: the name of a recording that the
    village has, which goes before the text."""

    village: int
    text: str = Field("", max_length=BROADCAST_TEXT_MAX)
    clip: str = Field("", max_length=NAME_MAX)
    lang: str = Field("zh", max_length=16, pattern="^[a-z]{2,3}(-[a-z0-9]+)*$")
    times: int = Field(3, ge=1, le=10)
    drill: bool = False


class Prepared(BaseModel):
    """What will be said where, if it is confirmed in time."""

    id: str
    village: str
    text: str
    clip: str
    gateways: list[str]
    confirm_within_s: int


class Confirmed(BaseModel):
    gateways: list[str]


class Heard(BaseModel):
    """`state`: sent (it begins), done, failed."""

    gateway: str
    state: str
    why: str
    at: datetime


class BroadcastLine(BaseModel):
    id: str
    village: str
    text: str
    clip: str
    drill: bool
    by: str
    prepared_at: datetime
    confirmed_at: datetime | None
    heard: list[Heard]


class Broadcasts(BaseModel):
    broadcasts: list[BroadcastLine]


_PROBLEMS: dict[int | str, dict[str, type[Problem]]] = {code: {"model": Problem} for code in (403, 404, 409, 422)}


def router(database: Database, gate: Gate) -> APIRouter:
    routes = APIRouter()
    says = gate.require("broadcast")
    not_yours = partial(
        problem,
        403,
        "只有本辖区的指挥员或值班员可以广播 · only a commander or operator of this area may broadcast",
        "请联系他们 · ask them",
    )

    @routes.post("/broadcasts", status_code=201, responses=_PROBLEMS)
    async def prepare(given: Prepare, scope: Annotated[Scope, Depends(says)]) -> Prepared:
        """Prepares what a village's loudspeakers shall say; said once it is confirmed."""
        text, clip = plain.name(given.text), plain.name(given.clip)
        if not text and not clip:
            raise problem(
                422, "没有要播的内容 · there is nothing to say", "请输入文字或选录音 · type a text or name a recording"
            )
        async with database.connection() as conn:
            spot = await area_spot(conn, given.village)
            found = await broadcast.village_of(conn, given.village)
            if found is None or not (may(scope, "broadcast", spot) or may(scope, "area.see", spot)):
                raise problem(404, "没有这个村 · no such village", "请检查 · check it")
            if not may(scope, "broadcast", spot):
                raise not_yours()
            if not found[1]:
                raise problem(409, "这个村没有网关 · this village has no gateway", "请打电话 · telephone the village")
            id = await broadcast.prepare(
                conn, given.village, text, clip, given.lang, given.times, given.drill, scope.person.name
            )
        return Prepared(
            id=id,
            village=found[0],
            text=text,
            clip=clip,
            gateways=list(found[1]),
            confirm_within_s=int(CONFIRM_WITHIN.total_seconds()),
        )

    @routes.post("/broadcasts/{id}/confirm", responses=_PROBLEMS)
    async def confirm(id: str, scope: Annotated[Scope, Depends(says)]) -> Confirmed:
        """Confirms within 60 s what one prepared oneself; then it is said."""
        async with database.connection() as conn, conn.transaction():
            village = await broadcast.village_of_broadcast(conn, id)
            if village is not None and not may(scope, "broadcast", await area_spot(conn, village)):
                raise not_yours()
            try:
                told = await broadcast.confirm(conn, id, scope.person.name)
                await audit.record(conn, scope.person.name, "broadcast.confirm", id)
            except broadcast.Refused as why:
                raise problem(409, str(why), why.do) from why
        return Confirmed(gateways=list(told))

    @routes.get("/broadcasts")
    async def broadcasts(
        scope: Annotated[Scope, Depends(says)],
        village: int | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Broadcasts:
        """Broadcasts of one's areas, and what became of them."""
        async with database.connection() as conn:
            found = await broadcast.newest(conn, village, limit, reach(scope, "broadcast"))
        return Broadcasts(
            broadcasts=[
                BroadcastLine(
                    id=b.id,
                    village=b.village_name,
                    text=b.text,
                    clip=b.clip,
                    drill=b.drill,
                    by=b.prepared_by,
                    prepared_at=b.prepared_at,
                    confirmed_at=b.confirmed_at,
                    heard=[Heard(gateway=g, state=s, why=w, at=at) for g, s, w, at in b.said],
                )
                for b in found
            ]
        )

    return routes
