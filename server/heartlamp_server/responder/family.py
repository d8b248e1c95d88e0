"""Whom a household chose to be called at its alarm and told when its device is offline; they never close anything."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from heartlamp_server import plain
from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder import store
from heartlamp_server.responder.forms import Family, FamilyForm, FamilyMember, Id, read_numbers
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.model import Person
from heartlamp_server.responder.scope import Grant, Scope, Spot, may
from heartlamp_server.responder.within import site_spots
from heartlamp_server.seal import Seal


def router(database: Database, gate: Gate, seal: Seal) -> APIRouter:
    routes = APIRouter()
    sees_family, changes_family = gate.require("family.see"), gate.require("family.change")
    refusals: dict[int | str, dict[str, Any]] = {n: {"model": Problem} for n in (404, 422)}

    @routes.get("/sites/{site}/family", responses={404: {"model": Problem}})
    async def family(site: str, scope: Annotated[Scope, Depends(sees_family)]) -> Family:
        """Whom a household chose to be called."""
        async with database.connection() as conn:
            await _at_site(conn, scope, "family.see", site)
            found = await store.family(conn, site)
        views = [FamilyMember(id=id, name=p.name, display=p.display, languages=langs) for id, p, langs in found]
        return Family(family=views)

    @routes.post("/sites/{site}/family", responses=refusals)
    async def add_family(
        site: str, given: FamilyForm, scope: Annotated[Scope, Depends(changes_family)]
    ) -> FamilyMember:
        """Somebody whom the household chose. Without an account: an administrator gives one where it is wanted."""
        wanted = read_numbers(given.numbers)
        async with database.connection() as conn, conn.transaction():
            await _at_site(conn, scope, "family.change", site)
            person = Person(store.fresh_name(), plain.name(given.display) or "家属")
            await store.add_person(conn, person, None, given.languages)
            id = await store.give_role(conn, person.name, Grant("family", site=site), scope.person.name)
            await store.set_numbers(conn, seal, person.name, wanted)
            await audit.record(conn, scope.person.name, "family.set", person.name, site)
        return FamilyMember(id=id, name=person.name, display=person.display, languages=given.languages)

    @routes.post("/sites/{site}/family/{id}/end", status_code=204, responses=refusals)
    async def end_family(site: str, id: Id, scope: Annotated[Scope, Depends(changes_family)]) -> None:
        """Somebody whom the household chose is not called any more."""
        async with database.connection() as conn, conn.transaction():
            await _at_site(conn, scope, "family.change", site)
            member = next((person for role, person, _ in await store.family(conn, site) if role == id), None)
            if member is None or not await store.end_role(conn, member.name, id):
                raise problem(404, "没有这位亲属 · no such person", "请刷新 · reload")
            await audit.record(conn, scope.person.name, "family.end", member.name, site)

    return routes


async def _at_site(conn: store.Connection, scope: Scope, action: str, site: str) -> None:
    spot = (await site_spots(conn, [site])).get(site)
    if not may(scope, action, spot or Spot()) or spot is None:
        raise problem(404, "没有这个点位 · no such site", "请刷新列表 · reload the list")
