"""An incident that no device opened: somebody reported it, telephoned, or another system told of it. It is opened, or
joins the open one of the same house and matter, and goes the same way as every other."""

import os
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import psycopg
from heartlamp_protocol.device.names import event_id

from heartlamp_server.area.model import Place
from heartlamp_server.area.store import PLACES, to_place
from heartlamp_server.database import state
from heartlamp_server.database.feed import Done
from heartlamp_server.device.vault import Vault
from heartlamp_server.incident import change, drill
from heartlamp_server.incident.model import Change, Entry, Incident, answer
from heartlamp_server.incident.store import from_row

Connection = psycopg.AsyncConnection[Any]

OWNERS = {"report": "report", "phone": "phone", "api": "system"}
"""source -> what its incidents' ids begin with, where a device's begin with the device's."""
ELSEWHERE = "elsewhere"
LEVELS = ("county", "township", "village", "group")
"""Of areas in which somebody may tell of a place that is no site."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What somebody tells. `site`: about which house; `where`: the place in words where it is about none, and `site`
    is its area's `elsewhere`; `source`: of model.SOURCES; `reporter`: an account, or a system's name; `by`: their name
    for people; `accepted`: the account of who accepts it with that, "" nobody does."""

    site: str
    what: str
    words: str
    source: str
    reporter: str
    by: str
    where: str = ""
    accepted: str = ""


def told(before: Incident | None, spoken: Spoken, id: str, place: Place, now: datetime) -> Change:
    """`before`: the open one of this site and matter that it joins; `id`: fresh."""
    detail = {
        "event": id,
        "what": spoken.what,
        "source": spoken.source,
        "by": spoken.by,
        "reporter": spoken.reporter,
        "place": spoken.where or place.snapshot["name"],
    } | ({"note": spoken.words} if spoken.words else {})
    if before is not None:
        joined = replace(before, presses=before.presses + 1, last_press_at=max(before.last_press_at, now))
        joined = replace(joined, rver=joined.rver + 1, events=(*joined.events, id)[-200:])
        return joined, Entry(before.id, now, "reported", detail)
    snapshot = dict(place.snapshot)
    if spoken.where:
        snapshot |= {"name": spoken.where[:48], "address": spoken.where, "landmark": "", ELSEWHERE: True}
    incident = Incident(
        id=id,
        site=spoken.site,
        what=spoken.what,
        place=snapshot,
        opened_at=now,
        observed_at=now,
        heard_age_ms=None,
        last_press_at=now,
        lit_of=0 if spoken.what == "silent" or spoken.where else place.lamps,
        events=(id,),
        source=spoken.source,
        reporter=spoken.reporter,
    )
    return incident, Entry(id, now, "opened_by", detail)


async def elsewhere(conn: Connection, area: int) -> str | None:
    """The site that stands for every place of this area that is none; made where it is missing. None: no such area, or
    not one that has places."""
    row = await (
        await conn.execute(
            "SELECT id FROM area WHERE id = %s AND valid_to IS NULL AND level = ANY(%s)", (area, list(LEVELS))
        )
    ).fetchone()
    if row is None:
        return None
    await conn.execute(
        "INSERT INTO site (id, area, kind, name) VALUES (%s, %s, 'elsewhere', '其他地点') ON CONFLICT (id) DO NOTHING",
        (f"at-{area}", area),
    )
    made = await conn.execute("SELECT id FROM site WHERE id = %s AND kind = 'elsewhere'", (f"at-{area}",))
    return f"at-{area}" if await made.fetchone() else None


async def open_told(conn: Connection, vault: Vault, epoch: str, spoken: Spoken) -> tuple[Incident, bool, Done] | None:
    """(the incident, whether it joined one that was open, what to wake after the commit), in the caller's transaction,
    of which it is the last act. None: there is no such site."""
    row = await (await conn.execute("SELECT id FROM site WHERE id = %s FOR NO KEY UPDATE", (spoken.site,))).fetchone()
    if row is None:
        return None
    about = {"sites": [spoken.site], "what": spoken.what}
    known = await state.read(await conn.execute(_STATE, about))
    clock = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert clock is not None
    now: datetime = clock[0]
    place = to_place(known["places"][0])
    before = from_row(known["incidents"][0]) if known["incidents"] and not spoken.where else None
    id = event_id(OWNERS[spoken.source], os.urandom(8))
    incident, entry = told(before, spoken, id, place, now)
    entries = [entry]
    if incident.drill:  # somebody speaks of it who was not told, or of something else
        incident, line = drill.earnest(incident, "", now)
        entries.append(line)
    if spoken.accepted and not incident.merged_into and incident.stage == "reported":
        incident, line = answer(incident, f"person:{spoken.by}", spoken.by, "accepted", now, spoken.accepted)
        entries.append(line)
    return incident, before is not None, await change.keep(conn, vault, epoch, [incident], entries)


_OPEN = "SELECT i.* FROM incident i WHERE site = ANY(%(sites)s) AND what = %(what)s AND closed_at IS NULL"
_STATE = state.together(places=PLACES, incidents=_OPEN)
