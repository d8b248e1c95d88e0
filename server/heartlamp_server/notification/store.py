"""The outbox as rows: asking for a message, and a worker's turn at what is due. `outcome.py` has what became of it.

Rows of the outbox are locked last: what the county is to be told of them waits in `notification_said` for a transaction
that may take an incident's locks. A claim waits for no row (SKIP LOCKED), an outcome locks its rows in their order: so
nobody waits in a ring.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias

import psycopg
from psycopg.rows import class_row

from heartlamp_server.notification import model, rate
from heartlamp_server.notification.model import Key, Row, Trait, Wanted

Connection: TypeAlias = psycopg.AsyncConnection[Any]

CHANNEL = "heartlamp_notification"
NO_TRAIT = Trait(merges=False)
TEST = "test"
"""What stands for the incident of a message that proves a channel: no timeline is told of it."""

ROW = (
    "id, key, ask, channel, address, rank, kind, fields, lang, target, incident, village, urgent, drill, silent, "
    "not_after, state, due_at, attempts"
)
_ASK = f"""
WITH way AS (
    SELECT * FROM jsonb_to_recordset(%(ways)s) AS w (
        key text, channel text, address text, tail text, rank integer, due_at timestamptz)
), new AS (
    INSERT INTO notification (key, ask, incident, target, channel, address, rank, kind, fields, lang, village, urgent,
        drill, silent, not_after, state_at, due_at, made_at, lease_until, attempts)
    SELECT key, %(ask)s, %(incident)s, %(target)s, channel, address, rank, %(kind)s, %(fields)s, %(lang)s, %(village)s,
        %(urgent)s, %(drill)s, %(silent)s, %(not_after)s, %(now)s, due_at, %(now)s,
        %(leased)s::timestamptz, CASE WHEN %(leased)s::timestamptz IS NULL THEN 0 ELSE 1 END
    FROM way ON CONFLICT (key, address) DO NOTHING RETURNING id, key, channel, address, rank
), told AS (
    INSERT INTO notification_said (what, value, at, due_at)
    SELECT 'said', jsonb_build_object('key', new.key, 'state', 'queued', 'at', %(at)s::text,
        'detail', jsonb_build_object('channel', new.channel, 'to', way.tail)), %(now)s, %(now)s
    FROM new JOIN way USING (key, address) WHERE new.rank = 0 AND %(incident)s <> '{TEST}'
)
SELECT id, pg_notify('{CHANNEL}', '') FROM new ORDER BY id
"""


async def now(conn: Connection) -> datetime:
    row = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert row is not None
    found: datetime = row[0]
    return found


async def ask(
    conn: Connection,
    wanted: Wanted,
    traits: Mapping[str, Trait],
    now: datetime,
    leased_until: datetime | None = None,
) -> list[int]:
    """The new rows' ids; what was asked for before is there once. `traits`: of the channels that are set up; `now`: the
    database's; `leased_until`: the caller sends it itself. Call it in the transaction in which the step is done. Raises
    NotTold."""
    base = Key(wanted.incident, wanted.version, wanted.step, wanted.target, "", wanted.time, wanted.drill)
    found = [
        {
            "key": str(replace(base, channel=way.channel)),
            "channel": way.channel,
            "address": way.address,
            "tail": model.tail(way.address),
            "rank": way.rank,
            "due_at": model.first_due(way.rank, now).isoformat(),
        }
        for way in model.ways(wanted, traits)
    ]
    cursor = await conn.execute(
        _ASK,
        {
            "ask": str(base),
            "incident": wanted.incident,
            "target": wanted.target,
            "kind": model.marked(wanted.kind, wanted.drill),
            "fields": json.dumps(dict(wanted.fields)),
            "lang": wanted.lang,
            "village": wanted.village,
            "urgent": wanted.urgent,
            "drill": wanted.drill,
            "silent": wanted.kind == "silent",
            "not_after": wanted.not_after,
            "now": now,
            "at": now.isoformat(),
            "leased": leased_until,
            "ways": json.dumps(found),
        },
    )
    return [row[0] for row in await cursor.fetchall()]


async def row(conn: Connection, id: int) -> Row:
    async with conn.cursor(row_factory=class_row(Row)) as cursor:
        await cursor.execute(f"SELECT {ROW} FROM notification WHERE id = %s", (id,))
        found = await cursor.fetchone()
    assert found is not None
    return found


async def state(conn: Connection, id: int) -> tuple[str, str]:
    """(state, why)."""
    found = await (await conn.execute("SELECT state, why FROM notification WHERE id = %s", (id,))).fetchone()
    assert found is not None
    return found[0], found[1]


async def withdraw(conn: Connection, incident: str, steps: Sequence[int] | None, why: str, now: datetime) -> int:
    """What was not begun yet is not wanted any more: of these steps, None of all. Returns how many."""
    cursor = await conn.execute(
        "UPDATE notification n SET state = 'expired', state_at = %(now)s, why = %(why)s, due_at = NULL FROM ("
        " SELECT id FROM notification WHERE incident = %(incident)s AND state = 'queued'"
        " AND (lease_until IS NULL OR lease_until < %(now)s)"
        " AND (%(steps)s::text[] IS NULL OR split_part(key, '/', 3) = ANY(%(steps)s)) FOR UPDATE SKIP LOCKED"
        ") found WHERE n.id = found.id RETURNING n.key, n.channel, n.rank, n.attempts",
        {
            "incident": incident,
            "steps": None if steps is None else [str(step) for step in steps],
            "why": why,
            "now": now,
        },
    )
    rows = await cursor.fetchall()
    told = [
        (key, "expired", {"channel": channel, "why": why}) for key, channel, rank, tried in rows if tried or not rank
    ]
    await say(conn, told, now)
    return len(rows)


# --- a worker's turn -------------------------------------------------------------------------------------------------


async def due_channels(conn: Connection, now: datetime) -> list[str]:
    cursor = await conn.execute(
        "SELECT DISTINCT channel FROM notification WHERE state = 'queued' AND due_at <= %(now)s"
        " AND (lease_until IS NULL OR lease_until < %(now)s)",
        {"now": now},
    )
    return [row[0] for row in await cursor.fetchall()]


async def next_due(conn: Connection) -> float | None:
    """Seconds until something is due; None: nothing waits for a time."""
    cursor = await conn.execute(
        "SELECT extract(epoch FROM min(greatest(due_at, coalesce(lease_until, due_at))) - clock_timestamp())::float"
        " FROM notification WHERE state = 'queued' AND due_at IS NOT NULL"
    )
    row = await cursor.fetchone()
    return None if row is None or row[0] is None else float(row[0])


async def claim(
    conn: Connection, channel: str, trait: Trait, limit: rate.Limit, free: int, now: datetime
) -> list[list[Row]]:
    """What this worker shall send now, each list as one message, under a lease. One transaction around it. The bucket's
    lock makes workers take turns at one channel, and SKIP LOCKED passes over what another one just ends."""
    await conn.execute(
        "INSERT INTO notification_channel (name, tokens, at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (channel, limit.burst, now),
    )
    cursor = await conn.execute("SELECT tokens, at FROM notification_channel WHERE name = %s FOR UPDATE", (channel,))
    found = await cursor.fetchone()
    assert found is not None
    ready = [row for row in await _due(conn, channel, now) if not model.is_over(row, now)]
    batches: list[list[Row]] = [[row] for row in ready]
    if trait.merges and ready:
        batches, held = model.together(ready, await _last(conn, channel, ready), now)
        await _hold(conn, held)
    batches.sort(key=lambda batch: (not any(r.urgent and not r.drill for r in batch), batch[0].due_at or now))
    bucket, granted = rate.take(rate.Bucket(*found), limit, min(len(batches), free), now)
    taken = batches[:granted]
    ids = [row.id for batch in taken for row in batch]
    if ids:
        await conn.execute(
            "UPDATE notification SET lease_until = %s, attempts = attempts + 1 WHERE id = ANY(%s)",
            (now + model.LEASE, ids),
        )
    await conn.execute(
        "UPDATE notification_channel SET tokens = %s, at = %s WHERE name = %s", (bucket.tokens, bucket.at, channel)
    )
    return taken


async def _due(conn: Connection, channel: str, now: datetime) -> list[Row]:
    async with conn.cursor(row_factory=class_row(Row)) as cursor:
        await cursor.execute(
            f"SELECT {ROW} FROM notification WHERE channel = %(channel)s AND state = 'queued' AND due_at <= %(now)s"
            " AND (lease_until IS NULL OR lease_until < %(now)s)"
            " ORDER BY urgent DESC, drill, due_at, id LIMIT 500 FOR UPDATE SKIP LOCKED",
            {"channel": channel, "now": now},
        )
        return await cursor.fetchall()


async def _last(conn: Connection, channel: str, rows: Sequence[Row]) -> dict[model.Group, datetime]:
    cursor = await conn.execute(
        "SELECT address, village, kind, drill, max(sent_at) FROM notification"
        " WHERE channel = %s AND address = ANY(%s) AND sent_at IS NOT NULL GROUP BY 1, 2, 3, 4",
        (channel, list({row.address for row in rows})),
    )
    return {(address, village, kind, drill): at for address, village, kind, drill, at in await cursor.fetchall()}


async def _hold(conn: Connection, held: Iterable[tuple[Row, datetime]]) -> None:
    """The ways after it wait as long: it is not late, it is to be counted."""
    for row, until in held:
        await conn.execute(
            "UPDATE notification n SET due_at = n.due_at + (%(until)s::timestamptz - %(was)s::timestamptz) FROM ("
            " SELECT id FROM notification WHERE ask = %(ask)s AND rank >= %(rank)s AND state = 'queued'"
            " AND attempts = 0 FOR UPDATE SKIP LOCKED) found WHERE n.id = found.id",
            {"until": until, "was": row.due_at, "ask": row.ask, "rank": row.rank},
        )


# --- for the rest of the county --------------------------------------------------------------------------------------


async def say(conn: Connection, told: Sequence[tuple[str, str, Mapping[str, str]]], at: datetime) -> None:
    """(key, state, detail): lines for the incidents' timelines. A test is no incident's."""
    for key, state, detail in told:
        if key.startswith(f"{TEST}/"):
            continue
        value = {"key": key, "state": state, "at": at.isoformat(), "detail": dict(detail)}
        await hand(conn, "said", value, at)


async def hand(conn: Connection, what: str, value: Mapping[str, Any], at: datetime) -> None:
    await conn.execute(
        "INSERT INTO notification_said (what, value, at, due_at) VALUES (%s, %s, %s, %s)",
        (what, json.dumps(value), at, at),
    )


async def fault(conn: Connection, channel: str, why: str, now: datetime) -> None:
    """What an administrator must see to, "" nothing any more; said once for each, and again after an hour."""
    cursor = await conn.execute(
        "INSERT INTO notification_channel (name, tokens, at, fault, fault_at)"
        " VALUES (%(name)s, 0, %(now)s, %(why)s, %(now)s)"
        " ON CONFLICT (name) DO UPDATE SET fault = EXCLUDED.fault, fault_at = EXCLUDED.fault_at"
        " WHERE notification_channel.fault <> EXCLUDED.fault"
        " OR (EXCLUDED.fault <> '' AND notification_channel.fault_at < EXCLUDED.fault_at - interval '1 hour')"
        " RETURNING name",
        {"name": channel, "why": why, "now": now},
    )
    if await cursor.fetchone() is not None and why:
        await hand(conn, "trouble", {"channel": channel, "why": why}, now)
