"""Sites for the console: pages of an area's sites, one site, its words and its place."""

from datetime import date
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from heartlamp_server import plain
from heartlamp_server.area import rezone_store, site_store, tree_store
from heartlamp_server.area.reader import Reader, within
from heartlamp_server.area.rezone import Refused
from heartlamp_server.area.rezone_store import Gateways
from heartlamp_server.area.routes import ERRORS, FORBIDDEN, Reads, changed, names, refusal, seen
from heartlamp_server.area.site_store import SiteRow
from heartlamp_server.area.tree import Node
from heartlamp_server.area.tree_store import Connection
from heartlamp_server.area.views import Id, SiteDetail, SiteEdit, SiteKind, SiteMove, SitePage
from heartlamp_server.area.views import SiteRow as SiteView
from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.problems import problem

UNKNOWN = partial(problem, 404, "没有这个点位 · no such site", "请刷新 · reload")


async def seen_site(conn: Connection, reader: Reader, id: str) -> tuple[SiteRow, list[Node], date, bool, list[str]]:
    """A site that the reader sees; else 404, as if there were none."""
    found = await site_store.one(conn, id)
    path = await tree_store.path(conn, found[0].area) if found else []
    if found is None or not within(reader.sees, [node.id for node in path]):
        raise UNKNOWN()
    return found[0], path, *found[1:]


def router(database: Database, reads: Reads, gateways: Gateways) -> APIRouter:
    routes = APIRouter()
    Asks = Annotated[Reader, Depends(reads("area.see"))]
    Changes = Annotated[Reader, Depends(reads("area.change"))]

    @routes.get("/areas/{id}/sites", responses=ERRORS)
    async def sites_of(
        id: Id,
        reader: Asks,
        after: Annotated[str, Query(max_length=60)] = "",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        kind: SiteKind | None = None,
        on: date | None = None,
    ) -> SitePage:
        """Sites of an area, as they are or were on a day."""
        async with database.connection() as conn:
            await seen(conn, reader, id, on)
            found = await site_store.page(conn, id, after, limit + 1, kind, on)
        views = [SiteView(**_fields(row)) for row in found[:limit]]
        return SitePage(sites=views, next=views[-1].id if len(found) > limit else "")

    @routes.get("/sites/{id}", responses=ERRORS)
    async def one_site(id: str, reader: Asks) -> SiteDetail:
        """One site, with its devices and where it was."""
        async with database.connection() as conn:
            row, path, since, recorded, consents = await seen_site(conn, reader, id)
        return SiteDetail(
            **_fields(row),
            path=names(path),
            valid_from=since,
            recorded=recorded,
            consents=consents,  # type: ignore[arg-type]
        )

    @routes.post("/sites/{id}", status_code=204, responses=ERRORS)
    async def edit_site(id: str, said: SiteEdit, reader: Changes) -> None:
        """Changes a site's name, address, landmark or point."""
        fields = said.model_dump(exclude_none=True, exclude={"no_point"})
        fields |= {name: plain.name(fields[name]) for name in ("name", "address", "landmark") if name in fields}
        if said.no_point:
            fields |= {"latitude": None, "longitude": None}
        elif (said.latitude is None) != (said.longitude is None):
            raise problem(409, "经度和纬度只有一个 · one of latitude and longitude is missing", "都填 · give both")
        if fields.get("name") == "":
            raise problem(409, "名称不能为空 · the name is empty", "请填写 · fill it in")
        async with database.connection() as conn, conn.transaction():
            row, path, *_ = await seen_site(conn, reader, id)
            if not within(reader.changes, [node.id for node in path]):
                raise FORBIDDEN()
            if fields.get("kind") == "household" and path[-1].level != "group":
                raise problem(409, "住户要属于户组 · a household is in a household group", "先移入户组 · move it first")
            await audit.record(conn, reader.name, "site.change", id, site=id)
            await site_store.edit(conn, id, fields)
            if fields.get("name", row.name) != row.name:
                await gateways.retell(conn, [row.area])  # its name stands in the village's list

    @routes.post("/sites/{id}/move", status_code=204, responses=ERRORS)
    async def move_site(id: str, said: SiteMove, reader: Changes) -> None:
        """To another household group (or of what is no household, village), from a day on."""
        async with database.connection() as conn, conn.transaction():
            row, *_ = await seen_site(conn, reader, id)
            for area in (row.area, said.area):
                await changed(conn, reader, area)
            try:
                await audit.record(conn, reader.name, "site.change", id, site=id)
                await rezone_store.move_site(conn, id, said.area, said.day, gateways)
            except Refused as why:
                raise refusal(why) from why

    return routes


def _fields(row: SiteRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in SiteView.model_fields}
