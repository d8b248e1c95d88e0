"""Incidents for the command centre: the list, one with its timeline, and a person's answer."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from heartlamp_protocol.downlink import cursor_text

from heartlamp_server import plain
from heartlamp_server.audit import store as audit
from heartlamp_server.database.feed import Done
from heartlamp_server.database.pool import Database
from heartlamp_server.device.vault import Vault
from heartlamp_server.incident import acts, change, drill, store
from heartlamp_server.incident.card import card, passed
from heartlamp_server.incident.forms import Card, Doing, Incidents, IncidentTold, Line, PassedOn, Said
from heartlamp_server.incident.model import Change, Incident, Refused, answer, close, told_once
from heartlamp_server.incident.texts import text
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.model import Person
from heartlamp_server.responder.scope import Scope, may


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

    moved = partial(problem, 409, "警情刚刚有变化 · it changed at this moment", "请重试 · try again")
    sees = gate.require("incident.see")
    answers = gate.require("incident.answer")

    @routes.get("/incidents")
    async def list_incidents(
        scope: Annotated[Scope, Depends(sees)],
        state: Literal["open", "closed"] = "open",
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
        before: Annotated[str, Query(max_length=120)] = "",
    ) -> Incidents:
        """Incidents that one may see, newest first, a page at a time (a county that is under water has thousands open),
        and the feed's cursor to follow from."""
        async with database.connection() as conn:
            await audit.glance(conn, scope.person.name, "look.incidents", state)
            found, seq, now = await store.newest(conn, scope, state, limit, _read_place(before) if before else None)
            told = await store.passed_on(conn, [i.id for i in found if state == "open"])
        more = _place_text(found[-1]) if len(found) == limit else ""
        cards = [Card(**card(i)) for i in found]
        again = [PassedOn(**passed(entry)) for entry in told]
        return Incidents(now=now, cursor=cursor_text(epoch(), seq), incidents=cards, more=more, passed=again)

    @routes.get("/incidents/{id}", responses={404: {"model": Problem}})
    async def one_incident(id: str, scope: Annotated[Scope, Depends(sees)]) -> IncidentTold:
        """One incident with its events and its timeline in two languages."""
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
        return IncidentTold(now=found[1], incident=Card(**card(found[0])), events=events, timeline=lines)

    @routes.post("/incidents/{id}/answer", responses={n: {"model": Problem} for n in (403, 404, 409)})
    async def say(id: str, said: Said, scope: Annotated[Scope, Depends(answers)]) -> Card:
        """A person's answer, for oneself or for who telephoned; or the close."""
        async with database.connection() as conn, conn.transaction():
            locked = await store.lock_together(conn, [id])
            if locked is None:
                raise moved()
            found, following, now = locked
            before = found.get(id)
            spot = await store.for_person(conn, before, scope) if before else None
            if before is None or spot is None:
                raise unknown()
            if not may(scope, _takes(said, scope.person), spot):
                raise not_yours()
            try:
                incident, entry = _answer(before, said, scope.person, now)
            except Refused as why:
                raise problem(409, str(why), why.do) from why
            others, lines = acts.with_it(following, incident, now)
            decided = {"answer": said.answer} | ({"how": said.how} if said.how else {})
            await audit.record(conn, scope.person.name, "incident.answer", id, incident.site, **decided)
            done = await change.keep(conn, vault, epoch(), [incident, *others], [entry, *lines])
        wake(done)
        return Card(**card(incident))

    @routes.post("/incidents/{id}/do", responses={n: {"model": Problem} for n in (403, 404, 409)})
    async def do(id: str, said: Doing, scope: Annotated[Scope, Depends(gate.require("incident.answer_for"))]) -> Card:
        """What is done with it beside answering; which at which stage: docs/incident.md."""
        async with database.connection() as conn, conn.transaction():
            locked = await store.lock_together(conn, [id, said.into] if said.act == "merge" else [id])
            if locked is None:
                raise moved()
            found, following, now = locked
            incident, into = found.get(id), found.get(said.into)
            spot = await store.for_person(conn, incident, scope) if incident else None
            if incident is None or spot is None:
                raise unknown()
            needed = "incident.close" if said.act in ("false", "reopen") else "incident.answer_for"
            there = await store.for_person(conn, into, scope) if into else None
            if not may(scope, needed, spot) or (into and there and not may(scope, needed, there)):
                raise not_yours()
            if said.act == "merge" and there is None:
                raise unknown()
            try:
                after, entry = _done(incident, said, scope.person, into, now)
            except Refused as why:
                raise problem(409, str(why), why.do) from why
            others, lines = acts.with_it([f for f in following if f.merged_into == id], after, now)
            await audit.record(conn, scope.person.name, "incident.do", id, incident.site, act=said.act)
            done = await change.keep(conn, vault, epoch(), [after, *others], [entry, *lines])
        wake(done)
        return Card(**card(after))

    return routes


def _place_text(last: Incident) -> str:
    at, id = store.place_of(last)
    return f"{at.isoformat()} {id}"


def _read_place(text: str) -> store.Place:
    """Raises 422."""
    at, _, id = text.partition(" ")
    try:
        when = datetime.fromisoformat(at)
    except ValueError:
        when = datetime.min
    if when.tzinfo is None:
        raise problem(422, "没有这一页 · there is no such page", "请刷新列表 · reload the list")
    return when, id


def _done(incident: Incident, said: Doing, person: Person, into: Incident | None, now: datetime) -> Change:
    by, words = person.display, plain.lines(said.words)
    match said.act:
        case "note":
            changed, entry = acts.note(incident, words, by, now)
        case "dispatch":
            whom = plain.name(said.whom)
            changed, entry = acts.dispatch(incident, f"person:{whom}", whom, person.name, by, now, words)
        case "handle":
            changed, entry = acts.handle(incident, words, by, now)
        case "feedback":
            changed, entry = acts.feedback(incident, words, said.reached, by, now)
        case "evaluate":
            changed, entry = acts.evaluate(incident, said.marks, words, by, now)
        case "false":
            changed, entry = acts.declare_false(incident, said.how, plain.name(said.who), words, by, now)
        case "merge":
            assert into is not None
            changed, entry = acts.merge(incident, into, by, now)
        case "part":
            changed, entry = acts.part(incident, by, now)
        case "earnest":
            changed, entry = drill.earnest(incident, by, now)
        case "reopen":
            changed, entry = acts.reopen(incident, words, by, now)
    return changed, replace(entry, detail=entry.detail | {"operator": person.name, "by": by})


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
