"""Incidents for the command centre: the list, one with its timeline, and a person's answer."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from heartlamp_protocol.downlink import cursor_text
from pydantic import BaseModel, Field

from heartlamp_server import plain
from heartlamp_server.area.store import PLACES, to_place
from heartlamp_server.audit import store as audit
from heartlamp_server.database import feed, state
from heartlamp_server.database.feed import Done
from heartlamp_server.database.pool import Database
from heartlamp_server.device import store as devices
from heartlamp_server.device.vault import Vault
from heartlamp_server.incident import store
from heartlamp_server.incident.card import card, feed_row
from heartlamp_server.incident.command import tell
from heartlamp_server.incident.model import Change, Incident, Refused, answer, close, told_once
from heartlamp_server.incident.texts import text
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.model import Person
from heartlamp_server.responder.scope import Scope, may

_HOUSE = state.together(devices=devices.CONCERNED, places=PLACES)


class Site(BaseModel):
    id: str
    name: str
    address: str
    landmark: str


class Responder(BaseModel):
    """`by`: the operator who typed it, "" for a lamp's key."""

    name: str
    answer: Literal["accepted", "coming", "arrived", "withdrawn"]
    at: datetime
    by: str


class Card(BaseModel):
    id: str
    what: Literal["panic", "fire", "gas", "flood", "slope", "silent"]
    site: Site
    path: list[str]
    opened_at: datetime
    observed_at: datetime | None
    time_unknown: bool
    presses: int
    last_press_at: datetime
    heard_age_ms: int | None
    answer: Literal["none", "accepted", "coming", "arrived", "unanswered", "closed"]
    aver: int
    who: str
    unverified: bool
    cancelled: bool
    lit: int
    lit_of: int
    responders: list[Responder]
    closed_at: datetime | None
    closed_by: str
    closed_how: str


class Incidents(BaseModel):
    """`cursor`: follow the feed from here."""

    now: datetime
    cursor: str
    incidents: list[Card]


class Line(BaseModel):
    at: datetime
    kind: str
    text_zh: str
    text_en: str
    detail: dict[str, Any]


class Told(BaseModel):
    """`events`: the ids of every event in it, the opening one first."""

    now: datetime
    incident: Card
    events: list[str]
    timeline: list[Line]


class Said(BaseModel):
    """`who`: whose answer it is, or at a close who saw or spoke to them, "" the operator; `how`: only to close."""

    answer: Literal["accepted", "coming", "arrived", "withdrawn", "closed"]
    who: str = Field("", max_length=48)
    how: Literal["", "arrived", "spoke_to"] = ""
    note: str = Field("", max_length=500)


def router(
    database: Database,
    vault: Vault,
    gate: Gate,
    epoch: Callable[[], str],
    wake: Callable[[Done], None],
) -> APIRouter:
    """`wake`: called after each commit."""
    routes = APIRouter()
    not_yours = partial(
        problem,
        403,
        "您只能为自己应答；办结由值班员操作 · you answer for yourself only, and operators close",
        "请告诉值班员 · tell the operator",
    )
    unknown = partial(problem, 404, "没有这起警情 · no such incident", "请刷新列表 · reload the list")

    sees = gate.require("incident.see")
    answers = gate.require("incident.answer")

    @routes.get("/incidents")
    async def list_incidents(
        scope: Annotated[Scope, Depends(sees)],
        state: Literal["open", "closed"] = "open",
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> Incidents:
        async with database.connection() as conn:
            await audit.glance(conn, scope.person.name, "look.incidents", state)
            found, seq, now = await store.newest(conn, scope, state, limit)
        return Incidents(now=now, cursor=cursor_text(epoch(), seq), incidents=[Card(**card(i)) for i in found])

    @routes.get("/incidents/{id}", responses={404: {"model": Problem}})
    async def one_incident(id: str, scope: Annotated[Scope, Depends(sees)]) -> Told:
        async with database.connection() as conn:
            found = await store.read(conn, id, scope)
            if found is None:
                raise unknown()
            await audit.glance(conn, scope.person.name, "look.incident", id, found[0].site)
            entries = await store.timeline(conn, id)
            events = await store.events(conn, id)
        lines = []
        for entry in told_once(entries):
            zh, en = text(entry)
            lines.append(Line(at=entry.at, kind=entry.kind, text_zh=zh, text_en=en, detail=entry.detail))
        return Told(now=found[1], incident=Card(**card(found[0])), events=events, timeline=lines)

    @routes.post("/incidents/{id}/answer", responses={n: {"model": Problem} for n in (403, 404, 409)})
    async def say(id: str, said: Said, scope: Annotated[Scope, Depends(answers)]) -> Card:
        async with database.connection() as conn, conn.transaction():
            locked = await store.lock(conn, id)
            spot = await store.for_person(conn, locked[0], scope) if locked else None
            if locked is None or spot is None:
                raise unknown()
            if not may(scope, _takes(said, scope.person), spot):
                raise not_yours()
            try:
                incident, entry = _answer(locked[0], said, scope.person, locked[1])
            except Refused as why:
                raise problem(409, str(why), why.do) from why
            house = await conn.execute(_HOUSE, {"devices": [], "events": [], "sites": [incident.site]})
            found = await state.read(house)
            lamps = [devices.to_device(row, vault) for row in found["devices"]]
            places = {row["id"]: to_place(row) for row in found["places"]}
            await store.save(conn, [incident], [entry])
            decided = {"answer": said.answer} | ({"how": said.how} if said.how else {})
            await audit.record(conn, scope.person.name, "incident.answer", id, incident.site, **decided)
            gateways = await tell(conn, [incident], lamps, places, epoch())
            rows = [feed_row(incident)]
            done = Done(await feed.numbered(await feed.append(conn, rows), rows), gateways)
        wake(done)
        return Card(**card(incident))

    return routes


def _takes(said: Said, person: Person) -> str:
    """What one must be allowed to do, to say this."""
    if said.answer == "closed":
        return "incident.close"
    return "incident.answer" if plain.name(said.who) in ("", person.display) else "incident.answer_for"


def _answer(incident: Incident, said: Said, person: Person, now: datetime) -> Change:
    who, note = plain.name(said.who), plain.lines(said.note)
    name = who or person.display
    if said.answer == "closed":
        changed, entry = close(incident, person.display, said.how, now, who, note)
    else:
        changed, entry = answer(incident, f"person:{name}", name, said.answer, now, person.name, note)
    return changed, replace(entry, detail=entry.detail | {"operator": person.name, "by": person.display})
