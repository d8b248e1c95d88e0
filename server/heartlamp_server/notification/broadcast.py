"""What a village's loudspeakers are told to say: prepared, read again, confirmed within a minute by who prepared it.

The row is the log of it: who, when, what. What became of it are notes of the village's gateway.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from heartlamp_protocol.downlink import BroadcastCommand

from heartlamp_server.device import store as devices
from heartlamp_server.notification.store import Connection
from heartlamp_server.responder.scope import Reach
from heartlamp_server.responder.within import Where

CONFIRM_WITHIN = timedelta(seconds=60)
NOT_AFTER_S = 600
"""A broadcast that a gateway could not be told for so long is not said: what it asked for may be wrong by then."""


@dataclass(frozen=True, slots=True)
class Broadcast:
    """`village`: its area; `text` and `clip`: as of a BroadcastCommand; `said`: (gateway, state, why, at), in order."""

    id: str
    village: int
    village_name: str
    text: str
    clip: str
    lang: str
    times: int
    drill: bool
    prepared_by: str
    prepared_at: datetime
    confirmed_at: datetime | None = None
    gateways: tuple[str, ...] = ()
    said: tuple[tuple[str, str, str, datetime], ...] = ()


class Refused(Exception):
    """(Chinese, English), and what helps."""

    def __init__(self, zh: str, en: str, do: str) -> None:
        super().__init__(f"{zh} · {en}")
        self.do = do


async def village_of(conn: Connection, village: int) -> tuple[str, tuple[str, ...]] | None:
    """(name, gateways that would be told); None: there is no such village."""
    cursor = await conn.execute(
        "SELECT name, ARRAY(SELECT g.id FROM gateway g WHERE g.village = a.id AND g.device IS NULL"
        " AND g.revoked_at IS NULL ORDER BY g.id) FROM area a WHERE a.id = %s AND a.level = 'village'",
        (village,),
    )
    row = await cursor.fetchone()
    return (row[0], tuple(row[1])) if row else None


async def prepare(
    conn: Connection, village: int, text: str, clip: str, lang: str, times: int, drill: bool, person: str
) -> str:
    """Its id. Nothing is said yet."""
    id = f"b{secrets.token_hex(8)}"
    await conn.execute(
        "INSERT INTO broadcast (id, village, text, clip, lang, times, drill, prepared_by, prepared_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp())",
        (id, village, text, clip, lang, times, drill, person),
    )
    return id


async def confirm(conn: Connection, id: str, person: str) -> tuple[str, ...]:
    """Tells the village's gateways; returns them. In one transaction. Raises Refused."""
    cursor = await conn.execute(
        "SELECT village, text, clip, lang, times, drill, prepared_by, confirmed_at IS NOT NULL,"
        " clock_timestamp() - prepared_at FROM broadcast WHERE id = %s FOR UPDATE",
        (id,),
    )
    row = await cursor.fetchone()
    if row is None or row[6] != person:
        raise Refused(
            "没有这条待确认的广播", "there is no such broadcast of yours to confirm", "请重新准备 · prepare it anew"
        )
    village, text, clip, lang, times, drill, _, confirmed, age = row
    if confirmed:
        raise Refused("这条广播已经播出", "this broadcast was confirmed before", "要再播请重新准备 · prepare it anew")
    if age > CONFIRM_WITHIN:
        raise Refused("超过 60 秒未确认", "it was not confirmed within 60 s", "请重新准备 · prepare it anew")
    found = await village_of(conn, village)
    gateways = found[1] if found else ()
    command = BroadcastCommand(id, text, clip, lang, times, int(drill))
    told = [g for g in gateways if await devices.push_once(conn, g, command.kind, id, command.to_fields(), NOT_AFTER_S)]
    if not told:
        raise Refused("这个村没有网关", "this village has no gateway", "请打电话给村里 · telephone the village")
    await conn.execute(
        "UPDATE broadcast SET confirmed_by = %s, confirmed_at = clock_timestamp(), gateways = %s WHERE id = %s",
        (person, told, id),
    )
    return tuple(told)


async def village_of_broadcast(conn: Connection, id: str) -> int | None:
    row = await (await conn.execute("SELECT village FROM broadcast WHERE id = %s", (id,))).fetchone()
    return row[0] if row else None


async def newest(conn: Connection, village: int | None, limit: int, reach: Reach) -> list[Broadcast]:
    """The newest first of those that lie in `reach`, with what their gateways said."""
    where = Where()
    inside = where.inside(reach, "b.village")
    cursor = await conn.execute(
        "SELECT b.id, b.village, a.name, b.text, b.clip, b.lang, b.times, b.drill, p.display, b.prepared_at,"
        " b.confirmed_at, b.gateways FROM broadcast b JOIN area a ON a.id = b.village"
        " JOIN person p ON p.name = b.prepared_by WHERE (%(village)s::bigint IS NULL OR b.village = %(village)s)"
        f" AND {inside} ORDER BY b.prepared_at DESC LIMIT %(limit)s",
        where.values | {"village": village, "limit": limit},
    )
    rows = await cursor.fetchall()
    notes = await conn.execute(
        "SELECT split_part(subject, ' ', 1), gateway, subject, at FROM note"
        " WHERE what = 'ordered' AND split_part(subject, ' ', 1) = ANY(%s) ORDER BY at",
        ([row[0] for row in rows],),
    )
    said: dict[str, list[tuple[str, str, str, datetime]]] = {}
    for id, gateway, subject, at in await notes.fetchall():
        state, _, why = subject.partition(" ")[2].partition(" · ")
        said.setdefault(id, []).append((gateway, state, why, at))
    found = []
    for *fields, gateways in rows:
        theirs = tuple(each for each in said.get(fields[0], ()) if each[0] in gateways)
        found.append(Broadcast(*(*fields, tuple(gateways), theirs)))
    return found
