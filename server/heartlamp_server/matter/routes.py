"""Matters for who raises, handles, verifies and supervises them: each what is for them, where it is theirs."""

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import AwareDatetime

from heartlamp_server import plain
from heartlamp_server.database.pool import Database
from heartlamp_server.incident import store as incidents
from heartlamp_server.matter import acts, store
from heartlamp_server.matter.counts import counts
from heartlamp_server.matter.forms import (
    ActForm,
    Counted,
    Counts,
    Id,
    Matters,
    MatterTold,
    MatterView,
    ReportForm,
    limit_view,
    line_view,
    names,
    possible,
    to_said,
    view,
)
from heartlamp_server.matter.life import Refused
from heartlamp_server.matter.model import Matter, Report
from heartlamp_server.matter.who import CENTRE, hats, seen, sees
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Reach, Scope, Spot, may
from heartlamp_server.responder.store import displays
from heartlamp_server.responder.within import Where, area_spot, site_spots

UNKNOWN = partial(problem, 404, "没有这个事项 · no such matter", "请刷新列表 · reload the list")
NOWHERE = partial(problem, 404, "没有这个区域或点位 · no such area or site", "请重新选择 · choose again")


def refused(why: Refused) -> HTTPException:
    return problem(409, str(why), why.do)


def router(database: Database, gate: Gate) -> APIRouter:
    routes = APIRouter()
    see, answer = gate.require("matter.see"), gate.require("matter.answer")
    refusals: dict[int | str, dict[str, Any]] = {n: {"model": Problem} for n in (404, 409, 422)}

    @routes.get("/matters", responses={404: {"model": Problem}})
    async def list_matters(
        scope: Annotated[Scope, Depends(see)],
        state: Literal["open", "late", "ended"] = "open",
        unit: Annotated[str, Query(max_length=120)] = "",
        area: Annotated[int | None, Query(ge=1, le=2**62)] = None,
        code: Annotated[str, Query(max_length=10)] = "",
        before: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Matters:
        """Newest first. `late`: open, and what is waited for is late; `before`: older than this one."""
        where = Where()
        parts = [seen(where, scope)]
        parts.append({"open": "m.ended = ''", "late": "m.ended = '' AND m.due_at <= now()"}.get(state, "m.ended <> ''"))
        for column, value in (("unit", unit), ("code", code)):
            if value:
                where.values[column] = value
                parts.append(f"m.{column} = %({column})s")
        if before:
            where.values["before"] = before
            parts.append("m.id < %(before)s")
        async with database.connection() as conn:
            if area is not None:
                await _place(conn, scope, area)
                parts.append(where.inside(Reach(areas=(area,)), "m.area"))
            found = await store.matters(conn, " AND ".join(parts), where.values, limit)
            shown = await displays(conn, [name for matter in found for name in names(matter)])
            now = await store.now(conn)
        rest = found[-1].id if len(found) == limit else 0
        return Matters(now=now, matters=[view(matter, now, shown) for matter in found], before=rest)

    @routes.get("/matter-counts", responses={404: {"model": Problem}})
    async def count_matters(
        scope: Annotated[Scope, Depends(see)],
        by: Literal["unit", "area"] = "unit",
        area: Annotated[int | None, Query(ge=1, le=2**62)] = None,
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
    ) -> Counts:
        """Of what one may see, raised from `since` to `until`: by department, or by what lies directly below `area`."""
        where = Where()
        parts = [seen(where, scope)]
        for name, sign, at in (("since", ">=", since), ("until", "<", until)):
            if at is not None:
                where.values[name] = at
                parts.append(f"m.raised_at {sign} %({name})s")
        async with database.connection() as conn:
            if area is not None:
                await _place(conn, scope, area)
                if by == "unit":
                    parts.append(where.inside(Reach(areas=(area,)), "m.area"))
            now = await store.now(conn)
            rows = await counts(conn, by, area, " AND ".join(parts), where.values, now)
        return Counts(now=now, rows=[Counted(**row) for row in rows])

    @routes.get("/matters/{id}", responses={404: {"model": Problem}})
    async def one_matter(id: Id, scope: Annotated[Scope, Depends(see)]) -> MatterTold:
        """One matter with its limits, its timeline, and what one may do."""
        async with database.connection() as conn:
            matter, worn = await _mine(conn, scope, await store.read_one(conn, id))
            lines, now = await store.timeline(conn, id), await store.now(conn)
            shown = await displays(conn, names(matter, lines))
        return MatterTold(
            now=now,
            matter=view(matter, now, shown),
            limits=[limit_view(one) for one in matter.limits],
            timeline=[line_view(line, shown) for line in lines],
            acts=possible(matter, worn),
        )

    @routes.post("/matters", responses=refusals)
    async def add_matter(given: ReportForm, scope: Annotated[Scope, Depends(answer)]) -> MatterView:
        """Raised, or the one that this very report raised before."""
        async with database.connection() as conn, conn.transaction():
            report, spot = await _report(conn, given, scope)
            worn = frozenset(
                hat
                for hat, roles in (("field", ("grid_worker",)), ("centre", CENTRE))
                if any(g.role in roles and g.covers(spot) for g in scope.grants)
            )
            if not worn:
                raise NOWHERE()
            before = await store.of_ref(conn, report)
            now = await store.now(conn)
            if before is not None:
                known, _ = await _mine(conn, scope, await store.read_one(conn, before))
                return view(known, now, await displays(conn, names(known)))
            id, hat = await store.fresh_id(conn), "field" if "field" in worn else "centre"
            try:
                matter, line = acts.raised(id, report, scope.person.name, hat, now, await store.calendar(conn))
            except Refused as why:
                raise refused(why) from why
            await store.save(conn, matter, [line])
            return view(matter, now, {scope.person.name: scope.person.display})

    @routes.post("/matters/{id}/act", responses=refusals)
    async def do(id: Id, given: ActForm, scope: Annotated[Scope, Depends(answer)]) -> MatterView:
        """Takes a matter further; which act at which stage: docs/matters.md."""
        async with database.connection() as conn, conn.transaction():
            matter, worn = await _mine(conn, scope, await store.lock(conn, id))
            said = to_said(given, scope.person.name, worn)
            if said.unit and said.unit not in await _units(conn):
                raise problem(422, "没有这个部门 · no such department", "请从目录中选择 · choose one of the catalogue")
            now = await store.now(conn)
            try:
                matter, line = acts.act(matter, said, now, await store.calendar(conn))
            except Refused as why:
                raise refused(why) from why
            await store.save(conn, matter, [line])
            return view(matter, now, await displays(conn, names(matter)))

    return routes


async def _mine(conn: store.Connection, scope: Scope, matter: Matter | None) -> tuple[Matter, frozenset[str]]:
    """With the hats worn there. Raises 404: there is none, or none for this person."""
    if matter is None:
        raise UNKNOWN()
    spot = await area_spot(conn, matter.report.area)
    if not sees(scope, spot, matter):
        raise UNKNOWN()
    return matter, hats(scope, spot, matter)


async def _place(conn: store.Connection, scope: Scope, area: int) -> Spot:
    """Raises 404 where it is none of this person's."""
    spot = await area_spot(conn, area)
    if not spot.areas or not may(scope, "matter.see", spot):
        raise NOWHERE()
    return spot


async def _report(conn: store.Connection, given: ReportForm, scope: Scope) -> tuple[Report, Spot]:
    """Raises 404, 422."""
    kind = (await store.catalogue(conn)).kinds.get(given.code)
    if kind is None:
        raise problem(422, "目录中没有这个事项 · the catalogue has no such matter", "请重新选择 · choose again")
    if (given.source == "incident") != bool(given.incident):
        raise problem(422, "由警情转入须指明警情 · an incident as the source must be named", "请更正 · correct it")
    site, ref = given.site, f"{scope.person.name}/{plain.name(given.ref)}" if given.ref else ""
    if given.incident:
        found = await incidents.read(conn, given.incident, scope)
        # What a silent alarm is about is nobody's business but the police's.
        if found is None or found[0].what == "silent":
            raise problem(404, "没有这起警情 · no such incident", "请刷新列表 · reload the list")
        site, ref = found[0].site, given.incident
    if site:
        spot = (await site_spots(conn, [site])).get(site, Spot())
        area = await _area_of(conn, site)
    else:
        spot, area = await area_spot(conn, given.area), given.area
    # Who may everywhere may also where nothing is.
    if area is None or not spot.areas or not may(scope, "matter.answer", spot):
        raise NOWHERE()
    return Report(
        kind=kind,
        area=area,
        path=await store.path(conn, area),
        words=plain.lines(given.words),
        source=given.source,
        site=site,
        place=plain.name(given.place),
        latitude=given.latitude,
        longitude=given.longitude,
        photos=tuple(filter(None, map(plain.name, given.photos))),
        ref=ref,
        asked=given.asked,
    ), spot


async def _area_of(conn: store.Connection, site: str) -> int | None:
    row = await (await conn.execute("SELECT area FROM site WHERE id = %s", (site,))).fetchone()
    return row[0] if row else None


async def _units(conn: store.Connection) -> set[str]:
    return {kind.unit for kind in (await store.catalogue(conn)).kinds.values()} | set(await store.units(conn))
