"""Sites that no link reaches: which, since when, and who was there. Page by page, or as a table for an office."""

import csv
from datetime import datetime
from io import StringIO
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from heartlamp_server.area.importing.report import harmless
from heartlamp_server.area.store import LAMP_KINDS
from heartlamp_server.database.pool import Database
from heartlamp_server.problems import Problem, problem
from heartlamp_server.provisioning.store import VILLAGE, Connection
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, reach
from heartlamp_server.responder.within import Where

_MOST = 20_000
_HEAD = ("点位编号", "村", "户组", "点位", "地址", "地标", "未覆盖起", "上门次数", "最近上门", "上门人", "备注")

# As model.state has it: no claim is open, no lamp hangs there, and the last who came found no link. `since`: the first
# visit of those that found none one after another.
_FROM = f"""
FROM site s JOIN area a ON a.id = s.area JOIN area v ON v.id = {VILLAGE}
JOIN LATERAL (SELECT * FROM visit w WHERE w.site = s.id ORDER BY w.at DESC, w.received_at DESC LIMIT 1) w
    ON w.outcome = 'no_link'
LEFT JOIN person p ON p.name = w.by
CROSS JOIN LATERAL (SELECT min(x.at) AS since, count(*) AS visits FROM visit x WHERE x.site = s.id
    AND NOT EXISTS (SELECT FROM visit y WHERE y.site = s.id AND y.outcome <> 'no_link'
        AND (y.at, y.received_at) > (x.at, x.received_at)) AND x.outcome = 'no_link') n
WHERE {{inside}} AND s.kind <> 'elsewhere' AND (%(village)s::bigint IS NULL OR v.id = %(village)s)
    AND NOT EXISTS (SELECT FROM claim c WHERE c.site = s.id AND c.used_at IS NULL AND c.ended_at IS NULL
        AND c.not_after > clock_timestamp())
    AND NOT EXISTS (SELECT FROM device d WHERE d.site = s.id AND d.revoked_at IS NULL AND d.kind IN ({LAMP_KINDS}))
"""
_PAGE = f"""
SELECT s.id, s.name, a.id, CASE a.level WHEN 'group' THEN a.name ELSE '' END, v.id, v.name, s.address, s.landmark,
    n.since, n.visits, w.at, coalesce(p.display, w.by), w.note {_FROM}
    AND (%(at)s::timestamptz IS NULL OR (n.since, s.id) > (%(at)s, %(site)s))
ORDER BY n.since, s.id LIMIT %(limit)s
"""
_MANY = f"SELECT count(*) {_FROM}"


class UncoveredSite(BaseModel):
    """`area`: where it is listed; `since`: of the first of `visits` one after another that found no link; the rest is
    of the last of them."""

    site: str
    name: str
    area: int
    group: str
    village: int
    village_name: str
    address: str
    landmark: str
    since: datetime
    visits: int
    visited_at: datetime
    visited_by: str
    note: str


class UncoveredSites(BaseModel):
    """Longest without first. `many`: all of them; `more`: ask with it as `after` for the next ones, "" none."""

    sites: list[UncoveredSite]
    many: int
    more: str


def router(database: Database, gate: Gate, zone: ZoneInfo) -> APIRouter:
    """`zone`: in which days of the table are."""
    routes = APIRouter()
    Installs = Annotated[Scope, Depends(gate.require("device.change"))]
    Village = Annotated[int | None, Query(ge=1, le=2**62)]

    @routes.get("/uncovered", responses={422: {"model": Problem}})
    async def uncovered(
        scope: Installs,
        village: Village = None,
        after: Annotated[str, Query(max_length=120)] = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> UncoveredSites:
        """Sites of one's areas, or of one village, where who came last found no link."""
        async with database.connection() as conn:
            found, many = await _read(conn, scope, village, _place(after), limit + 1)
        rows = found[:limit]
        more = f"{rows[-1].since.isoformat()} {rows[-1].site}" if len(found) > limit else ""
        return UncoveredSites(sites=rows, many=many, more=more)

    @routes.get("/uncovered.csv", response_class=Response)
    async def uncovered_table(scope: Installs, village: Village = None) -> Response:
        """The same as a table, whole."""
        async with database.connection() as conn:
            rows, _ = await _read(conn, scope, village, None, _MOST)
        out = StringIO()
        table = csv.writer(out)
        table.writerow(_HEAD)
        for r in rows:
            since, visited = (at.astimezone(zone).date().isoformat() for at in (r.since, r.visited_at))
            where = [r.site, r.village_name, r.group, r.name, r.address, r.landmark]
            table.writerow([harmless(cell) for cell in (*where, since, str(r.visits), visited, r.visited_by, r.note)])
        headers = {"Content-Disposition": 'attachment; filename="uncovered.csv"'}
        return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)

    return routes


async def _read(
    conn: Connection, scope: Scope, village: int | None, after: tuple[datetime, str] | None, limit: int
) -> tuple[list[UncoveredSite], int]:
    where = Where()
    inside = where.inside(reach(scope, "device.change"), "s.area", "s.id")
    at, site = after or (None, "")
    values: dict[str, Any] = {**where.values, "village": village, "at": at, "site": site, "limit": limit}
    rows = await (await conn.execute(_PAGE.format(inside=inside), values)).fetchall()
    many = await (await conn.execute(_MANY.format(inside=inside), values)).fetchone()
    found = [UncoveredSite(**dict(zip(UncoveredSite.model_fields, row, strict=True))) for row in rows]
    return found, many[0] if many else 0


def _place(text: str) -> tuple[datetime, str] | None:
    """Raises 422."""
    if not text:
        return None
    at, _, site = text.partition(" ")
    try:
        when = datetime.fromisoformat(at)
    except ValueError:
        when = datetime.min
    if when.tzinfo is None:
        raise problem(422, "没有这一页 · there is no such page", "请刷新列表 · reload the list")
    return when, site
