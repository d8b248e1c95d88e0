"""Lists of households that were asked for, as rows."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from heartlamp_server.area.site_store import BELOW
from heartlamp_server.area.tree_store import Connection

_VALID = "interval '1 day'"  # after the release
_PIECE = 500
_ASKED = (
    "SELECT l.id, l.area, a.name, l.why, l.asked_by, l.asked_at, l.released_by, l.released_at, l.taken_at "
    "FROM household_list l JOIN area a ON a.id = l.area"
)


@dataclass(frozen=True, slots=True)
class Asked:
    id: int
    area: int
    area_name: str
    why: str
    asked_by: str
    asked_at: datetime
    released_by: str | None
    released_at: datetime | None
    taken_at: datetime | None

    def fields(self) -> dict[str, Any]:
        return asdict(self)


async def ask(conn: Connection, area: int, why: str, by: str) -> int:
    cursor = await conn.execute(
        "INSERT INTO household_list (area, why, asked_by) VALUES (%s, %s, %s) RETURNING id", (area, why, by)
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def one(conn: Connection, id: int) -> Asked | None:
    """Locked until the transaction ends."""
    row = await (await conn.execute(f"{_ASKED} WHERE l.id = %s FOR UPDATE OF l", (id,))).fetchone()
    return Asked(*row) if row else None


async def newest(conn: Connection) -> list[Asked]:
    cursor = await conn.execute(f"{_ASKED} ORDER BY l.id DESC LIMIT 200")
    return [Asked(*row) for row in await cursor.fetchall()]


async def release(conn: Connection, id: int, by: str) -> None:
    await conn.execute("UPDATE household_list SET released_by = %s, released_at = now() WHERE id = %s", (by, id))


async def take(conn: Connection, id: int) -> bool:
    """False: it is not released, was taken, or its day is over."""
    cursor = await conn.execute(
        f"UPDATE household_list SET taken_at = now() WHERE id = %s AND taken_at IS NULL "
        f"AND released_at > now() - {_VALID} RETURNING id",
        (id,),
    )
    return await cursor.fetchone() is not None


async def sites(conn: Connection, area: int) -> list[list[tuple[str, str, str, str, str]]]:
    """(id, place, name, address, landmark) of the households of an area and below it, by id, in pieces."""
    cursor = await conn.execute(
        f"{BELOW} SELECT s.id, (SELECT v.name || ' ' || a.name FROM area a JOIN area v ON v.id = a.parent "
        "WHERE a.id = s.area), s.name, s.address, s.landmark FROM site s "
        "WHERE s.area IN (SELECT id FROM down) AND s.kind = 'household' ORDER BY s.id",
        {"area": area},
    )
    rows = await cursor.fetchall()
    return [rows[at : at + _PIECE] for at in range(0, len(rows), _PIECE)]
