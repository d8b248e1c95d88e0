"""A change of incidents, whoever makes it: kept, told to the villages' lamps and shown on the screens, in the caller's
transaction."""

from collections.abc import Sequence
from typing import Any

import psycopg

from heartlamp_server.area.store import PLACES, to_place
from heartlamp_server.database import feed, state
from heartlamp_server.database.feed import Done
from heartlamp_server.device import store as devices
from heartlamp_server.device.vault import Vault
from heartlamp_server.incident import store
from heartlamp_server.incident.card import feed_row
from heartlamp_server.incident.command import tell
from heartlamp_server.incident.model import Entry, Incident

_HOUSE = state.together(devices=devices.CONCERNED, places=PLACES)


async def keep(
    conn: psycopg.AsyncConnection[Any],
    vault: Vault,
    epoch: str,
    incidents: Sequence[Incident],
    entries: Sequence[Entry],
) -> Done:
    """`incidents`: locked by the caller, as store.lock does. Call it last before COMMIT; what it returns is to be woken
    afterwards."""
    sites = sorted({incident.site for incident in incidents})
    found = await state.read(await conn.execute(_HOUSE, {"devices": [], "events": [], "sites": sites}))
    lamps = [devices.to_device(row, vault) for row in found["devices"]]
    places = {row["id"]: to_place(row) for row in found["places"]}
    await store.save(conn, incidents, entries)
    gateways = await tell(conn, incidents, lamps, places, epoch)
    rows = [feed_row(incident) for incident in incidents]
    return Done(await feed.numbered(await feed.append(conn, rows), rows), gateways)
