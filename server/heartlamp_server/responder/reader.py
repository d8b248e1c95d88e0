"""What a signed-in person may see and change of areas, sites and households: the scope, as their routes ask for it."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends

from heartlamp_server.area.reader import Reader
from heartlamp_server.database.pool import Database
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Reach, Scope, reach
from heartlamp_server.responder.within import Connection

# A grid's household groups lie beside it, not below it: paths down the tree do not name it.
_WITH_GROUPS = "SELECT id FROM area_above WHERE above = ANY(%s)"


def readers(database: Database, gate: Gate) -> Callable[[str], Callable[..., Awaitable[Reader]]]:
    """For an action of the table of permissions: the dependency that lets through who may do it somewhere. What a
    household gave of itself is seen where that very action on households is allowed, and changed likewise."""

    def reads(action: str) -> Callable[..., Awaitable[Reader]]:
        changes = "household.change" if action.startswith("household.") else "area.change"
        looks = action if action.startswith("household.") else "household.see"

        async def reader(scope: Annotated[Scope, Depends(gate.require(action))]) -> Reader:
            async with database.connection() as conn:
                return Reader(
                    scope.person.name,
                    await _areas(conn, reach(scope, "area.see")),
                    await _areas(conn, reach(scope, changes)),
                    await _areas(conn, reach(scope, looks)),
                    await _areas(conn, reach(scope, "household.export")),
                )

        return reader

    return reads


async def _areas(conn: Connection, there: Reach) -> frozenset[int] | None:
    if there.everywhere:
        return None
    if not there.areas:
        return frozenset()
    rows = await (await conn.execute(_WITH_GROUPS, (list(there.areas),))).fetchall()
    return frozenset(there.areas) | {row[0] for row in rows}
