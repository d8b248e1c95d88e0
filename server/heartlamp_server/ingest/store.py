"""One batch, one transaction: three round trips, the last of which carries COMMIT."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from heartlamp_protocol.inbound import Answer, Cancel, Reading, Still
from heartlamp_protocol.uplink import Note

from heartlamp_server.alarm import store as alarms
from heartlamp_server.alarm.model import REMEMBERED
from heartlamp_server.area.store import PLACES, to_place
from heartlamp_server.database import feed, jsons, state
from heartlamp_server.database.feed import Done
from heartlamp_server.device import store as devices
from heartlamp_server.device.vault import Vault
from heartlamp_server.incident import announcing
from heartlamp_server.incident import store as incidents
from heartlamp_server.incident.card import feed_row
from heartlamp_server.incident.command import tell
from heartlamp_server.incident.drill import Announced
from heartlamp_server.incident.model import Incident
from heartlamp_server.ingest.happened import AGAIN_WITHIN
from heartlamp_server.ingest.model import Known, NoteRow, Parsed, Plan
from heartlamp_server.ingest.notes import subject_device
from heartlamp_server.telemetry.model import TimeSeries

# An array, here as elsewhere on the alarm's path: of a list whose length is not known when it is planned, PostgreSQL
# would rather read every site of the county.
_LOCK = """
SELECT id FROM site WHERE id = ANY(ARRAY(
    SELECT site FROM device WHERE id = ANY(%(devices)s)
    UNION
    SELECT i.site FROM event e JOIN incident i ON i.id = e.incident WHERE e.id = ANY(%(events)s)
    UNION
    SELECT site FROM incident WHERE id = ANY(%(events)s)
)) ORDER BY id FOR NO KEY UPDATE
"""
# Of the sites: open ones, closed ones that are spoken of, and the last closed one, if it was closed so lately that it
# matters to what is said now.
_INCIDENTS = """
SELECT i.* FROM incident i WHERE site = ANY(%(sites)s) AND (closed_at IS NULL
    OR id = ANY(%(events)s) OR id IN (SELECT incident FROM event WHERE id = ANY(%(events)s))
    OR id IN (SELECT l.id FROM unnest(%(sites)s::text[]) AS s (id) CROSS JOIN LATERAL
                  (SELECT id, closed_at FROM incident WHERE site = s.id AND closed_at IS NOT NULL
                   ORDER BY opened_at DESC LIMIT 1) AS l WHERE l.closed_at >= statement_timestamp() - %(back)s))
"""
_NOTE = ("id", "gateway", "incident", "refers_to", "what", "subject", "at")
_NOTES = (
    f"SELECT {', '.join(_NOTE)} FROM note "
    "WHERE id = ANY(%(notes)s) OR (incident IS NULL AND refers_to = ANY(%(events)s)) ORDER BY at"
)
_STATE = state.together(
    devices=devices.CONCERNED,
    places=PLACES,
    events=alarms.EVENTS,
    waiting=alarms.WAITING,
    incidents=_INCIDENTS,
    notes=_NOTES,
    drills=announcing.OPEN,
    clock="SELECT clock_timestamp() AS now",
)


_EVER = timedelta(days=36_500)


@dataclass(frozen=True, slots=True)
class Names:
    """What a batch speaks of. `back`: how long ago an incident may have been closed that it means without naming it: a
    late cancel belongs to the last one there ever was, a press soon after the close reopens."""

    devices: list[str]
    events: list[str]
    notes: list[str]
    back: timedelta = _EVER

    @classmethod
    def of(cls, parsed: Sequence[Parsed], notes: Sequence[Note]) -> "Names":
        contents = [p.frame.content for p in parsed if p.frame]
        happened = [c for c in contents if not isinstance(c, Reading)]
        referred = [c.incident for c in happened if isinstance(c, Answer | Still)]
        referred += [n.incident for n in notes if n.incident]
        spoken_of = [subject_device(n.what, n.subject) for n in notes]
        return cls(
            sorted({c.head.device for c in contents} | set(spoken_of)),
            sorted({c.id for c in happened} | set(referred)),
            [n.id for n in notes],
            _EVER if any(isinstance(c, Cancel) for c in happened) else _oldest(parsed) + AGAIN_WITHIN,
        )


def _oldest(parsed: Sequence[Parsed]) -> timedelta:
    """The age of the oldest of them, as far as any is believed."""
    ages = (max(p.item.age, 0) + max(p.frame.age, 0) for p in parsed if p.frame)
    return timedelta(milliseconds=min(max(ages, default=0), REMEMBERED / timedelta(milliseconds=1)))


async def load(conn: psycopg.AsyncConnection[Any], names: Names, vault: Vault, patience_ms: int = 0) -> Known:
    """Begins the transaction, locks the sites, and only then reads what is known and what time it is: a snapshot from
    before the lock would not show what the one who held it did. `patience_ms`: for a site that is held, 0 the pool's;
    then NotReady."""
    async with conn.pipeline():
        await conn.execute("BEGIN")
        if patience_ms:
            await conn.execute(f"SET LOCAL lock_timeout = {patience_ms:d}")
        lock = await conn.execute(_LOCK, {"devices": names.devices, "events": names.events})
        if patience_ms:
            await conn.execute("SET LOCAL lock_timeout = DEFAULT")
        sites = [row[0] for row in await lock.fetchall()]
        wanted = {
            "devices": names.devices,
            "events": names.events,
            "notes": names.notes,
            "sites": sites,
            "back": names.back,
        }
        found = await state.read(await conn.execute(_STATE, wanted))
    notes = [NoteRow(**(row | {"at": datetime.fromisoformat(row["at"])})) for row in found["notes"]]
    return Known(
        now=datetime.fromisoformat(found["clock"][0]["now"]),
        devices={row["id"]: devices.to_device(row, vault) for row in found["devices"]},
        places={row["id"]: to_place(row) for row in found["places"]},
        events={row["id"]: alarms.to_event(row) for row in found["events"]},
        incidents={row["id"]: incidents.from_row(row) for row in found["incidents"]},
        notes={n.id for n in notes if n.id in names.notes},
        waiting_events=[alarms.to_event(row) for row in found["waiting"]],
        waiting_notes=[n for n in notes if n.incident is None and n.refers_to],
        drills={row["site"]: _announced(row) for row in found["drills"]},
    )


async def save(
    conn: psycopg.AsyncConnection[Any],
    plan: Plan,
    known: Known,
    epoch: str,
    series: TimeSeries,
) -> Done:
    """Stores the plan and commits. Locks in the order sites (held), gateways by id, feed: nobody can wait in a ring."""
    touched = [known.incidents[i] for i in sorted(plan.touched)]
    if plan.points:
        await series.write(conn, plan.points)
    async with conn.pipeline():
        if touched:
            await incidents.save(conn, touched, plan.timeline)
        if plan.drills:
            await announcing.used(conn, plan.drills)
        if plan.events:
            await alarms.save_events(conn, list(plan.events.values()))
        await alarms.save_clashes(conn, plan.clashes)
        await alarms.save_evidence(conn, plan.evidence, known.now)
        if plan.notes:
            await _save_notes(conn, plan.notes)
        told = [known.incidents[i] for i in sorted(plan.told)]
        again = [(gateway, known.incidents[i]) for gateway, i in sorted(plan.reminded) if i not in plan.told]
        gateways = await tell(conn, told, known.devices.values(), known.places, epoch, again)
        rows = _feed_rows(touched, plan, known.now)
        appended = await feed.append(conn, rows) if rows else None
        await conn.execute("COMMIT")
    return Done(await feed.numbered(appended, rows) if appended else [], gateways)


async def warm(conn: psycopg.AsyncConnection[Any], vault: Vault) -> None:
    """Has a new connection plan the statements of the alarm's path before an alarm needs them."""
    await load(conn, Names([], [], []), vault)
    await incidents.save(conn, [], [])
    await alarms.save_events(conn, [])
    await devices.push(conn, "", "incident", [])
    await devices.commands(conn, "", 0)
    await feed.append(conn, [])
    await conn.execute("ROLLBACK")


def _announced(row: dict[str, Any]) -> Announced:
    at, until = (datetime.fromisoformat(row[name]) for name in ("at", "until"))
    return Announced(row["id"], row["site"], row["by"], at, until)


def _feed_rows(touched: Sequence[Incident], plan: Plan, now: datetime) -> list[tuple[str, str]]:
    rows = [feed_row(i) for i in touched]
    for e in plan.evidence:
        notice = {"at": now.isoformat(), "gateway": e.gateway, "user": e.user}
        notice |= {"verdict": e.verdict, "reason": e.reason}
        rows.append(("notice", jsons.text(notice)))
    return rows


async def _save_notes(conn: psycopg.AsyncConnection[Any], notes: Sequence[NoteRow]) -> None:
    rows = [{name: getattr(n, name) for name in _NOTE} | {"at": n.at.isoformat()} for n in notes]
    await conn.execute(
        f"INSERT INTO note ({', '.join(_NOTE)}) SELECT {', '.join(_NOTE)} "
        "FROM jsonb_populate_recordset(NULL::note, %s::jsonb) "
        "ON CONFLICT (id) DO UPDATE SET incident = EXCLUDED.incident, refers_to = EXCLUDED.refers_to",
        (jsons.text(rows),),
    )
