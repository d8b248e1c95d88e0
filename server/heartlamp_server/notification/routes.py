"""What concerns the console: a person's own notices, and how the channels are."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from heartlamp_server.database.pool import Database
from heartlamp_server.notification import outcome, seats, store
from heartlamp_server.notification.model import ASKS
from heartlamp_server.notification.texts import Texts
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope


class Notice(BaseModel):
    """`answerable`: it asks whether the person can go."""

    id: int
    incident: str
    at: datetime
    state: str
    drill: bool
    answerable: bool
    text_zh: str
    text_en: str


class Notices(BaseModel):
    now: datetime
    notices: list[Notice]


class Reply(BaseModel):
    said: Literal["coming", "cannot"]


class SeatsView(BaseModel):
    """`feeds`: screens that follow; `posts`, `staffed` of them; `asked_since`: of the oldest question whether somebody
    is there that nobody has answered."""

    feeds: int
    posts: int
    staffed: int
    asked_since: datetime | None


class ChannelState(BaseModel):
    """`fault`: what an administrator must see to, "" nothing, and `do` what helps; `waiting`: messages that it has not
    sent yet; `seats`: of the console alone."""

    name: str
    set_up: bool
    wakes: bool
    fault: str
    fault_at: datetime | None
    waiting: int
    do: str = ""
    seats: SeatsView | None = None


class Channels(BaseModel):
    channels: list[ChannelState]


CONSOLE = "app"


def _console(state: ChannelState, there: seats.Seats, now: datetime) -> ChannelState:
    wrong = seats.fault(there)
    view = SeatsView(feeds=there.feeds, posts=there.posts, staffed=there.staffed, asked_since=there.asked_since)
    if wrong is None or state.fault:
        return state.model_copy(update={"seats": view})
    said, do = " · ".join(wrong.said), " · ".join(wrong.do)
    return state.model_copy(update={"seats": view, "fault": said, "fault_at": now, "do": do})


def router(
    database: Database,
    gate: Gate,
    wakes: Mapping[str, bool],
    texts: Texts,
) -> APIRouter:
    """`wakes`: the channels that are set up, and whether each rings a telephone."""
    routes, own = APIRouter(), gate.require("self")
    unknown = partial(problem, 404, "没有这条通知 · no such notice", "请刷新 · reload")

    @routes.get("/notices")
    async def notices(scope: Annotated[Scope, Depends(own)]) -> Notices:
        """The newest 100 of the signed-in person."""
        async with database.connection() as conn:
            now = await store.now(conn)
            cursor = await conn.execute(
                "SELECT id, incident, made_at, state, drill, kind, fields FROM notification"
                " WHERE channel = 'app' AND address = %s AND sent_at IS NOT NULL ORDER BY sent_at DESC LIMIT 100",
                (scope.person.name,),
            )
            rows = await cursor.fetchall()
        return Notices(
            now=now,
            notices=[
                Notice(
                    id=id,
                    incident=incident,
                    at=at,
                    state=state,
                    drill=drill,
                    answerable=kind in ASKS,
                    text_zh=texts.say(f"{kind}.long", "zh", fields),
                    text_en=texts.say(f"{kind}.long", "en", fields),
                )
                for id, incident, at, state, drill, kind, fields in rows
            ],
        )

    @routes.post("/notices/{id}/seen", status_code=204, responses={404: {"model": Problem}})
    async def seen(id: int, scope: Annotated[Scope, Depends(own)]) -> None:
        """One has seen a notice."""
        async with database.connection() as conn, conn.transaction():
            if not await outcome.see(conn, id, scope.person.name, await store.now(conn)):
                raise unknown()

    @routes.post("/notices/{id}/answer", status_code=204, responses={404: {"model": Problem}})
    async def answer(id: int, reply: Reply, scope: Annotated[Scope, Depends(own)]) -> None:
        """One answers a notice: coming, or cannot."""
        async with database.connection() as conn, conn.transaction():
            now = await store.now(conn)
            if not await outcome.see(conn, id, scope.person.name, now):
                raise unknown()
            await outcome.answer(conn, id, reply.said, f"console: {scope.person.name}", now)

    @routes.get("/notification/channels", dependencies=[Depends(gate.require("channel.see"))])
    async def channels() -> Channels:
        """The channels by which people are told, and what is wrong with them."""
        async with database.connection() as conn:
            cursor = await conn.execute(
                "SELECT coalesce(c.name, n.channel), coalesce(c.fault, ''), c.fault_at, coalesce(n.waiting, 0)"
                " FROM notification_channel c FULL JOIN (SELECT channel, count(*) AS waiting FROM notification"
                " WHERE state = 'queued' AND due_at <= clock_timestamp() GROUP BY 1) n ON n.channel = c.name"
            )
            rows = {row[0]: row for row in await cursor.fetchall()}
            there, now = await seats.look(conn), await store.now(conn)
        found = []
        for name in sorted({*wakes, *rows}):
            _, fault, fault_at, waiting = rows.get(name, (name, "", None, 0))
            found.append(
                ChannelState(
                    name=name,
                    set_up=name in wakes,
                    wakes=wakes.get(name, False),
                    fault=fault,
                    fault_at=fault_at if fault else None,
                    waiting=waiting,
                )
            )
            if name == CONSOLE:
                found[-1] = _console(found[-1], there, now)
        return Channels(channels=found)

    return routes
