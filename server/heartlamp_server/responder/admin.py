"""People for who administers them: accounts, roles, numbers. Nobody changes an account that
reaches further than the own one, and nobody gives what one does not have."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import psycopg
from fastapi import APIRouter, Depends, Query

from heartlamp_server import plain
from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder import password, session, store
from heartlamp_server.responder.forms import (
    GivenRole,
    Id,
    Numbers,
    NumbersForm,
    NumberView,
    People,
    PersonChange,
    PersonForm,
    PersonMade,
    PersonView,
    RoleForm,
    Staffed,
    StaffedLevel,
    read_numbers,
    view,
)
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.model import Person
from heartlamp_server.responder.scope import Grant, Scope, contains, may, reach
from heartlamp_server.responder.store import Known
from heartlamp_server.responder.within import Where, area_spots, site_spots
from heartlamp_server.seal import Seal

no_place = partial(problem, 404, "没有这个区域或点位 · no such area or site", "请重新选择 · choose again")


async def changeable(conn: store.Connection, scope: Scope, name: str, action: str = "person.change") -> Known | None:
    """The person, where everything that the account reaches, or will, lies where `scope` may do `action`; else None."""
    known = await store.known(conn, name)
    if known is None:
        return None
    grants = tuple(r.grant for r in known.roles if not r.over)
    return known if await _contains(conn, scope, action, grants) else None


async def _contains(conn: store.Connection, scope: Scope, action: str, grants: Sequence[Grant]) -> bool:
    areas = await area_spots(conn, sorted({g.area for g in grants if g.area is not None}))
    sites = await site_spots(conn, sorted({g.site for g in grants if g.site}))
    return contains(scope, action, tuple(grants), areas, sites)


def router(database: Database, gate: Gate, seal: Seal) -> APIRouter:
    routes = APIRouter()
    sees, changes = gate.require("person.see"), gate.require("person.change")
    unknown = partial(problem, 404, "没有这个人 · no such person", "请刷新列表 · reload the list")
    refusals: dict[int | str, dict[str, Any]] = {n: {"model": Problem} for n in (404, 409, 422)}

    async def seen(conn: store.Connection, scope: Scope, name: str, action: str) -> Known:
        """Raises 404: nobody, or nobody here: without one role that lies where this person may do `action`."""
        known = await store.known(conn, name)
        grants = tuple(r.grant for r in known.roles if not r.over) if known else ()
        inside = [await _contains(conn, scope, action, [g]) for g in grants] or [
            await _contains(conn, scope, action, ())
        ]
        if known is None or not any(inside):
            raise unknown()
        return known

    async def mine(conn: store.Connection, scope: Scope, name: str) -> Known:
        """Raises 404, or 403 where the account reaches further than one's own."""
        await seen(conn, scope, name, "person.change")
        known = await changeable(conn, scope, name)
        if known is None:
            raise problem(
                403,
                "此人还有您辖区以外的角色 · this person has roles beyond your areas",
                "请上级管理员更改 · an administrator above must do it",
            )
        return known

    @routes.get("/people")
    async def list_people(
        scope: Annotated[Scope, Depends(sees)],
        after: Annotated[str, Query(max_length=64)] = "",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> People:
        """Who has a role where one may see people, by name."""
        where = Where()
        inside = where.inside(reach(scope, "person.see"), "coalesce(r.area, rs.area)", "r.site")
        async with database.connection() as conn:
            found = await store.people(conn, inside, where.values, after, limit)
            views = await shown(conn, scope, found)
        return People(people=views, after=found[-1].person.name if len(found) == limit else "")

    async def shown(conn: store.Connection, scope: Scope, people: Sequence[Known]) -> list[PersonView]:
        """With the roles that lie where this person may see people: what somebody is elsewhere is no news here."""
        grants = [r.grant for one in people for r in one.roles]
        areas = await area_spots(conn, sorted({g.area for g in grants if g.area is not None}))
        sites = await site_spots(conn, sorted({g.site for g in grants if g.site}))
        return [
            view(one, [r for r in one.roles if contains(scope, "person.see", (r.grant,), areas, sites)])
            for one in people
        ]

    @routes.get("/people/{name}", responses={404: {"model": Problem}})
    async def one_person(name: str, scope: Annotated[Scope, Depends(sees)]) -> PersonView:
        """One person, with the roles that they have."""
        async with database.connection() as conn:
            return (await shown(conn, scope, [await seen(conn, scope, name, "person.see")]))[0]

    @routes.post("/people", responses=refusals)
    async def add_person(given: PersonForm, scope: Annotated[Scope, Depends(changes)]) -> PersonMade:
        """With a first role: an account that reaches nothing would be nobody's."""
        name = plain.name(given.name)
        if name != given.name or not plain.name(given.display):
            raise problem(
                422, "名称含有看不见的字符 · a name has characters that cannot be seen", "请更正 · correct it"
            )
        word = password.fresh() if given.account else ""
        hashed = await password.hashed(word) if given.account else None
        async with database.connection() as conn, conn.transaction():
            await _placed(conn, scope, given.role)
            if not await store.add_person(conn, Person(name, plain.name(given.display)), hashed, given.languages):
                raise problem(409, "这个名称已被使用 · this name is taken", "请换一个 · choose another")
            await audit.record(conn, scope.person.name, "person.set", name, role=given.role.role)
            await _given(conn, name, given.role, scope.person.name)
        return PersonMade(name=name, password=word)

    @routes.post("/people/{name}", status_code=204, responses=refusals | {403: {"model": Problem}})
    async def change_person(name: str, given: PersonChange, scope: Annotated[Scope, Depends(changes)]) -> None:
        """Changes a person's name for others, or languages."""
        async with database.connection() as conn, conn.transaction():
            await mine(conn, scope, name)
            await audit.record(conn, scope.person.name, "person.change", name)
            await store.rename(conn, Person(name, plain.name(given.display) or name), given.languages)

    @routes.post("/people/{name}/password", responses=refusals | {403: {"model": Problem}})
    async def new_password(name: str, scope: Annotated[Scope, Depends(changes)]) -> PersonMade:
        """A random one, shown once; signs the person out everywhere."""
        word = password.fresh()
        hashed = await password.hashed(word)
        async with database.connection() as conn, conn.transaction():
            await mine(conn, scope, name)
            await audit.record(conn, scope.person.name, "person.password", name)
            await store.set_password(conn, name, hashed)
        return PersonMade(name=name, password=word)

    @routes.post("/people/{name}/disable", status_code=204, responses=refusals | {403: {"model": Problem}})
    async def disable(name: str, scope: Annotated[Scope, Depends(changes)]) -> None:
        """Disables an account and ends its sessions."""
        async with database.connection() as conn, conn.transaction():
            await mine(conn, scope, name)
            await audit.record(conn, scope.person.name, "person.disable", name)
            await store.disable(conn, name, True)

    @routes.post("/people/{name}/enable", status_code=204, responses=refusals | {403: {"model": Problem}})
    async def enable(name: str, scope: Annotated[Scope, Depends(changes)]) -> None:
        """Enables an account again."""
        async with database.connection() as conn, conn.transaction():
            await mine(conn, scope, name)
            await audit.record(conn, scope.person.name, "person.enable", name)
            await store.disable(conn, name, False)

    @routes.post("/people/{name}/second/off", status_code=204, responses=refusals | {403: {"model": Problem}})
    async def second_off(name: str, scope: Annotated[Scope, Depends(changes)]) -> None:
        """The telephone is lost: the person signs in by password and sets the app up anew."""
        async with database.connection() as conn, conn.transaction():
            await mine(conn, scope, name)
            await audit.record(conn, scope.person.name, "person.second", name, state="off")
            await session.drop_second(conn, name)

    @routes.post("/people/{name}/roles", responses=refusals | {403: {"model": Problem}})
    async def give_role(name: str, given: RoleForm, scope: Annotated[Scope, Depends(changes)]) -> GivenRole:
        """Gives a role in an area, from a date to a date."""
        async with database.connection() as conn, conn.transaction():
            await mine(conn, scope, name)
            await _placed(conn, scope, given)
            await audit.record(conn, scope.person.name, "person.role", name, role=given.role)
            return GivenRole(id=await _given(conn, name, given, scope.person.name))

    @routes.post("/people/{name}/roles/{id}/end", status_code=204, responses=refusals | {403: {"model": Problem}})
    async def end_role(name: str, id: Id, scope: Annotated[Scope, Depends(changes)]) -> None:
        """From now on. A role that lies in one's own areas may be ended though the person has others elsewhere."""
        async with database.connection() as conn, conn.transaction():
            known = await seen(conn, scope, name, "person.change")
            role = next((r for r in known.roles if r.id == id), None)
            if role is None or not await _contains(conn, scope, "person.change", [role.grant]):
                raise problem(404, "没有这个角色 · no such role", "请刷新 · reload")
            await audit.record(conn, scope.person.name, "person.role_end", name, role=role.grant.role)
            await store.end_role(conn, name, id)

    @routes.get("/people/{name}/numbers", responses={404: {"model": Problem}})
    async def numbers(name: str, scope: Annotated[Scope, Depends(gate.require("number.see"))]) -> Numbers:
        """A person's telephone numbers in the order of calling; the look is written down."""
        async with database.connection() as conn:
            await seen(conn, scope, name, "number.see")
            await audit.look(conn, scope.person.name, "look.numbers", name)
            found = (await store.numbers(conn, seal, [name]))[name]
        views = [NumberView(number=n.number, answered_at=n.answered_at, proven=n.proven) for n in found]
        return Numbers(numbers=views)

    @routes.post("/people/{name}/numbers", status_code=204, responses=refusals | {403: {"model": Problem}})
    async def set_numbers(name: str, given: NumbersForm, scope: Annotated[Scope, Depends(changes)]) -> None:
        """All of them. One that stays keeps its answered test call."""
        wanted = read_numbers(given.numbers)
        async with database.connection() as conn, conn.transaction():
            await mine(conn, scope, name)
            await audit.record(conn, scope.person.name, "person.numbers", name)
            await store.set_numbers(conn, seal, name, wanted)

    @routes.get("/staffed")
    async def staffed(scope: Annotated[Scope, Depends(sees)]) -> Staffed:
        """The levels where somebody is really at a screen now."""
        seen_in = reach(scope, "person.see")
        async with database.connection() as conn:
            found = await session.staffed(conn)
            spots = await area_spots(conn, [area for area in found if area is not None])
        levels = [
            StaffedLevel(area=area, people=[p.display for p in there])
            for area, there in found.items()
            if seen_in.everywhere or (area is not None and may(scope, "person.see", spots[area]))
        ]
        return Staffed(levels=levels)

    async def _placed(conn: store.Connection, scope: Scope, given: RoleForm) -> None:
        """Raises where this person cannot give it, or it makes no sense."""
        if (given.role == "family") != bool(given.site) or (given.site and given.area is not None):
            raise problem(
                422,
                "亲属属于一户，其他角色属于一个区域 · family belongs to a site, every other role to an area",
                "请更正 · correct it",
            )
        if given.valid_from and given.valid_to and given.valid_to <= given.valid_from:
            raise problem(422, "结束时间早于开始时间 · it ends before it begins", "请更正 · correct it")
        if not await _contains(conn, scope, "person.change", [Grant(given.role, given.area, site=given.site)]):
            raise no_place()

    return routes


async def _given(conn: store.Connection, name: str, given: RoleForm, by: str) -> int:
    grant = Grant(given.role, given.area, site=given.site, unit=plain.name(given.unit))
    try:
        return await store.give_role(conn, name, grant, by, given.valid_from, given.valid_to)
    except psycopg.errors.ForeignKeyViolation:  # who may everywhere is refused no place, be there one or not
        raise no_place() from None
    except psycopg.errors.CheckViolation:
        raise problem(422, "起止时间不对 · the dates make no sense", "请更正 · correct it") from None
