"""One batch, one transaction: three round trips, the last of which carries COMMIT."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from heartlamp_protocol.inbound import Answer, Reading
from heartlamp_protocol.uplink import Note

from heartlamp_server.alarm import store as alarms
from heartlamp_server.alarm.store import EventRow
from heartlamp_server.area.store import select_places
from heartlamp_server.database import feed
from heartlamp_server.database.feed import Done
from heartlamp_server.device import store as devices
from heartlamp_server.device.vault import Vault
from heartlamp_server.incident import store as incidents
from heartlamp_server.incident.card import feed_row
from heartlamp_server.incident.command import tell
from heartlamp_server.incident.model import Incident
from heartlamp_server.ingest.model import Known, NoteRow, Parsed, Plan
from heartlamp_server.telemetry.model import TimeSeries

_LOCK = """
SELECT id FROM site WHERE id IN (
    SELECT site FROM device WHERE id = ANY(%(devices)s)
    UNION
    SELECT i.site FROM event e JOIN incident i ON i.id = e.incident WHERE e.id = ANY(%(events)s)
) ORDER BY id FOR NO KEY UPDATE
"""
_INCIDENTS = """
SELECT to_jsonb(i) FROM incident i WHERE site = ANY(%(sites)s) AND closed_at IS NULL
UNION ALL
SELECT to_jsonb(i) FROM incident i WHERE closed_at IS NOT NULL AND id IN
    (SELECT incident FROM event WHERE id = ANY(%(events)s))
UNION ALL
SELECT last FROM unnest(%(cancelled)s::text[]) AS s (id), LATERAL (
    SELECT to_jsonb(i) AS last FROM incident i WHERE i.site = s.id AND closed_at IS NOT NULL
    ORDER BY opened_at DESC LIMIT 1) AS newest
"""
_NOTE = ("id", "gateway", "incident", "refers_to", "what", "subject", "at")


@dataclass(frozen=True, slots=True)
class Names:
    """What a batch speaks of."""

    devices: list[str]
    events: list[str]
    notes: list[str]

    @classmethod
    def of(cls, parsed: Sequence[Parsed], notes: Sequence[Note]) -> "Names":
        contents = [p.frame.content for p in parsed if p.frame]
        happened = [c for c in contents if not isinstance(c, Reading)]
        referred = [c.incident for c in happened if isinstance(c, Answer)] + [n.incident for n in notes if n.incident]
        answering = [n.subject.partition(" ")[2] for n in notes if n.what == "answer"]
        return cls(
            sorted({c.head.device for c in contents} | set(answering)),
            sorted({c.id for c in happened} | set(referred)),
            [n.id for n in notes],
        )


async def load(conn: psycopg.AsyncConnection[Any], names: Names, vault: Vault) -> Known:
    """Begins the transaction, locks the sites and reads what is known. The time is read after the locks were got."""
    async with conn.pipeline():
        await conn.execute("BEGIN")
        lock = await conn.execute(_LOCK, {"devices": names.devices, "events": names.events})
        clock = await conn.execute("SELECT clock_timestamp()")
        locked = [row[0] for row in await lock.fetchall()]
        row = await clock.fetchone()
        assert row is not None
        now: datetime = row[0]
        device_rows = await devices.select_concerned(conn, names.devices, names.events, locked)
        event_rows = await alarms.select_events(conn, names.events)
        waiting = await alarms.select_waiting(conn, names.events)
        incident_rows = await conn.execute(_INCIDENTS, {"sites": locked, "events": names.events, "cancelled": locked})
        place_rows = await select_places(conn, locked)
        notes = await conn.execute(
            f"SELECT {', '.join(_NOTE)} FROM note WHERE id = ANY(%s) OR (incident IS NULL AND refers_to = ANY(%s))",
            (names.notes, names.events),
        )
        found = [devices.to_device(row, vault) for row in await device_rows.fetchall()]
        note_rows = [NoteRow(*row) for row in await notes.fetchall()]
        return Known(
            now=now,
            devices={d.id: d for d in found},
            places={row[0]: (row[1], tuple(row[2]), row[3]) for row in await place_rows.fetchall()},
            events={row[0]: EventRow(*row) for row in await event_rows.fetchall()},
            incidents={i.id: i for i in (incidents.from_row(row[0]) for row in await incident_rows.fetchall())},
            notes={n.id for n in note_rows if n.id in names.notes},
            waiting_events=[EventRow(*row) for row in await waiting.fetchall()],
            waiting_notes=[n for n in note_rows if n.incident is None and n.refers_to],
        )


async def save(
    conn: psycopg.AsyncConnection[Any],
    plan: Plan,
    known: Known,
    gateway: str,
    epoch: str,
    series: TimeSeries,
) -> Done:
    """Stores the plan and commits. Locks in the order sites (held), gateways by id, feed: nobody can wait in a ring."""
    touched = [known.incidents[i] for i in sorted(plan.touched)]
    if plan.points:
        await series.write(conn, plan.points)
    async with conn.pipeline():
        await incidents.save(conn, touched, plan.timeline)
        if plan.events:
            await alarms.save_events(conn, list(plan.events.values()))
        await alarms.save_clashes(conn, plan.clashes)
        await alarms.save_evidence(conn, gateway, plan.evidence, known.now)
        if plan.notes:
            await _save_notes(conn, plan.notes)
        told = [known.incidents[i] for i in sorted(plan.told)]
        via = {site: place[1] for site, place in known.places.items()}
        gateways = await tell(conn, told, known.devices.values(), via, epoch)
        rows = _feed_rows(touched, plan, gateway, known.now)
        appended = await feed.append(conn, rows) if rows else None
        if rows:
            await conn.execute("SELECT pg_notify(%s, '')", (feed.CHANNEL,))
        await conn.execute("COMMIT")
        return Done(await appended.fetchall() if appended else [], gateways)


def _feed_rows(touched: Sequence[Incident], plan: Plan, gateway: str, now: datetime) -> list[tuple[str, str]]:
    rows = [feed_row(i) for i in touched]
    for e in plan.evidence:
        notice = {"at": now.isoformat(), "gateway": gateway, "user": e.user, "verdict": e.verdict, "reason": e.reason}
        rows.append(("notice", json.dumps(notice, ensure_ascii=False)))
    return rows


async def _save_notes(conn: psycopg.AsyncConnection[Any], notes: Sequence[NoteRow]) -> None:
    rows = [{name: getattr(n, name) for name in _NOTE} | {"at": n.at.isoformat()} for n in notes]
    await conn.execute(
        f"INSERT INTO note ({', '.join(_NOTE)}) SELECT {', '.join(_NOTE)} "
        "FROM jsonb_populate_recordset(NULL::note, %s::jsonb) "
        "ON CONFLICT (id) DO UPDATE SET incident = EXCLUDED.incident",
        (json.dumps(rows),),
    )
