"""Check-ins of patrols as rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import psycopg

Connection: TypeAlias = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Visit:
    """`said`: well, fault, nobody; `by_code`: the site's own code was read there."""

    id: str
    site: str
    site_name: str
    person: str
    said: str
    by_code: bool
    at: datetime


async def check_in(conn: Connection, id: str, site: str, person: str, said: str, by_code: bool, at: datetime) -> bool:
    """True: it is new; False: it was known. Raises nothing where it is sent again."""
    cursor = await conn.execute(
        "INSERT INTO patrol (id, site, person, said, by_code, at) VALUES (%s, %s, %s, %s, %s, %s) "
        "ON CONFLICT DO NOTHING",
        (id, site, person, said, by_code, at),
    )
    return cursor.rowcount == 1


async def visits(conn: Connection, where: str, values: dict[str, Any], limit: int) -> list[Visit]:
    """Newest first. `where`: a condition over the visit `p` and its site `s`."""
    cursor = await conn.execute(
        "SELECT p.id, p.site, s.name, p.person, p.said, p.by_code, p.at FROM patrol p JOIN site s ON s.id = p.site "
        f"WHERE {where} ORDER BY p.at DESC LIMIT %(limit)s",
        values | {"limit": limit},
    )
    return [Visit(*row) for row in await cursor.fetchall()]
