"""Subscriptions and what waits to be told, as rows."""

import json
import secrets
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from heartlamp_server.database import feed
from heartlamp_server.interop import hook
from heartlamp_server.interop.hook import Hook
from heartlamp_server.interop.store import Connection
from heartlamp_server.responder.within import site_spots
from heartlamp_server.seal import Seal

_ROW = (
    "h.id, h.url, h.areas, h.whats, h.events, h.made_by, h.made_at, h.rotated_at, h.ended_at, h.why, "
    "(SELECT count(*) FROM hook_delivery d WHERE d.hook = h.id AND d.due_at IS NOT NULL)"
)
LEASE = timedelta(seconds=60)
KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Delivery:
    """`secrets`: the newest first."""

    id: int
    hook: int
    url: str
    secrets: tuple[str, ...]
    body: str
    attempts: int
    made_at: datetime


def fresh_secret() -> str:
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


async def add(
    conn: Connection,
    seal: Seal,
    url: str,
    areas: Sequence[int],
    whats: Sequence[str],
    events: Sequence[str],
    by: str,
) -> tuple[int, str]:
    """(its number, its secret: shown once)."""
    secret = fresh_secret()
    row = await (
        await conn.execute(
            "INSERT INTO hook (url, areas, whats, events, made_by) VALUES (%s, %s, %s, %s, %s) RETURNING id",
            (url, list(areas), list(whats), list(events), by),
        )
    ).fetchone()
    assert row is not None
    await conn.execute("UPDATE hook SET secret = %s WHERE id = %s", (seal.seal(f"hook {row[0]}", secret), row[0]))
    return row[0], secret


async def rotate(conn: Connection, seal: Seal, id: int) -> str:
    """The new secret; the former one signs for a while too."""
    secret = fresh_secret()
    await conn.execute(
        "UPDATE hook SET former = secret, secret = %s, rotated_at = clock_timestamp() WHERE id = %s",
        (seal.seal(f"hook {id}", secret), id),
    )
    return secret


async def end(conn: Connection, id: int, why: str = "") -> None:
    await conn.execute("UPDATE hook SET ended_at = now(), why = %s WHERE id = %s AND ended_at IS NULL", (why, id))
    await conn.execute("UPDATE hook_delivery SET due_at = NULL WHERE hook = %s AND due_at IS NOT NULL", (id,))


async def every(conn: Connection) -> list[Hook]:
    cursor = await conn.execute(f"SELECT {_ROW} FROM hook h ORDER BY h.ended_at IS NOT NULL, h.id LIMIT 1000")
    return [Hook(r[0], r[1], tuple(r[2]), tuple(r[3]), tuple(r[4]), *r[5:]) for r in await cursor.fetchall()]


async def one(conn: Connection, id: int) -> Hook | None:
    await conn.execute("SELECT FROM hook WHERE id = %s FOR UPDATE", (id,))
    return next((h for h in await every(conn) if h.id == id), None)


# --- what is to be told ---------------------------------------------------------------------------------------------


async def follow(conn: Connection) -> int:
    """In a transaction: reads the feed on from where it was read, and takes up what is to be told of it. Returns how
    many rows; 0: there is nothing new, or another one is at it. No alarm waits for this: it comes after the commit."""
    row = await (await conn.execute("SELECT seq FROM hook_cursor FOR UPDATE SKIP LOCKED")).fetchone()
    if row is None:
        return 0
    hooks = [h for h in await every(conn) if h.ended_at is None]
    if not hooks:  # then nothing of it is read: a flood of alarms costs nothing here
        await conn.execute("UPDATE hook_cursor c SET seq = h.seq FROM feed_head h WHERE c.seq <> h.seq")
        return 0
    rows = await feed.after(conn, row[0])
    if not rows:
        return 0
    cards = [json.loads(data) for _, kind, data in rows if kind == "incident"]
    cards = [card for card in cards if card["what"] in hook.WHATS]
    if cards:
        spots = await site_spots(conn, sorted({card["site"]["id"] for card in cards}))
        cursor = await conn.execute(
            "SELECT incident, state FROM hook_seen WHERE incident = ANY(%s)", ([card["id"] for card in cards],)
        )
        seen: dict[str, str] = dict(await cursor.fetchall())
        clock = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
        assert clock is not None
        for card in cards:
            before, now = seen.get(card["id"], ""), hook.state_of(card)
            areas = spots[card["site"]["id"]].areas if card["site"]["id"] in spots else frozenset()
            for event in hook.news(before, now):
                text = json.dumps(hook.body(event, card, clock[0]), ensure_ascii=False)
                for h in hooks:
                    if event in h.events and card["what"] in h.whats and areas & set(h.areas):
                        await conn.execute(
                            "INSERT INTO hook_delivery (hook, incident, event, body) VALUES (%s, %s, %s, %s)",
                            (h.id, card["id"], event, text),
                        )
            seen[card["id"]] = hook.further(before, now)
        await conn.execute(
            "INSERT INTO hook_seen SELECT * FROM unnest(%s::text[], %s::text[]) "
            "ON CONFLICT (incident) DO UPDATE SET state = EXCLUDED.state",
            (list(seen), list(seen.values())),
        )
    await conn.execute("UPDATE hook_cursor SET seq = %s", (rows[-1][0],))
    return len(rows)


async def due(conn: Connection, seal: Seal, most: int) -> list[Delivery]:
    """In a transaction: some of what is due, taken for LEASE. Of one hook one at a time, in order."""
    cursor = await conn.execute(
        "UPDATE hook_delivery SET due_at = clock_timestamp() + %s::interval, attempts = attempts + 1 WHERE id IN ("
        "SELECT d.id FROM hook_delivery d JOIN hook h ON h.id = d.hook WHERE d.due_at <= clock_timestamp() "
        "AND NOT EXISTS (SELECT FROM hook_delivery o WHERE o.hook = d.hook AND o.id < d.id AND o.due_at IS NOT NULL) "
        "ORDER BY d.due_at LIMIT %s FOR UPDATE OF d SKIP LOCKED) RETURNING id",
        (LEASE, most),
    )
    ids = [row[0] for row in await cursor.fetchall()]
    cursor = await conn.execute(
        "SELECT d.id, h.id, h.url, h.secret, CASE WHEN h.rotated_at > clock_timestamp() - %s::interval "
        "THEN h.former END, d.body, d.attempts, d.made_at FROM hook_delivery d JOIN hook h ON h.id = d.hook "
        "WHERE d.id = ANY(%s)",
        (hook.BOTH, ids),
    )
    return [
        Delivery(
            row[0],
            row[1],
            row[2],
            tuple(seal.unseal(f"hook {row[1]}", bytes(s)) for s in row[3:5] if s is not None),
            *row[5:],
        )
        for row in await cursor.fetchall()
    ]


async def delivered(conn: Connection, delivery: Delivery) -> None:
    await conn.execute(
        "UPDATE hook_delivery SET due_at = NULL, done_at = clock_timestamp(), why = '' WHERE id = %s", (delivery.id,)
    )
    await conn.execute("UPDATE hook SET why = '' WHERE id = %s", (delivery.hook,))


async def failed(conn: Connection, delivery: Delivery, why: str) -> None:
    """It is tried again, later each time, for GIVE_UP."""
    await conn.execute(
        "UPDATE hook_delivery SET why = %s, due_at = CASE WHEN made_at < clock_timestamp() - %s::interval THEN NULL "
        "ELSE clock_timestamp() + %s::interval END WHERE id = %s",
        (why[:200], hook.GIVE_UP, hook.again(delivery.attempts), delivery.id),
    )
    await conn.execute("UPDATE hook SET why = %s WHERE id = %s", (why[:200], delivery.hook))


async def forget(conn: Connection) -> None:
    """What was told, or given up, is kept for a week."""
    await conn.execute(
        "DELETE FROM hook_delivery WHERE due_at IS NULL AND made_at < clock_timestamp() - %s::interval", (KEPT,)
    )
    await conn.execute(
        "DELETE FROM hook_seen s WHERE NOT EXISTS (SELECT FROM incident i WHERE i.id = s.incident "
        "AND (i.closed_at IS NULL OR i.closed_at > clock_timestamp() - %s::interval))",
        (KEPT,),
    )
