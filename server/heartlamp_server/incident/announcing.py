"""An announcement of a drill, as a row, and what became of it."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import psycopg
from heartlamp_protocol.downlink import DrillCommand

from heartlamp_server.area.store import PLACES, to_place
from heartlamp_server.audit import store as audit
from heartlamp_server.database import state
from heartlamp_server.device import store as devices
from heartlamp_server.incident.drill import WINDOW
from heartlamp_server.incident.model import Refused

OPEN = (
    "SELECT d.id, d.site, coalesce(p.display, d.announced_by) AS by, d.announced_at AS at, d.until FROM drill d "
    "LEFT JOIN person p ON p.name = d.announced_by "
    "WHERE d.site = ANY(%(sites)s) AND d.until > clock_timestamp() AND d.used = '' ORDER BY d.id"
)
"""The windows that the next alarm of these sites falls into, with who announced them as people know them."""
_HEARD_BY = state.together(places=PLACES)


async def announce(conn: psycopg.AsyncConnection[Any], site: str, by: str) -> int:
    """Its number; where one is open there already, that one's. The gateways that hear the site are told. Raises Refused
    where a call of the house goes on: its next press would be real. A silent one says nothing of itself here. In a
    transaction."""
    await conn.execute("SELECT id FROM site WHERE id = %s FOR NO KEY UPDATE", (site,))
    calls = await conn.execute(
        "SELECT 1 FROM incident WHERE site = %s AND closed_at IS NULL AND NOT drill AND what <> 'silent'", (site,)
    )
    if await calls.fetchone():
        raise Refused(
            "这一户的求助还没有办结，再按就是真警情；办结后再宣布演练",
            "a call of this house goes on, and its next press is real: announce the drill when it is closed",
            "先办结求助 · close the call first",
        )
    cursor = await conn.execute(
        "SELECT id FROM drill WHERE site = %s AND until > clock_timestamp() AND used = ''", (site,)
    )
    row = await cursor.fetchone()
    if row is not None:
        return int(row[0])
    cursor = await conn.execute(
        "INSERT INTO drill (site, announced_by, until) VALUES (%s, %s, clock_timestamp() + %s::interval) RETURNING id",
        (site, by, WINDOW),
    )
    row = await cursor.fetchone()
    assert row is not None
    await audit.record(conn, by, "drill.announce", str(row[0]), site)
    found = await state.read(await conn.execute(_HEARD_BY, {"sites": [site]}))
    lasts = WINDOW // timedelta(milliseconds=1)
    fields = DrillCommand(site, lasts).to_fields()
    for gateway in sorted({gateway for place in found["places"] for gateway in to_place(place).gateways}):
        await devices.push_once(conn, gateway, "drill", str(row[0]), fields, WINDOW // timedelta(seconds=1))
    return int(row[0])


async def used(conn: psycopg.AsyncConnection[Any], drills: Sequence[tuple[int, str, str | None]]) -> None:
    """(number, the alarm that used it up, the incident that is the drill or None): no other press falls into it."""
    await conn.execute(
        "UPDATE drill d SET used = u.used, incident = u.incident "
        "FROM jsonb_to_recordset(%s::jsonb) AS u (id bigint, used text, incident text) WHERE d.id = u.id",
        (json.dumps([{"id": id, "used": event, "incident": incident} for id, event, incident in drills]),),
    )
