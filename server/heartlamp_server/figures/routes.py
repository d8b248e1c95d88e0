"""Figures for who may see them, area by area; months that somebody stands for; what SIM cards cost."""

from functools import partial
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import psycopg
from fastapi import APIRouter, Depends, Query

from heartlamp_server import plain
from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.figures import cards, compute, keep, lock_store, store
from heartlamp_server.figures.forms import (
    CardForm,
    CardMonthForm,
    CardView,
    Day,
    DefinitionView,
    FiguresView,
    Id,
    LockForm,
    LockView,
    TrendView,
    VersionView,
    definitions,
    difference_view,
    lock_view,
    trend_view,
    view,
)
from heartlamp_server.figures.lock import Refused, differences
from heartlamp_server.figures.period import Kind, NoPeriod, Period, period, year_before
from heartlamp_server.figures.store import Area
from heartlamp_server.figures.trend import trend
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import IN_THE_VILLAGE, Scope, Spot, may, reach
from heartlamp_server.responder.store import displays
from heartlamp_server.responder.within import Where, area_spot

Connection = psycopg.AsyncConnection[Any]

NOWHERE = partial(problem, 404, "没有这个区域 · no such area", "请重新选择 · choose again")


def router(database: Database, gate: Gate, zone: ZoneInfo) -> APIRouter:
    routes = APIRouter()
    see, keeps = gate.require("figures.see"), gate.require("figures.keep")
    refusals: dict[int | str, dict[str, Any]] = {n: {"model": Problem} for n in (404, 409, 422)}

    @routes.get("/figures", responses={n: {"model": Problem} for n in (404, 422)})
    async def figures_of_an_area(
        scope: Annotated[Scope, Depends(see)],
        day: Day,
        kind: Kind = "month",
        until: Day | None = None,
        area: Id | None = None,
        live: bool = False,
        version: Annotated[int, Query(ge=0, le=10**6)] = 0,
    ) -> FiguresView:
        """Of an area and what is directly below it; without one, of the area that all others are in. `day`: any of the
        period, of a range the first; `live`: as they are now though the month is locked."""
        async with database.connection() as conn:
            here, silent = await place(conn, scope, area)
            await audit.glance(conn, scope.person.name, "look.figures", str(here.id))
            told = await compute.told(conn, here, asked(kind, day, until), zone, silent, live, version)
            if told is None:
                raise problem(404, "没有这个版本 · no such version", "请重新选择 · choose again")
            names = [lock.locked_by for lock in (told.lock, told.last_lock) if lock]
            return view(told, str(zone), await displays(conn, names))

    @routes.get("/figures/trend", responses={404: {"model": Problem}})
    async def trend_of_an_area(scope: Annotated[Scope, Depends(see)], day: Day, area: Id | None = None) -> TrendView:
        """Alarms, share on time and nine tenths of the times until somebody was there, in the twelve months until that
        of `day`: as locked, else as computed now."""
        async with database.connection() as conn:
            here, silent = await place(conn, scope, area)
            await audit.glance(conn, scope.person.name, "look.figures", str(here.id))
            return trend_view(here.id, here.name, await trend(conn, here, day, zone, silent))

    @routes.get("/figures/definitions")
    async def definitions_of_figures(scope: Annotated[Scope, Depends(see)]) -> list[DefinitionView]:
        """Every figure, and how it is computed."""
        return definitions()

    @routes.get("/figures/locks", responses={404: {"model": Problem}})
    async def versions_of_a_month(
        scope: Annotated[Scope, Depends(see)], area: Id, month: Day | None = None
    ) -> list[VersionView]:
        """Every version of locked months of this area, newest first, with what each changed."""
        async with database.connection() as conn:
            here, silent = await place(conn, scope, area)
            found = await lock_store.locks(conn, here.id, month.replace(day=1) if month else None)
            shown = await displays(conn, [lock.locked_by for lock in found])
            views = []
            for lock in found:
                before = next((o for o in found if o.month == lock.month and o.id < lock.id), None)
                changes = []
                if before is not None:
                    both = [await lock_store.read(conn, one.id, here.id) for one in (before, lock)]
                    was, now = [one[0].values(silent) for one in both if one]
                    changes = differences(was, now)
                views.append(
                    VersionView(lock=lock_view(lock, shown), changes=[difference_view(change) for change in changes])
                )
        return views

    @routes.post("/figures/locks", responses=refusals)
    async def lock_a_month(given: LockForm, scope: Annotated[Scope, Depends(gate.require("figures.lock"))]) -> LockView:
        """Of an area and all below it. Once locked, another one is a correction, and needs a reason."""
        async with database.connection() as conn:
            here, _ = await place(conn, scope, given.area, "figures.lock")
            await keep.refresh(conn, zone)
            async with conn.transaction():
                return await _locked(conn, here, given, scope)

    async def _locked(conn: Connection, here: Area, given: LockForm, scope: Scope) -> LockView:
        reason = plain.lines(given.reason)
        try:
            lock = await compute.locked(conn, here, given.month, zone, scope.person.name, reason)
        except Refused as why:
            raise problem(409, str(why), why.do) from why
        month = int(lock.month.strftime("%Y%m"))
        await audit.record(conn, scope.person.name, "figures.lock", str(here.id), month=month, version=lock.version)
        return lock_view(lock, {scope.person.name: scope.person.display})

    @routes.get("/figures/cards")
    async def list_cards(scope: Annotated[Scope, Depends(see)]) -> list[CardView]:
        """SIM cards of villages, and what they cost."""
        where = Where()
        inside = where.inside(reach(scope, "figures.see"), "c.village")
        async with database.connection() as conn:
            return [CardView(**card) for card in await cards.cards(conn, inside, where.values)]

    @routes.post("/figures/cards", responses=refusals)
    async def put_card(given: CardForm, scope: Annotated[Scope, Depends(keeps)]) -> CardView:
        """A new one, or what changed of the one that has this label in this village."""
        async with database.connection() as conn, conn.transaction():
            here, _ = await place(conn, scope, given.village, "figures.keep")
            if here.level != "village":
                raise problem(422, "流量卡属于村 · a card is a village's", "请选择村 · choose a village")
            texts = {"label": plain.name(given.label), "payer": plain.name(given.payer)}
            id = await cards.put(conn, given.model_dump() | texts, scope.person.name)
            await audit.record(conn, scope.person.name, "figures.card", str(id))
            return await _card(conn, id)

    @routes.post("/figures/cards/{id}/months", responses=refusals)
    async def put_month(id: Id, given: CardMonthForm, scope: Annotated[Scope, Depends(keeps)]) -> CardView:
        """What the card cost and moved in a month."""
        async with database.connection() as conn, conn.transaction():
            village = await cards.village_of(conn, id)
            if village is None or not may(scope, "figures.keep", await area_spot(conn, village)):
                raise problem(404, "没有这张卡 · no such card", "请刷新列表 · reload the list")
            await cards.put_month(conn, id, given.month, given.cost_fen, given.megabytes, scope.person.name)
            month = int(given.month.strftime("%Y%m"))
            await audit.record(conn, scope.person.name, "figures.card", str(id), month=month)
            return await _card(conn, id)

    return routes


async def _card(conn: Connection, id: int) -> CardView:
    return CardView(**(await cards.cards(conn, "c.id = %(id)s", {"id": id}))[0])


async def place(conn: Connection, scope: Scope, area: int | None, action: str = "figures.see") -> tuple[Area, bool]:
    """(the area, whether this person may know of silent alarms there). Raises 404 where it is none of theirs."""
    area = area if area is not None else await store.top(conn)
    spot = await area_spot(conn, area)
    found = await store.area(conn, area) if area is not None and may(scope, action, spot) else None
    if found is None:
        raise NOWHERE()
    return found, knows(scope, spot, action)


def knows(scope: Scope, spot: Spot, action: str = "figures.see") -> bool:
    """Nothing in the village may learn of a silent alarm, not even that there was one."""
    return any(g.can(action) and g.covers(spot) and g.level not in IN_THE_VILLAGE for g in scope.grants)


def asked(kind: Kind, day: Day, until: Day | None) -> Period:
    """Raises 422."""
    try:
        found = period(kind, day, until)
        year_before(found)
    except NoPeriod as wrong:
        raise problem(422, str(wrong), "请更正 · correct it") from wrong
    return found
