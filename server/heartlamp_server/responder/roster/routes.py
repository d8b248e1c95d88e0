"""Duty rosters for who draws them up, and who is on call for everybody at a desk."""

from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query

from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder import store as people
from heartlamp_server.responder.admin import changeable
from heartlamp_server.responder.forms import Moment
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.roster import holidays, model, store
from heartlamp_server.responder.roster.forms import (
    AbsenceForm,
    Check,
    HolidayList,
    Holidays,
    HolidayView,
    Id,
    Imported,
    OnCall,
    OnCallPerson,
    Role,
    RosterForm,
    RosterMade,
    Rosters,
    RosterView,
    SwapForm,
    Unfit,
    span_views,
    to_roster,
    view,
)
from heartlamp_server.responder.roster.model import Absence, Roster, Swap
from heartlamp_server.responder.scope import Scope, may, reach
from heartlamp_server.responder.within import Where, area_spot

ABSENCES_MAX = 60
"""Of one person, of a year and what is to come."""
DAYS_AHEAD = 28
"""A roster is looked through so far ahead."""


def router(database: Database, gate: Gate) -> APIRouter:
    routes = APIRouter()
    sees, changes, own = gate.require("roster.see"), gate.require("roster.change"), gate.require("self")
    unknown = partial(problem, 404, "没有这个值班表 · no such roster", "请刷新列表 · reload the list")
    nowhere = partial(problem, 404, "没有这个区域 · no such area", "请重新选择 · choose again")

    async def one(conn: store.Connection, id: int, scope: Scope, action: str) -> Roster:
        """Raises 404: there is none, or none for this person."""
        found = await store.area_of(conn, id)
        if found is None or not may(scope, action, await area_spot(conn, found[0])):
            raise unknown()
        return (await store.rosters(conn, "ro.id = %(id)s", {"id": id}))[id]

    @routes.get("/rosters")
    async def list_rosters(scope: Annotated[Scope, Depends(sees)]) -> Rosters:
        """Duty rosters of one's areas."""
        where = Where()
        async with database.connection() as conn:
            found = await store.rosters(conn, where.inside(reach(scope, "roster.see"), "ro.area"), where.values)
        return Rosters(rosters=[view(id, roster) for id, roster in found.items()])

    @routes.post("/rosters", responses={n: {"model": Problem} for n in (404, 409)})
    async def add_roster(given: RosterForm, scope: Annotated[Scope, Depends(changes)]) -> RosterMade:
        """Draws up a duty roster."""
        roster = to_roster(given)
        async with database.connection() as conn, conn.transaction():
            if not may(scope, "roster.change", await area_spot(conn, given.area)):
                raise nowhere()
            await _checked(conn, roster)
            id = await store.add(conn, roster)
            await audit.record(conn, scope.person.name, "roster.set", str(id))
        return RosterMade(id=id)

    @routes.get("/rosters/{id}", responses={404: {"model": Problem}})
    async def one_roster(id: Id, scope: Annotated[Scope, Depends(sees)]) -> RosterView:
        """One roster, with its shifts and swaps."""
        async with database.connection() as conn, conn.transaction():
            return view(id, await one(conn, id, scope, "roster.see"))

    @routes.post("/rosters/{id}", responses={n: {"model": Problem} for n in (404, 409)})
    async def change_roster(id: Id, given: RosterForm, scope: Annotated[Scope, Depends(changes)]) -> RosterView:
        """Name, zone and shifts; area and role stay what they are."""
        async with database.connection() as conn, conn.transaction():
            before = await one(conn, id, scope, "roster.change")
            if (before.area, before.role) != (given.area, given.role):
                raise problem(409, "区域和角色不能更改 · area and role stay", "请新建一个值班表 · make a new roster")
            await _checked(conn, to_roster(given))
            await store.change(conn, id, to_roster(given))
            await audit.record(conn, scope.person.name, "roster.set", str(id))
            return view(id, await one(conn, id, scope, "roster.change"))

    @routes.post("/rosters/{id}/end", status_code=204, responses={404: {"model": Problem}})
    async def end_roster(id: Id, scope: Annotated[Scope, Depends(changes)]) -> None:
        """Ends a roster: nobody is called by it any more."""
        async with database.connection() as conn, conn.transaction():
            await one(conn, id, scope, "roster.change")
            await store.end(conn, id)
            await audit.record(conn, scope.person.name, "roster.end", str(id))

    @routes.post("/rosters/{id}/swaps", responses={n: {"model": Problem} for n in (404, 409)})
    async def swap(id: Id, given: SwapForm, scope: Annotated[Scope, Depends(changes)]) -> RosterView:
        """One stands in for another on one day's shift."""
        wanted = Swap(given.shift, given.day, given.off, given.instead)
        async with database.connection() as conn, conn.transaction():
            before = await one(conn, id, scope, "roster.change")
            after = Roster(before.area, before.role, before.name, before.shifts, before.zone, (wanted,))
            await _checked(conn, after)
            await store.swap(conn, id, wanted)
            await audit.record(conn, scope.person.name, "roster.swap", str(id))
            return view(id, await one(conn, id, scope, "roster.change"))

    @routes.get("/rosters/{id}/check", responses={404: {"model": Problem}})
    async def check(
        id: Id,
        scope: Annotated[Scope, Depends(sees)],
        days: Annotated[int, Query(ge=1, le=100)] = DAYS_AHEAD,
    ) -> Check:
        """Who is on call in the days to come, when nobody is, when two shifts meet, and who could not be reached."""
        async with database.connection() as conn, conn.transaction():
            roster, now = await one(conn, id, scope, "roster.see"), await _now(conn)
            unfit = await store.unfit(conn, roster, now - people.PROVEN)
            on_it = {person for shift in roster.shifts for turn in shift.turns for person in turn}
            shown = await people.displays(conn, sorted(on_it | {swap.instead for swap in roster.swaps}))
        until = now + timedelta(days=days)
        ahead = model.spans(roster, now, until)
        gaps = model.gaps(ahead)
        return Check(
            whole=not gaps and not unfit,
            spans=span_views(ahead),
            shown=shown,
            gaps=span_views(gaps),
            overlaps=span_views(model.overlaps(ahead)),
            unknown_years=model.unknown_years(roster, now, until),
            unfit=[Unfit(person=person, why=why) for person, why in unfit],  # type: ignore[arg-type]
        )

    @routes.get("/on-call", responses={404: {"model": Problem}})
    async def on_call(
        scope: Annotated[Scope, Depends(sees)],
        role: Role,
        area: Annotated[int | None, Query(ge=1, le=2**62)] = None,
        at: Moment | None = None,
    ) -> OnCall:
        """Who is called now (or then) for this role in exactly this area, in order."""
        async with database.connection() as conn:
            if not may(scope, "roster.see", await area_spot(conn, area)):
                raise nowhere()
            when = at or await _now(conn)
            inside = "ro.area IS NOT DISTINCT FROM %(area)s AND ro.role = %(role)s"
            found = await store.rosters(conn, inside, {"area": area, "role": role})
            names = model.on_call(found.values(), area, role, when)
            displays = await people.displays(conn, names)
        return OnCall(at=when, people=[OnCallPerson(name=n, display=displays.get(n, n)) for n in names])

    @routes.post("/absences", responses={n: {"model": Problem} for n in (404, 409, 422)})
    async def add_absence(given: AbsenceForm, scope: Annotated[Scope, Depends(own)]) -> RosterMade:
        """One's own, or of who is within one's own rosters."""
        if given.until <= given.since:
            raise problem(422, "结束时间早于开始时间 · it ends before it begins", "请更正 · correct it")
        async with database.connection() as conn, conn.transaction():
            await _about(conn, scope, given.person)
            if len(await store.absences(conn, [given.person])) >= ABSENCES_MAX:
                raise problem(409, "请假记录太多 · too many absences", "请先结束不需要的 · end some of them first")
            id = await store.add_absence(conn, Absence(given.person, given.since, given.until))
            await audit.record(conn, scope.person.name, "absence.set", given.person)
        return RosterMade(id=id)

    @routes.post("/absences/{id}/end", status_code=204, responses={404: {"model": Problem}})
    async def end_absence(id: Id, scope: Annotated[Scope, Depends(own)]) -> None:
        """Somebody is back before the end of an absence."""
        async with database.connection() as conn, conn.transaction():
            found = await store.absence(conn, id)
            if found is None:
                raise problem(404, "没有这条请假 · no such absence", "请刷新 · reload")
            await _about(conn, scope, found.person)
            await store.end_absence(conn, id)
            await audit.record(conn, scope.person.name, "absence.end", found.person)

    @routes.get("/holidays")
    async def list_holidays(scope: Annotated[Scope, Depends(own)]) -> Holidays:
        """Public holidays and worked weekends."""
        async with database.connection() as conn:
            found = await store.holidays(conn)
        views: list[Any] = [HolidayView(day=d.day, kind=d.kind, name=d.name) for d in found]  # type: ignore[arg-type]
        return Holidays(holidays=views)

    @routes.post("/holidays", responses={403: {"model": Problem}})
    async def set_holidays(given: HolidayList, scope: Annotated[Scope, Depends(changes)]) -> Imported:
        """Takes in public holidays and worked weekends, a line each: day, kind, name."""
        if not reach(scope, "roster.change").everywhere:
            raise problem(403, "节假日由县级管理员录入 · holidays are the county's", "请联系县级管理员 · ask there")
        days, problems = holidays.read(given.text)
        if days and not problems:
            async with database.connection() as conn, conn.transaction():
                await audit.record(conn, scope.person.name, "holiday.set", "")
                await store.set_holidays(conn, days)
        return Imported(taken=0 if problems else len(days), problems=problems)

    async def _about(conn: store.Connection, scope: Scope, person: str) -> None:
        if person != scope.person.name and not await changeable(conn, scope, person, "roster.change"):
            raise problem(404, "没有这个人 · no such person", "请检查姓名代号 · check the name")

    return routes


async def _checked(conn: store.Connection, roster: Roster) -> None:
    """Raises 409 where it makes no sense, or names who has not this role here."""
    wrong = model.faults(roster)
    reasons = {"unknown": "没有这个人 · nobody is called so", "role": "在这里没有这个角色 · has not this role here"}
    for person, why in await store.unfit(conn, roster, await _now(conn) - people.PROVEN):
        if why in reasons:
            wrong.append(f"{person}: {reasons[why]}")
    if wrong:
        raise HTTPException(409, {"error": "; ".join(wrong)[:500], "do": "请更正后重试 · correct it and send again"})


async def _now(conn: store.Connection) -> datetime:
    row = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert row is not None
    now: datetime = row[0]
    return now
