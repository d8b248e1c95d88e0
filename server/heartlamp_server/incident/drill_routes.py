"""Announcing a drill of one site, and which sites had theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from heartlamp_server.database.pool import Database
from heartlamp_server.incident import announcing
from heartlamp_server.incident.drill import Announced
from heartlamp_server.incident.intake import Connection
from heartlamp_server.incident.model import Refused
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, Spot, may, reach
from heartlamp_server.responder.store import displays
from heartlamp_server.responder.within import Where, site_spots


class Announcing(BaseModel):
    site: str = Field(min_length=1, max_length=40)


class DrillView(BaseModel):
    """`until`: the first press before then is this drill; `pressed`: the incident of the first alarm that came, "" none
    yet; `incident`: the same where it is the drill, "" where it is real; `over`: it is closed; `now`: the county's
    time."""

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


class Drills(BaseModel):
    now: datetime
    drills: list[DrillView]


@dataclass(frozen=True, slots=True)
class Listed:
    """As DrillView. No silent alarm falls into a window."""

    drill: Announced
    incident: str
    site_name: str
    where: str
    pressed: str
    over: bool
    now: datetime


_ROW = (
    "d.id, d.site, d.announced_by, d.announced_at, d.until, coalesce(d.incident, ''), "
    "s.name, concat_ws(' ', v.name, a.name), coalesce(i.id, ''), i.closed_at IS NOT NULL, "
    "clock_timestamp() FROM drill d JOIN site s ON s.id = d.site JOIN area a ON a.id = s.area "
    "LEFT JOIN area v ON v.id = a.parent AND a.level = 'group' "
    "LEFT JOIN event e ON e.id = d.used LEFT JOIN incident i ON i.id = e.incident"
)


def router(database: Database, gate: Gate) -> APIRouter:
    routes = APIRouter()
    There = Annotated[Scope, Depends(gate.require("drill.announce"))]
    nowhere = partial(problem, 404, "没有这个点位 · no such site", "请刷新 · reload")
    refusals: dict[int | str, dict[str, Any]] = {n: {"model": Problem} for n in (403, 404, 409)}

    @routes.post("/drills", responses=refusals)
    async def announce(given: Announcing, scope: There) -> DrillView:
        """Announces a drill of one site: its next press within 120 s is the drill, and everybody who is called is told
        that it is one. 409 while a call of the house goes on."""
        async with database.connection() as conn, conn.transaction():
            spots = await site_spots(conn, [given.site])
            if not may(scope, "drill.announce", spots.get(given.site, Spot())) or given.site not in spots:
                raise nowhere()
            try:
                number = await announcing.announce(conn, given.site, scope.person.name)
            except Refused as why:
                raise problem(409, str(why), why.do) from why
            found = await _one(conn, number)
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
            shown = await displays(conn, sorted({d.drill.by for d in found}))
        assert clock is not None
        return Drills(now=clock[0], drills=[_view(d, shown) for d in found])

    return routes


async def _one(conn: Connection, id: int) -> Listed | None:
    row = await (await conn.execute(f"SELECT {_ROW} WHERE d.id = %s", (id,))).fetchone()
    return _listed(row) if row else None


def _listed(row: Sequence[Any]) -> Listed:
    return Listed(Announced(*row[:5]), *row[5:])


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
        incident=found.incident,
        pressed=found.pressed,
        over=found.over,
    )
