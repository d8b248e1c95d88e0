"""Orders for volunteers as rows. Locks: an order's own row and nothing else."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import psycopg

from heartlamp_server.matter.catalogue import Named
from heartlamp_server.matter.order import OFFERED, Order, OrderLine
from heartlamp_server.matter.who import CENTRE, reach
from heartlamp_server.responder.scope import Scope
from heartlamp_server.responder.store import IN_FORCE
from heartlamp_server.responder.within import Where

Connection = psycopg.AsyncConnection[Any]

_OWN = [f.name for f in fields(Order) if f.name not in ("id", "service")]
_COLUMNS = ["id", "service", "zh", "en", *_OWN, "stage"]
_SAVE = f"""
INSERT INTO volunteer_order ({", ".join(_COLUMNS)})
SELECT {", ".join(_COLUMNS)} FROM jsonb_populate_record(NULL::volunteer_order, %s::jsonb)
ON CONFLICT (id) DO UPDATE SET ({", ".join(_COLUMNS[1:])}) = ({", ".join("EXCLUDED." + c for c in _COLUMNS[1:])})
"""
_TIMES = ("ordered_at", "wanted_by", "ended_at")
_NAMES = ("offered_to", "given_back")


async def fresh_id(conn: Connection) -> int:
    row = await (await conn.execute("SELECT nextval(pg_get_serial_sequence('volunteer_order', 'id'))")).fetchone()
    assert row is not None
    return int(row[0])


async def save(conn: Connection, order: Order, line: OrderLine) -> None:
    row = {"id": order.id, "service": order.service.code, "zh": order.service.zh, "en": order.service.en}
    row |= {name: getattr(order, name) for name in _OWN} | {"stage": order.stage}
    await conn.execute(_SAVE, (json.dumps(row, default=datetime.isoformat),))
    await conn.execute(
        "INSERT INTO volunteer_order_line (volunteer_order, at, act, by, detail) VALUES (%s, %s, %s, %s, %s)",
        (order.id, line.at, line.act, line.by, json.dumps(dict(line.detail))),
    )


async def lock(conn: Connection, id: int) -> Order | None:
    """Until the transaction ends: of two who take it up at once, the second one sees the first."""
    await conn.execute("SELECT FROM volunteer_order WHERE id = %s FOR NO KEY UPDATE", (id,))
    return await read_one(conn, id)


async def read_one(conn: Connection, id: int) -> Order | None:
    row = await (await conn.execute("SELECT to_jsonb(o) FROM volunteer_order o WHERE id = %s", (id,))).fetchone()
    return _from_row(row[0]) if row else None


async def orders(conn: Connection, scope: Scope, open: bool, limit: int) -> list[Order]:
    """That are for this person, newest first."""
    where = Where()
    inside = seen(where, scope)
    which = "ended = ''" if open else "ended <> ''"
    cursor = await conn.execute(
        f"SELECT to_jsonb(o) FROM volunteer_order o WHERE {which} AND {inside} ORDER BY id DESC LIMIT %(limit)s",
        {**where.values, "limit": limit},
    )
    return [_from_row(row[0]) for row in await cursor.fetchall()]


def seen(where: Where, scope: Scope) -> str:
    """SQL over the order `o`: grid workers and the centre see all of theirs; a volunteer what is on offer to them, and
    the own ones."""
    where.values["viewer"] = scope.person.name
    all_of = where.inside(reach(scope, (*CENTRE, "grid_worker")), "o.area")
    there = where.inside(reach(scope, ("volunteer",)), "o.area")
    offered = f"(o.stage = '{OFFERED}' AND (o.offered_to = '{{}}' OR %(viewer)s = ANY(o.offered_to)))"
    return f"({all_of} OR ({there} AND ({offered} OR o.taken_by = %(viewer)s)))"


async def timeline(conn: Connection, id: int) -> list[OrderLine]:
    cursor = await conn.execute(
        "SELECT at, act, by, detail FROM volunteer_order_line WHERE volunteer_order = %s ORDER BY id", (id,)
    )
    return [OrderLine(*row) for row in await cursor.fetchall()]


_VOLUNTEERS = f"""
WITH RECURSIVE up (id) AS (
    SELECT %(area)s::bigint UNION SELECT a.above FROM up JOIN area_above a ON a.id = up.id
)
SELECT DISTINCT r.person FROM person_role r JOIN person p ON p.name = r.person
WHERE r.role = 'volunteer' AND r.person = ANY(%(names)s) AND (r.area IS NULL OR r.area IN (SELECT id FROM up))
    AND p.disabled_at IS NULL AND {IN_FORCE}
"""


async def volunteers(conn: Connection, area: int, names: Sequence[str]) -> set[str]:
    """Those of the names that are volunteers there now."""
    cursor = await conn.execute(_VOLUNTEERS, {"area": area, "names": list(names)})
    return {row[0] for row in await cursor.fetchall()}


def _from_row(row: Mapping[str, Any]) -> Order:
    own = {name: row[name] for name in _OWN}
    own |= {name: datetime.fromisoformat(row[name]) if row[name] else None for name in _TIMES}
    own |= {name: tuple(row[name]) for name in _NAMES}
    return Order(id=row["id"], service=Named(row["service"], row["zh"], row["en"]), **own)
