"""Events, clashes and evidence as rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg

from heartlamp_server.alarm.model import EventRow, Evidence
from heartlamp_server.database import jsons
from heartlamp_server.responder.scope import Reach
from heartlamp_server.responder.within import Where

_EVENT = [
    "id", "incident", "refers_to", "kind", "detail", "device", "kv", "boot", "seq", "up", "verified", "mac", "body",
    "gateway", "received_at", "observed_at", "reminded",
]  # fmt: skip
_SAVE_EVENTS = (
    f"INSERT INTO event ({', '.join(_EVENT)}) "
    f"SELECT {', '.join(_EVENT)} FROM jsonb_populate_recordset(NULL::event, %s::jsonb) "
    f"ON CONFLICT (id) DO UPDATE SET ({', '.join(_EVENT[1:])}) = ({', '.join('EXCLUDED.' + c for c in _EVENT[1:])})"
)


EVENTS = f"SELECT {', '.join(_EVENT)} FROM event WHERE id = ANY(%(events)s)"
WAITING = (
    f"SELECT {', '.join(_EVENT)} FROM event WHERE incident IS NULL AND refers_to = ANY(%(events)s) ORDER BY received_at"
)
"""Queries with `events`: rows for `to_event`. Those with these ids; those that wait for one of them."""


def to_event(row: dict[str, Any]) -> EventRow:
    """`row`: of EVENTS or WAITING as JSON."""
    times = {n: datetime.fromisoformat(row[n]) if row[n] else None for n in ("received_at", "observed_at")}
    return EventRow(**(row | times | {"body": bytes.fromhex(row["body"][2:]), "reminded": tuple(row["reminded"])}))


async def save_events(conn: psycopg.AsyncConnection[Any], events: Sequence[EventRow]) -> None:
    rows = []
    for event in events:
        row: dict[str, Any] = {name: getattr(event, name) for name in _EVENT}
        row["body"] = "\\x" + event.body.hex()
        row["received_at"] = event.received_at.isoformat()
        row["observed_at"] = event.observed_at.isoformat() if event.observed_at else None
        rows.append(row)
    await conn.execute(_SAVE_EVENTS, (jsons.text(rows),))


async def save_clashes(conn: psycopg.AsyncConnection[Any], clashes: Sequence[EventRow]) -> None:
    """The other bodies under known ids, each once."""
    for c in clashes:
        await conn.execute(
            "INSERT INTO clash (event, digest, mac, verified, body, gateway, at) "
            "VALUES (%s, sha256(%s), %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (c.id, c.body, c.mac, c.verified, c.body, c.gateway, c.received_at),
        )


async def save_evidence(conn: psycopg.AsyncConnection[Any], evidence: Sequence[Evidence], now: datetime) -> None:
    """The same bytes of the same device only count up, so that a flood of one bad frame is one row."""
    for e in evidence:
        await conn.execute(
            "INSERT INTO evidence (gateway, digest, usr, verdict, reason, frame, first_at, last_at) "
            "VALUES (%s, sha256(%s), %s, %s, %s, %s, %s, %s) ON CONFLICT (gateway, digest) DO UPDATE "
            "SET count = evidence.count + 1, last_at = EXCLUDED.last_at, reason = EXCLUDED.reason, "
            "verdict = EXCLUDED.verdict, usr = EXCLUDED.usr",
            (e.gateway, e.user.encode() + b"\0" + e.frame, e.user, e.verdict, e.reason, e.frame, now, now),
        )


_QUARANTINE = """
SELECT at, gateway, usr, verdict, reason, count, text FROM (
    SELECT last_at AS at, gateway, usr, verdict, reason, count, encode(frame, 'escape') AS text FROM evidence
    UNION ALL
    SELECT received_at, gateway, device || '.' || kv, 'waiting',
        CASE kind WHEN 'cancel' THEN 'cancels, but this site has no incident'
        ELSE kind || ' to an incident that is not known here: ' || refers_to END, 1, encode(body, 'escape')
    FROM event WHERE incident IS NULL
    UNION ALL
    SELECT max(c.at), max(c.gateway), max(e.device || '.' || e.kv), 'unverified',
        'another body under the id ' || c.event, count(*), encode((array_agg(c.body ORDER BY c.at DESC))[1], 'escape')
    FROM clash c JOIN event e ON e.id = c.event GROUP BY c.event
) AS everything WHERE {inside} ORDER BY at DESC LIMIT %(limit)s
"""
# A gateway is where its village is, or at the house of the device that it is. An unknown one is nowhere.
_GATEWAY_AREA = """(SELECT coalesce(g.village, s.area) FROM gateway g LEFT JOIN device d ON d.id = g.device
    LEFT JOIN site s ON s.id = d.site WHERE g.id = everything.gateway)"""


async def quarantine(conn: psycopg.AsyncConnection[Any], reach: Reach, limit: int) -> list[tuple[Any, ...]]:
    """(at, gateway, user, verdict, reason, count, the bytes as readable text) of the gateways in `reach`, newest
    first."""
    where = Where()
    query = _QUARANTINE.replace("{inside}", where.inside(reach, _GATEWAY_AREA))
    cursor = await conn.execute(query, {**where.values, "limit": limit})
    return await cursor.fetchall()
