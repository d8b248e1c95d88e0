"""What became of a message: the provider took it or not, it arrived, it rang, somebody answered. As rows."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.rows import class_row

from heartlamp_server.notification import model
from heartlamp_server.notification.model import Row
from heartlamp_server.notification.store import CHANNEL, ROW, Connection, hand, say

_ENDS = ("delivered", "answered", "seen", "failed")  # after which a provider has nothing more to say


async def sent(
    conn: Connection, rows: Sequence[Row], provider: str, provider_id: str, state: str, proves: bool, now: datetime
) -> None:
    """The provider took it, as one message. `state`: what is known at once, "sent" at least; `proves`: it will say
    more. Reports that were here before this are taken now."""
    await _lock(conn, [row.id for row in rows])
    for row in rows:
        if provider_id:
            await conn.execute(
                "INSERT INTO notification_attempt (provider, provider_id, notification, at) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                (provider, provider_id, row.id, now),
            )
        detail = {"count": str(len(rows))} if len(rows) > 1 else {}
        await _become(conn, row.id, "sent", detail, now, proves)
        if state != "sent":
            await _become(conn, row.id, state, detail, now, proves)
    cursor = await conn.execute(
        "DELETE FROM notification_early WHERE provider = %s AND provider_id = %s RETURNING report",
        (provider, provider_id),
    )
    for (early,) in await cursor.fetchall():
        at = datetime.fromisoformat(early["at"])
        if early["state"]:
            await report(conn, provider, provider_id, early["state"], early["detail"], at)
        if early["digit"]:
            await digit(conn, provider, provider_id, early["digit"], at)


async def failed_for_now(conn: Connection, rows: Sequence[Row], why: str, after_s: float, now: datetime) -> None:
    """It is tried again, by this way; and by the next one at once."""
    await _lock(conn, [row.id for row in rows])
    for row in rows:
        await conn.execute(
            "UPDATE notification SET lease_until = NULL, due_at = %s, why = %s WHERE id = %s AND state = 'queued'",
            (model.again_at(row.attempts + 1, now, after_s), why, row.id),
        )
        if row.attempts == 0:
            await say(conn, [(row.key, "failed", _detail(row, {"why": why, "again": "1"}))], now)
        await _follow(conn, row, "failed", False, now)


async def end(conn: Connection, rows: Sequence[Row], why: str, now: datetime) -> None:
    """This way does not do, for good."""
    await _lock(conn, [row.id for row in rows])
    for row in rows:
        await _become(conn, row.id, "failed", {"why": why}, now, False)


async def expire(conn: Connection, now: datetime) -> int:
    """Ends what is too late and not under way. What had waited for another way to fail goes without a word."""
    too_late = "state = 'queued' AND not_after <= %(now)s AND (lease_until IS NULL OR lease_until < %(now)s)"
    cursor = await conn.execute(f"SELECT id FROM notification WHERE {too_late} LIMIT 500", {"now": now})
    ids = [row[0] for row in await cursor.fetchall()]
    if not ids:
        return 0
    await _lock(conn, ids)
    cursor = await conn.execute(
        f"SELECT id FROM notification WHERE {too_late} AND id = ANY(%(ids)s) ORDER BY id", {"now": now, "ids": ids}
    )
    still = [row[0] for row in await cursor.fetchall()]
    for id in still:
        await _become(conn, id, "expired", {}, now, False)
    return len(still)


async def report(
    conn: Connection, provider: str, provider_id: str, state: str, detail: Mapping[str, str], at: datetime
) -> bool:
    """A provider's word on a message. False: nobody knows this id yet; then call `early`."""
    ids = await _of(conn, provider, provider_id)
    if ids and state in _ENDS:
        await conn.execute(
            "UPDATE notification_attempt SET ended_at = %s"
            " WHERE provider = %s AND provider_id = %s AND ended_at IS NULL",
            (at, provider, provider_id),
        )
    await _lock(conn, ids)
    for id in ids:
        await _become(conn, id, state, detail, at, True)
    return bool(ids)


async def digit(conn: Connection, provider: str, provider_id: str, key: str, at: datetime) -> bool:
    """A key pressed in a call. False: nobody knows this id yet."""
    ids = await _of(conn, provider, provider_id)
    for id in ids:
        await answer(conn, id, model.DIGITS.get(key, ""), f"{provider.partition(':')[0]} {provider_id}: {key}", at)
    return bool(ids)


async def early(
    conn: Connection, provider: str, provider_id: str, state: str, detail: Mapping[str, str], digit: str, at: datetime
) -> None:
    """Keeps a report of an id that we have not written yet: a provider may be faster than our own answer."""
    value = {"state": state, "detail": dict(detail), "digit": digit, "at": at.isoformat()}
    await conn.execute(
        "INSERT INTO notification_early (provider, provider_id, report, at) VALUES (%s, %s, %s, %s)",
        (provider, provider_id, json.dumps(value), at),
    )


async def answer(conn: Connection, id: int, said: str, proof: str, at: datetime) -> bool:
    """A person spoke to message `id`. `said`: one of ANSWERS, "" for what is none. The same twice in a row is one.
    False: there is no such message."""
    cursor = await conn.execute("SELECT key, target, channel, address, kind FROM notification WHERE id = %s", (id,))
    row = await cursor.fetchone()
    if row is None:
        return False
    key, target, channel, address, kind = row
    await _lock(conn, [id])
    await _become(conn, id, "answered", {"proof": proof}, at, True)
    if said and kind == "test":
        await hand(conn, "proven", {"channel": channel, "address": address, "at": at.isoformat()}, at)
    elif said:
        value = {"key": key, "target": target, "said": said, "at": at.isoformat(), "proof": proof}
        last = await conn.execute(
            "SELECT value->>'said', value->>'proof' FROM notification_said"
            " WHERE what = 'answered' AND value->>'key' = %s ORDER BY id DESC LIMIT 1",
            (key,),
        )
        if await last.fetchone() != (said, proof):
            await hand(conn, "answered", value, at)
    return True


async def replied(conn: Connection, channels: Sequence[str], number: str, text: str, at: datetime) -> int | None:
    """A message came back from a number: it answers the newest one that was sent there within a day, unless that spoke
    of several alarms. Returns its id, None where nobody wrote to that number."""
    cursor = await conn.execute(
        "SELECT n.id, (SELECT count(DISTINCT o.notification) FROM notification_attempt a"
        "  JOIN notification_attempt o USING (provider, provider_id) WHERE a.notification = n.id)"
        " FROM notification n WHERE channel = ANY(%s) AND right(address, 11) = right(%s, 11)"
        " AND sent_at > %s::timestamptz - interval '1 day' ORDER BY sent_at DESC, id DESC LIMIT 1",
        (list(channels), number, at),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    said = read_reply(text) if row[1] <= 1 else ""
    await answer(conn, row[0], said, f"{model.tail(number)}: {text[:40]}", at)
    return int(row[0])


def read_reply(text: str) -> str:
    """One of ANSWERS, or "". What is not certain is no answer."""
    word = text.strip().strip("。.!！ ").translate(str.maketrans("１２", "12")).lower()
    if word in ("1", "去", "我去", "来", "我来", "马上到", "coming"):
        return "coming"
    return "cannot" if word in ("2", "不去", "不能", "去不了", "来不了", "cannot") else ""


async def see(conn: Connection, id: int, person: str, at: datetime) -> bool:
    """A person opened a notice of theirs in the console. False: it is none of theirs."""
    cursor = await conn.execute(
        "SELECT 1 FROM notification WHERE id = %s AND channel = 'app' AND address = %s", (id, person)
    )
    if await cursor.fetchone() is None:
        return False
    await _lock(conn, [id])
    await _become(conn, id, "seen", {}, at, True)
    return True


async def _of(conn: Connection, provider: str, provider_id: str) -> list[int]:
    cursor = await conn.execute(
        "SELECT notification FROM notification_attempt WHERE provider = %s AND provider_id = %s ORDER BY 1",
        (provider, provider_id),
    )
    return [row[0] for row in await cursor.fetchall()]


async def _lock(conn: Connection, ids: Sequence[int]) -> None:
    """These messages and every other way to the same targets, always in the order of their ids."""
    await conn.execute(
        "SELECT id FROM notification WHERE ask IN (SELECT ask FROM notification WHERE id = ANY(%s))"
        " ORDER BY id FOR UPDATE",
        (list(ids),),
    )


async def _rows(conn: Connection, where: str, value: Any) -> list[Row]:
    async with conn.cursor(row_factory=class_row(Row)) as cursor:
        await cursor.execute(f"SELECT {ROW} FROM notification WHERE {where} = %s ORDER BY id", (value,))
        return await cursor.fetchall()


async def _become(conn: Connection, id: int, state: str, detail: Mapping[str, str], at: datetime, proves: bool) -> None:
    found = await _rows(conn, "id", id)
    if not found or not model.may_follow(found[0].state, state):
        return
    row = found[0]
    await conn.execute(
        "UPDATE notification SET state = %(state)s, state_at = %(at)s, lease_until = NULL, why = %(why)s,"
        " sent_at = CASE WHEN %(state)s = 'sent' THEN %(at)s ELSE sent_at END WHERE id = %(id)s",
        {"state": state, "at": at, "why": detail.get("why", ""), "id": id},
    )
    if state != "expired" or row.attempts or not row.rank:
        await say(conn, [(row.key, state, _detail(row, detail))], at)
    await _follow(conn, row, state, proves, at)


async def _follow(conn: Connection, row: Row, state: str, proves: bool, at: datetime) -> None:
    """When the other ways are due now. A report may speak of the past: then they are due at once."""
    for id, due in model.follow(await _rows(conn, "ask", row.ask), row.rank, state, proves, at).items():
        await conn.execute(
            "UPDATE notification SET due_at = %s WHERE id = %s AND state = 'queued' AND attempts = 0", (due, id)
        )
    await conn.execute(f"SELECT pg_notify('{CHANNEL}', '')")


def _detail(row: Row, more: Mapping[str, str]) -> dict[str, str]:
    return {"channel": row.channel, "to": model.tail(row.address), **more}
