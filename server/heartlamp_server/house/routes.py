"""Codes, paired phones and reported faults for who keeps them: technicians, operators; and a relative's own houses."""

from functools import partial
from io import BytesIO
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Depends, Path

from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.house import store
from heartlamp_server.house.forms import House, Houses, Label, Phones, SiteFault, SiteFaults
from heartlamp_server.house.open import phone_view
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, Spot, may, reach
from heartlamp_server.responder.within import Where, site_spots

Id = Annotated[int, Path(ge=1, le=2**62)]


def router(database: Database, gate: Gate, link: str) -> APIRouter:
    """`link`: how a phone reaches the county, "" where server.toml does not say: then a code's QR is its path alone."""
    routes = APIRouter()
    refusals: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}
    unknown = partial(problem, 404, "没有这个点位 · no such site", "请刷新列表 · reload the list")
    codes, phones = gate.require("house.code"), gate.require("house.phones")
    sees_faults, ends_faults = gate.require("device.see"), gate.require("device.change")

    async def at(conn: store.Connection, scope: Scope, action: str, site: str) -> None:
        """Raises 404."""
        spot = (await site_spots(conn, [site])).get(site)
        if spot is None or not may(scope, action, spot):
            raise unknown()

    def label(code: str) -> Label:
        picture = BytesIO()
        path = f"/h/{code}"
        segno.make((link or "").rstrip("/") + path, error="q", micro=False).save(
            picture, kind="svg", scale=6, xmldecl=False, svgclass=None, lineclass=None
        )
        return Label(code=code, path=path, picture=picture.getvalue().decode())

    @routes.get("/sites/{id}/code", responses=refusals)
    async def see_code(id: str, scope: Annotated[Scope, Depends(codes)]) -> Label:
        """The one that is in use; the first time it is asked for it is made."""
        async with database.connection() as conn, conn.transaction():
            await at(conn, scope, "house.code", id)
            code = await store.code_of(conn, id)
            if code is None:
                await audit.record(conn, scope.person.name, "house.code", id, id)
                code = await store.new_code(conn, id, scope.person.name)
        return label(code)

    @routes.post("/sites/{id}/code", responses=refusals)
    async def new_code(id: str, scope: Annotated[Scope, Depends(codes)]) -> Label:
        """Another one; the former one and all phones that were paired by it are out."""
        async with database.connection() as conn, conn.transaction():
            await at(conn, scope, "house.code", id)
            await audit.record(conn, scope.person.name, "house.code", id, id)
            code = await store.new_code(conn, id, scope.person.name)
        return label(code)

    @routes.get("/sites/{id}/phones", responses=refusals)
    async def paired_phones(id: str, scope: Annotated[Scope, Depends(phones)]) -> Phones:
        """Phones that are paired with this site."""
        async with database.connection() as conn:
            await at(conn, scope, "house.phones", id)
            found = await store.phones(conn, id)
        return Phones(phones=[phone_view(one, 0) for one in found])

    @routes.post("/sites/{site}/phones/{id}/end", status_code=204, responses=refusals)
    async def end_phone(site: str, id: Id, scope: Annotated[Scope, Depends(phones)]) -> None:
        """Ends the pairing of a phone."""
        async with database.connection() as conn, conn.transaction():
            await at(conn, scope, "house.phones", site)
            if not await store.end_pairing(conn, site, id, scope.person.name):
                raise problem(404, "没有这部手机 · no such phone", "请刷新 · reload")
            await audit.record(conn, scope.person.name, "house.unpair", str(id), site)

    @routes.get("/site-faults")
    async def faults(scope: Annotated[Scope, Depends(sees_faults)]) -> SiteFaults:
        """What people reported of devices and is not mended yet, oldest first."""
        where = Where()
        inside = where.inside(reach(scope, "device.see"), "s.area", "s.id")
        async with database.connection() as conn:
            found = await store.faults(conn, inside, where.values)
            now = await store.now(conn)
        views = [
            SiteFault(
                id=f.id,
                site=f.site,
                site_name=f.site_name,
                where=f.where,
                what=f.what,  # type: ignore[arg-type]
                words=f.words,
                source=f.source,
                times=f.times,
                first_at=f.first_at,
                last_at=f.last_at,
            )
            for f in found
        ]
        return SiteFaults(now=now, faults=views)

    @routes.post("/site-faults/{id}/end", status_code=204, responses=refusals)
    async def end_fault(id: Id, scope: Annotated[Scope, Depends(ends_faults)]) -> None:
        """It is mended."""
        async with database.connection() as conn, conn.transaction():
            site = await store.fault_site(conn, id)
            spot = (await site_spots(conn, [site])).get(site) if site else None
            if (
                site is None
                or not may(scope, "device.change", spot or Spot())
                or not await store.end_fault(conn, id, scope.person.name)
            ):
                raise problem(404, "没有这条故障 · no such fault", "请刷新列表 · reload the list")
            await audit.record(conn, scope.person.name, "fault.end", str(id), site)

    @routes.get("/houses")
    async def houses(scope: Annotated[Scope, Depends(gate.require("house.see"))]) -> Houses:
        """Those whose family one is, each with the code of its page."""
        found = []
        async with database.connection() as conn, conn.transaction():
            for site in reach(scope, "house.see").sites:
                row = await (await conn.execute("SELECT name FROM site WHERE id = %s", (site,))).fetchone()
                if row is not None:
                    code = await store.code_of(conn, site) or await store.new_code(conn, site, scope.person.name)
                    found.append(House(site=site, name=row[0], code=code))
        return Houses(houses=found)

    return routes
