"""Areas for the console: the tree, lazily; one area with what it was; re-zoning."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from heartlamp_server.area import rezone_store, tree_store
from heartlamp_server.area.reader import Reader, within
from heartlamp_server.area.rezone import Decision, Refused
from heartlamp_server.area.rezone_store import Gateways
from heartlamp_server.area.tree import Node
from heartlamp_server.area.tree_store import Branch, Connection
from heartlamp_server.area.views import (
    AreaBranch,
    AreaList,
    AreaMade,
    AreaName,
    AreaVersion,
    AreaView,
    Groups,
    Id,
    NewArea,
    Rezoned,
    Rezoning,
    WaitingRezoning,
)
from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.problems import Problem, problem

Reads = Callable[[str], Callable[[Request], Awaitable[Reader]]]
"""For an action of the table of permissions, the dependency that says who asks and for which areas. Raises 401, 403."""

UNKNOWN = partial(problem, 404, "没有这个区域 · no such area", "请刷新 · reload")
FORBIDDEN = partial(problem, 403, "您无权更改这里 · you may not change this", "请联系管理员 · ask an administrator")
ERRORS: dict[int | str, dict[str, object]] = {status: {"model": Problem} for status in (403, 404, 409)}


async def seen(conn: Connection, reader: Reader, area: int, day: date | None = None) -> list[Node]:
    """The path down to an area, within what the reader sees now; else 404, as if there were none."""
    path = await tree_store.path(conn, area, day)
    now = path if day is None else await tree_store.path(conn, area)
    # One that is no more is seen by whoever sees all, and where it was by whoever sees what it was in.
    if not path or not within(reader.sees, [node.id for node in now or path]):
        raise UNKNOWN()
    return path


async def changed(conn: Connection, reader: Reader, area: int) -> list[Node]:
    """The same, where the reader may also write; else 403."""
    path = await seen(conn, reader, area)
    if not within(reader.changes, [node.id for node in path]):
        raise FORBIDDEN()
    return path


def names(path: Sequence[Node]) -> list[AreaName]:
    return [AreaName(id=n.id, level=n.level, police=n.police, name=n.name, code=n.code) for n in path]  # type: ignore[arg-type]


def refusal(why: Refused) -> Exception:
    return problem(409, str(why), why.do)


def router(database: Database, reads: Reads, gateways: Gateways) -> APIRouter:
    routes = APIRouter()
    Asks = Annotated[Reader, Depends(reads("area.see"))]
    Changes = Annotated[Reader, Depends(reads("area.change"))]

    @routes.get("/areas", responses=ERRORS)
    async def list_areas(
        reader: Asks, parent: Annotated[Id | None, Query()] = None, on: date | None = None
    ) -> AreaList:
        """The areas below one, or the topmost, as they are or were on a day."""
        async with database.connection() as conn:
            today = await tree_store.today(conn)
            path = await _way(conn, reader, parent, on) if parent is not None else []
            found = await (tree_store.below_on(conn, parent, on) if on else tree_store.below(conn, parent))
            if not within(reader.sees, [node.id for node in path]):
                on_the_way = await _above(conn, reader.sees or frozenset())
                areas = [
                    _branch(b, counted=own)
                    for b in found
                    if (own := within(reader.sees, [b.node.id])) or b.node.id in on_the_way
                ]
            else:
                areas = [_branch(b) for b in found]
        return AreaList(day=on or today, path=names(path), areas=areas)

    @routes.post("/areas", responses=ERRORS)
    async def add_area(new: NewArea, reader: Changes) -> AreaMade:
        """Adds an area."""
        async with database.connection() as conn, conn.transaction():
            if new.parent is not None:
                await changed(conn, reader, new.parent)
            elif reader.changes is not None:
                raise FORBIDDEN()
            try:
                await audit.record(conn, reader.name, "area.change", "", step="added")
                id = await rezone_store.add(conn, new.level, new.police, new.parent, new.name, new.code)
            except Refused as why:
                raise refusal(why) from why
        return AreaMade(id=id)

    @routes.get("/areas/{id}", responses=ERRORS)
    async def one_area(id: Id, reader: Asks, on: date | None = None) -> AreaView:
        """One area with its versions, and what lies in it."""
        async with database.connection() as conn:
            found = await tree_store.one(conn, id)
            if found is None:
                raise UNKNOWN()
            node, merged_into, also, groups = found
            if node.ended is None or on is not None:
                path = await seen(conn, reader, id, on)
            else:  # one that is no more, as it was last
                path = [*await seen(conn, reader, node.parent or 0), node]
            history = await tree_store.history(conn, id)
        return AreaView(
            path=names(path),
            valid_from=path[-1].valid_from,
            ended=node.ended,
            merged_into=merged_into,
            also=also,
            groups=names(groups),
            history=[
                AreaVersion(valid_from=v.valid_from, valid_to=v.valid_to, parent=v.parent, name=v.name, code=v.code)
                for v in history
            ],
        )

    @routes.post("/areas/{id}/rezone", responses=ERRORS)
    async def rezone(id: Id, said: Rezoning, reader: Changes) -> Rezoned:
        """Changes an area from a day on; what was is kept."""
        async with database.connection() as conn, conn.transaction():
            for area in (id, said.parent, said.into):
                if area is not None:
                    await changed(conn, reader, area)
            decision = Decision(id, said.day, said.name, said.code, said.parent, said.into, said.ends)
            try:
                await audit.record(conn, reader.name, "area.change", str(id), step="rezoned")
                number, notes = await rezone_store.rezone(conn, decision, reader.name, gateways)
            except Refused as why:
                raise refusal(why) from why
        return Rezoned(id=number, notes=notes)

    @routes.post("/areas/{id}/groups", status_code=204, responses=ERRORS)
    async def set_groups(id: Id, said: Groups, reader: Changes) -> None:
        """Which household groups a grid has, from a day on."""
        async with database.connection() as conn, conn.transaction():
            await changed(conn, reader, id)
            try:
                await audit.record(conn, reader.name, "area.change", str(id), step="groups")
                await rezone_store.set_groups(conn, id, said.groups, said.day)
            except Refused as why:
                raise refusal(why) from why

    @routes.post("/areas/{id}/rewired", status_code=204, responses=ERRORS)
    async def rewired(id: Id, reader: Changes) -> None:
        """A moved group's devices have their new village's gateway."""
        async with database.connection() as conn, conn.transaction():
            await changed(conn, reader, id)
            await audit.record(conn, reader.name, "area.change", str(id), step="rewired")
            if not await rezone_store.rewired(conn, id, gateways):
                raise problem(409, "该户组只由本村网关接收 · only its own village hears this group", "请刷新 · reload")

    @routes.get("/rezonings", responses=ERRORS)
    async def waiting_rezonings(reader: Asks) -> list[WaitingRezoning]:
        """What waits for its day, or could not be done on it."""
        async with database.connection() as conn:
            found = await rezone_store.waiting(conn)
            paths = {w.decision.area: await tree_store.path(conn, w.decision.area) for w in found}
        return [
            WaitingRezoning(
                id=w.id,
                area=w.decision.area,
                said_by=w.said_by,
                said_at=w.said_at,
                problem=w.problem,
                what=Rezoning(**{k: v for k, v in w.decision.to_json().items() if k != "area"}),
            )
            for w in found
            if within(reader.sees, [node.id for node in paths[w.decision.area]])
        ]

    @routes.post("/rezonings/{id}/withdraw", status_code=204, responses=ERRORS)
    async def withdraw_rezoning(id: Id, reader: Changes) -> None:
        """Takes back a change whose day has not come."""
        gone = partial(problem, 404, "没有等待生效的这项调整 · no such change waits", "请刷新 · reload")
        async with database.connection() as conn, conn.transaction():
            found = [w for w in await rezone_store.waiting(conn) if w.id == id]
            if not found:
                raise gone()
            if reader.changes is not None:
                await changed(conn, reader, found[0].decision.area)
            await audit.record(conn, reader.name, "area.change", str(found[0].decision.area), step="withdrawn")
            if not await rezone_store.withdraw(conn, id):
                raise gone()

    return routes


async def _way(conn: Connection, reader: Reader, area: int, day: date | None) -> list[Node]:
    """The path down to an area that the reader sees, or that is on the way to one."""
    path = await tree_store.path(conn, area, day)
    if not path or not (
        within(reader.sees, [node.id for node in path]) or area in await _above(conn, reader.sees or frozenset())
    ):
        raise UNKNOWN()
    return path


async def _above(conn: Connection, areas: frozenset[int]) -> set[int]:
    return {node.id for area in areas for node in await tree_store.path(conn, area)}


def _branch(branch: Branch, counted: bool = True) -> AreaBranch:
    """`counted` False: how many there are is not the reader's to know."""
    node = branch.node
    return AreaBranch(
        id=node.id,
        level=node.level,  # type: ignore[arg-type]
        police=node.police,
        name=node.name,
        code=node.code,
        valid_from=node.valid_from,
        children=branch.children,
        sites=branch.sites if counted else None,
        devices=branch.devices if counted else None,
    )
