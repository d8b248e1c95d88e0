"""Decisions about areas as rows: done at once, or on their day."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from psycopg.types.json import Jsonb

from heartlamp_server.area import tree_store
from heartlamp_server.area.rezone import Decision, Effects, Facts, Refused, create, decide
from heartlamp_server.area.tree import Node
from heartlamp_server.area.tree_store import Connection

log = logging.getLogger("heartlamp.area")

Retell = Callable[[Connection, Sequence[int]], Awaitable[None]]
"""Called in the transaction with villages and groups: their gateways shall fetch their list anew."""
Merge = Callable[[Connection, int, int], Awaitable[None]]
"""Called with (area, area): what the one's gateways were is the other's from now on."""


@dataclass(frozen=True, slots=True)
class Gateways:
    """What re-zoning does to gateways: of another concept, so given from outside."""

    retell: Retell
    merge: Merge


@dataclass(frozen=True, slots=True)
class Waiting:
    """A decision whose day has not come. `problem`: why it could not be done on its day, "" it was not tried."""

    id: int
    decision: Decision
    said_by: str
    said_at: datetime
    problem: str


async def rezone(conn: Connection, decision: Decision, by: str, gateways: Gateways) -> tuple[int, list[str]]:
    """(its number, what followed besides). One whose day is yet to come waits for it; whether it is possible is asked
    now and then again. Raises Refused."""
    async with conn.transaction():
        await tree_store.one_at_a_time(conn)
        today = await tree_store.today(conn)
        effects = decide(await tree_store.read(conn), decision, await _facts(conn, decision.area, decision.into))
        cursor = await conn.execute(
            "INSERT INTO rezoning (valid_from, what, said_by, applied_at) VALUES (%s, %s, %s, "
            "CASE WHEN %s THEN now() END) RETURNING id",
            (decision.day, Jsonb(decision.to_json()), by, decision.day <= today),
        )
        row = await cursor.fetchone()
        assert row is not None
        if decision.day <= today:
            await _apply(conn, decision.day, effects, gateways)
            return row[0], effects.notes
        return row[0], [f"将于 {decision.day} 生效 · it will be so on {decision.day}"]


async def due(conn: Connection, gateways: Gateways) -> int:
    """Does what waited for this day or an earlier one, in order; how many were done. One that has become impossible is
    kept with the reason, and people see it."""
    cursor = await conn.execute(
        "SELECT id FROM rezoning WHERE applied_at IS NULL AND withdrawn_at IS NULL AND problem = '' "
        f"AND valid_from <= {tree_store.TODAY} ORDER BY valid_from, id"
    )
    done = 0
    for (id,) in await cursor.fetchall():
        async with conn.transaction():
            await tree_store.one_at_a_time(conn)
            row = await (
                await conn.execute(
                    "SELECT what FROM rezoning WHERE id = %s AND applied_at IS NULL AND withdrawn_at IS NULL", (id,)
                )
            ).fetchone()
            if row is None:
                continue
            decision = Decision.from_json(row[0])
            try:
                facts = await _facts(conn, decision.area, decision.into)
                effects = decide(await tree_store.read(conn), decision, facts)
            except Refused as why:
                log.error("the re-zoning %d of %s cannot be done: %s", id, decision.day, why)
                await conn.execute("UPDATE rezoning SET problem = %s WHERE id = %s", (f"{why}；{why.do}", id))
                continue
            await _apply(conn, decision.day, effects, gateways)
            await conn.execute("UPDATE rezoning SET applied_at = now() WHERE id = %s", (id,))
            done += 1
    return done


async def waiting(conn: Connection) -> list[Waiting]:
    cursor = await conn.execute(
        "SELECT id, what, said_by, said_at, problem FROM rezoning "
        "WHERE applied_at IS NULL AND withdrawn_at IS NULL ORDER BY valid_from, id"
    )
    return [Waiting(row[0], Decision.from_json(row[1]), *row[2:]) for row in await cursor.fetchall()]


async def withdraw(conn: Connection, id: int) -> bool:
    """False: it does not wait (any more)."""
    cursor = await conn.execute(
        "UPDATE rezoning SET withdrawn_at = now() "
        "WHERE id = %s AND applied_at IS NULL AND withdrawn_at IS NULL RETURNING id",
        (id,),
    )
    return await cursor.fetchone() is not None


async def add(conn: Connection, level: str, police: bool, parent: int | None, name: str, code: str) -> int:
    """A new area, from today; its id. Raises Refused."""
    async with conn.transaction():
        await tree_store.one_at_a_time(conn)
        tree, today = await tree_store.read(conn), await tree_store.today(conn)
        return (await tree_store.write(conn, [create(tree, level, police, parent, name, code, today)]))[-1]


async def set_groups(conn: Connection, grid: int, groups: Sequence[int], day: date) -> None:
    """Which household groups a grid has from that day on; who was in another one leaves it. Raises Refused."""
    async with conn.transaction():
        await tree_store.one_at_a_time(conn)
        tree = await tree_store.read(conn)
        node = tree.nodes.get(grid)
        if node is None or node.level != "grid" or node.ended is not None:
            raise Refused("没有这个网格 · no such grid", "请刷新 · reload")
        for group in groups:
            there = tree.nodes.get(group)
            if there is None or there.level != "group" or there.ended or not tree.within(group, node.parent):
                raise Refused(
                    f"户组 {group} 不在网格所在的村或乡镇 · group {group} is not where the grid is", "请核对 · check it"
                )
        now = [g for g, of, _ in await tree_store.members(conn) if of == grid]
        for group in sorted({*now} - {*groups}):
            await tree_store.join_grid(conn, group, None, node.police, day)
        for group in sorted({*groups} - {*now}):
            await tree_store.join_grid(conn, group, grid, node.police, day)


async def rewired(conn: Connection, group: int, gateways: Gateways) -> bool:
    """The devices of a moved group have the new village's gateway: the old one need not hear them any more. False: it
    was heard by no other."""
    async with conn.transaction():
        row = await (
            await conn.execute("SELECT also, parent FROM area WHERE id = %s AND also <> '{}' FOR UPDATE", (group,))
        ).fetchone()
        if row is None:
            return False
        await conn.execute("UPDATE area SET also = '{}' WHERE id = %s", (group,))
        await gateways.retell(conn, sorted({*row[0], row[1]}))
    return True


async def move_site(conn: Connection, site: str, area: int, day: date, gateways: Gateways) -> None:
    """From that day on, which may not be in the future. Raises Refused."""
    async with conn.transaction():
        await tree_store.one_at_a_time(conn)
        tree, today = await tree_store.read(conn), await tree_store.today(conn)
        row = await (
            await conn.execute(
                "SELECT area, kind, valid_from, EXISTS (SELECT FROM device d WHERE d.site = site.id "
                "AND d.revoked_at IS NULL) FROM site WHERE id = %s FOR NO KEY UPDATE",
                (site,),
            )
        ).fetchone()
        to = tree.nodes.get(area)
        if row is None or to is None or to.ended is not None:
            raise Refused("没有这个点位或区域 · no such site or area", "请刷新 · reload")
        if to.level != "group" and (to.level != "village" or row[1] == "household"):
            raise Refused("住户要属于户组 · a household is in a household group", "选择户组 · choose a group")
        if not row[2] <= day <= today:
            raise Refused(
                f"日期要在 {row[2]} 和今天之间 · the day must be from {row[2]} to today",
                "换一个日期 · choose another day",
            )
        villages = [_village(tree.path(at)) for at in (row[0], area)]
        if row[3] and villages[0] != villages[1]:
            raise Refused(
                "它的设备是为原村网关开通的 · its devices are provisioned for its village's gateway",
                "先注销设备，或整组调整 · revoke them first, or move the whole household group",
            )
        await conn.execute("UPDATE site SET area = %s, valid_from = %s WHERE id = %s", (area, day, site))
        await gateways.retell(conn, sorted({village for village in villages if village}))


def _village(path: Sequence[Node]) -> int:
    return next((node.id for node in path if node.level == "village"), 0)


async def _facts(conn: Connection, area: int, into: int | None) -> Facts:
    ids = [area, into or area]
    cursor = await conn.execute("SELECT id, also FROM area WHERE id = ANY(%s) AND also <> '{}'", (ids,))
    also = {id: tuple(villages) for id, villages in await cursor.fetchall()}
    cursor = await conn.execute(
        "SELECT grid, police FROM grid_member WHERE household_group = %s AND valid_to IS NULL", (area,)
    )
    grids = tuple(await cursor.fetchall())
    cursor = await conn.execute(
        "SELECT EXISTS (SELECT FROM site WHERE area = %(id)s) OR EXISTS (SELECT FROM gateway WHERE village = %(id)s "
        "AND revoked_at IS NULL)",
        {"id": area},
    )
    row = await cursor.fetchone()
    return Facts(also, grids, bool(row and row[0]))


async def _apply(conn: Connection, day: date, effects: Effects, gateways: Gateways) -> None:
    """Locks in the order sites, gateways by id: whoever hears anything of it before or after is told first."""
    await conn.execute(
        "SELECT FROM site WHERE area = ANY(%s) ORDER BY id FOR NO KEY UPDATE", ([old for old, _ in effects.sites],)
    )
    await gateways.retell(conn, sorted(effects.touched))
    for old, new in effects.sites:  # of a site that came on a later day, that day stands
        await conn.execute(
            "UPDATE site SET area = %s, valid_from = greatest(valid_from, %s) WHERE area = %s", (new, day, old)
        )
    for gone, into in effects.merged.items():
        await gateways.merge(conn, gone, into)
        await conn.execute(
            "UPDATE area SET also = array_replace(also, %(old)s, %(new)s) WHERE also @> ARRAY[%(old)s::bigint]",
            {"old": gone, "new": into},
        )
    for grid, other in effects.members:
        for group, of, police in await tree_store.members(conn):
            if of == grid:
                await tree_store.join_grid(conn, group, other or None, police, day)
    for group, police in effects.leaves:
        await tree_store.join_grid(conn, group, None, police, day)
    await tree_store.write(conn, effects.nodes, effects.merged)
    for group, villages in effects.also.items():
        await conn.execute("UPDATE area SET also = %s WHERE id = %s", (list(villages), group))
