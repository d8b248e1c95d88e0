"""Announcing a drill of one site, marking it afterwards, and which sites had theirs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from heartlamp_server.audit import store as audit
from heartlamp_server.database.feed import Done
from heartlamp_server.database.pool import Database
from heartlamp_server.device.vault import Vault
from heartlamp_server.incident import announcing, change, drill, store
from heartlamp_server.incident.card import card
from heartlamp_server.incident.drill import Announced
from heartlamp_server.incident.forms import Card
from heartlamp_server.incident.intake import Connection
from heartlamp_server.incident.model import Refused
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, Spot, may, reach
from heartlamp_server.responder.store import displays
from heartlamp_server.responder.within import Where, site_spots

Id = Annotated[int, Field(ge=1, le=2**62)]


class Announcing(BaseModel):
    site: str = Field(min_length=1, max_length=40)


class Marking(BaseModel):
    incident: str = Field(min_length=1, max_length=60)


class DrillView(BaseModel):
    """`until`: one press before then may be marked as this drill; `incident`: the one that was, "" none yet; `pressed`:
    the first that came of the site until then, "" none; `over`: that one is closed; `now`: the county's time."""

    now: datetime
    id: int
    site: str
    site_name: str
    where: str
    announced_by: str
    announced_at: datetime
    until: datetime
    incident: str
    pressed: str
    over: bool
    marked_by: str
    marked_at: datetime | None


class Drills(BaseModel):
    now: datetime
    drills: list[DrillView]


@dataclass(frozen=True, slots=True)
class Listed:
    """A drill with the first incident of its site until the window closed, "" none; of a silent one nothing is told."""

    drill: Announced
    site_name: str
    where: str
    pressed: str
    over: bool
    now: datetime


_ROW = (
    "d.id, d.site, d.announced_by, d.announced_at, d.until, coalesce(d.incident, ''), d.marked_by, d.marked_at, "
    "s.name, concat_ws(' ', v.name, a.name), coalesce(f.id, ''), f.closed_at IS NOT NULL, "
    "clock_timestamp() FROM drill d JOIN site s ON s.id = d.site JOIN area a ON a.id = s.area "
    "LEFT JOIN area v ON v.id = a.parent AND a.level = 'group' LEFT JOIN LATERAL ("
    "SELECT i.id, i.closed_at FROM incident i WHERE i.site = d.site AND i.opened_at BETWEEN d.announced_at AND d.until "
    "AND i.what <> 'silent' ORDER BY i.opened_at, i.id LIMIT 1) f ON true"
)


def router(
    database: Database, vault: Vault, gate: Gate, epoch: Callable[[], str], wake: Callable[[Done], None]
) -> APIRouter:
    """`wake`: called after each commit."""
    routes = APIRouter()
    Desk = Annotated[Scope, Depends(gate.require("drill"))]
    There = Annotated[Scope, Depends(gate.require("drill.announce"))]
    nowhere = partial(problem, 404, "没有这个点位、演练或警情 · no such site, drill or incident", "请刷新 · reload")
    refusals: dict[int | str, dict[str, Any]] = {n: {"model": Problem} for n in (403, 404, 409)}

    @routes.post("/drills", responses=refusals)
    async def announce(given: Announcing, scope: There) -> DrillView:
        """Announces a drill of one site. Everybody is called as for a real one: tell people before."""
        async with database.connection() as conn, conn.transaction():
            spots = await site_spots(conn, [given.site])
            if not may(scope, "drill.announce", spots.get(given.site, Spot())) or given.site not in spots:
                raise nowhere()
            found = await _one(conn, await announcing.announce(conn, given.site, scope.person.name))
            assert found is not None
            return _view(found, await displays(conn, [found.drill.by]))

    @routes.get("/drills")
    async def list_drills(
        scope: There,
        since: AwareDatetime | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> Drills:
        """Drills of one's areas, newest first, with the incident that each was."""
        where = Where()
        there = reach(scope, "drill.announce")
        inside = where.inside(there, "s.area", "s.id")
        async with database.connection() as conn:
            cursor = await conn.execute(
                f"SELECT {_ROW} WHERE {inside} AND (%(since)s::timestamptz IS NULL OR d.announced_at >= %(since)s) "
                "ORDER BY d.announced_at DESC LIMIT %(limit)s",
                {**where.values, "since": since, "limit": limit},
            )
            found = [_listed(row) for row in await cursor.fetchall()]
            clock = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
            shown = await displays(conn, sorted({n for d in found for n in (d.drill.by, d.drill.marked_by) if n}))
        assert clock is not None
        return Drills(now=clock[0], drills=[_view(d, shown) for d in found])

    @routes.post("/drills/{id}/mark", responses=refusals)
    async def mark_drill(id: Id, given: Marking, scope: Desk) -> Card:
        """This closed incident was the drill that was announced: it leaves the figures, and its site was drilled."""
        async with database.connection() as conn, conn.transaction():
            locked = await store.lock_together(conn, [given.incident])
            incident = locked[0].get(given.incident) if locked else None
            listed = await _one(conn, id)
            announced = listed.drill if listed else None
            spot = await store.for_person(conn, incident, scope) if incident else None
            if locked is None or incident is None or announced is None or spot is None:
                raise nowhere()
            if not may(scope, "drill", spot) or announced.site != incident.site:
                raise nowhere()
            first = await (
                await conn.execute(
                    "SELECT id FROM incident WHERE site = %s AND opened_at >= %s ORDER BY opened_at, id LIMIT 1",
                    (announced.site, announced.at),
                )
            ).fetchone()
            try:
                after, entry = drill.mark(
                    incident, announced, first[0] if first else "", scope.person.display, locked[2]
                )
            except Refused as why:
                raise problem(409, str(why), why.do) from why
            await conn.execute(
                "UPDATE drill SET incident = %s, marked_by = %s, marked_at = clock_timestamp() WHERE id = %s",
                (after.id, scope.person.name, id),
            )
            entry = replace(entry, detail=entry.detail | {"operator": scope.person.name})
            await audit.record(conn, scope.person.name, "drill.mark", after.id, after.site, drill=id)
            done = await change.keep(conn, vault, epoch(), [after], [entry])
        wake(done)
        return Card(**card(after))

    return routes


async def _one(conn: Connection, id: int) -> Listed | None:
    row = await (await conn.execute(f"SELECT {_ROW} WHERE d.id = %s", (id,))).fetchone()
    return _listed(row) if row else None


def _listed(row: Sequence[Any]) -> Listed:
    return Listed(Announced(*row[:8]), *row[8:])


def _view(found: Listed, shown: Mapping[str, str]) -> DrillView:
    """`shown`: accounts as people know them."""
    drill = found.drill
    return DrillView(
        now=found.now,
        id=drill.id,
        site=drill.site,
        site_name=found.site_name,
        where=found.where,
        announced_by=shown.get(drill.by, drill.by),
        announced_at=drill.at,
        until=drill.until,
        incident=drill.incident,
        pressed=found.pressed,
        over=found.over,
        marked_by=shown.get(drill.marked_by, drill.marked_by),
        marked_at=drill.marked_at,
    )
