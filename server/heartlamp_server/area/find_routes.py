"""Where is it called so? Areas by name or code, sites by id, name, address or landmark."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from heartlamp_server.area import tree_store
from heartlamp_server.area.reader import Reader
from heartlamp_server.area.routes import Reads
from heartlamp_server.database.pool import Database

MOST = 20

_MINE = """
WITH RECURSIVE mine (id) AS (
    SELECT unnest(%(sees)s::bigint[]) UNION SELECT a.id FROM area_above a JOIN mine ON a.above = mine.id
)
"""
_FIND = f"""
{_MINE}
(SELECT 'area', a.id::text, a.name, a.level, a.code, a.id, (a.name = %(q)s OR a.code = %(q)s) AS same FROM area a
 WHERE a.valid_to IS NULL AND (position(lower(%(q)s) IN lower(a.name)) > 0 OR starts_with(a.code, %(q)s))
   AND (%(all)s OR a.id IN (SELECT id FROM mine))
 ORDER BY same DESC, length(a.code), a.code, a.name LIMIT {MOST})
UNION ALL
(SELECT 'site', s.id, s.name, s.kind, concat_ws(' ', nullif(s.address, ''), nullif(s.landmark, '')), s.area,
        (s.id = %(q)s OR s.name = %(q)s) AS same FROM site s
 WHERE (s.id = %(q)s OR position(lower(%(q)s) IN lower(concat_ws(' ', s.name, s.address, s.landmark))) > 0)
   AND (%(all)s OR s.area IN (SELECT id FROM mine))
 ORDER BY same DESC, s.area, s.name LIMIT {MOST})
"""


class FoundPlace(BaseModel):
    """`kind`: of a site what it is, of an area its level; `about`: an area's code, a site's address and landmark;
    `area`: itself, or the site's; `path`: from the topmost area down."""

    what: Literal["area", "site"]
    id: str
    name: str
    kind: str
    about: str
    area: int
    path: list[str]


class FoundPlaces(BaseModel):
    places: list[FoundPlace]


def router(database: Database, reads: Reads) -> APIRouter:
    routes = APIRouter()

    @routes.get("/places")
    async def find_places(
        reader: Annotated[Reader, Depends(reads("area.see"))], q: Annotated[str, Query(min_length=1, max_length=60)]
    ) -> FoundPlaces:
        """Areas and sites of one's own whose name, code, id or address has these letters; the same name first."""
        asked: dict[str, Any] = {"q": q.strip(), "all": reader.sees is None, "sees": sorted(reader.sees or ())}
        if not asked["q"] or "\0" in q:
            return FoundPlaces(places=[])
        async with database.connection() as conn:
            found = await (await conn.execute(_FIND, asked)).fetchall()
            found.sort(key=lambda row: not row[6])
            paths = {row[5]: [node.name for node in await tree_store.path(conn, row[5])] for row in found}
        return FoundPlaces(
            places=[
                FoundPlace(what=what, id=id, name=name, kind=kind, about=about, area=area, path=paths[area])
                for what, id, name, kind, about, area, _ in found[: 2 * MOST]
            ]
        )

    return routes
