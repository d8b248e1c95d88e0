"""Pictures as rows.

Rows and not files: one transaction ties a part to how far we are, one backup has the picture with the incident it is
of, and a deletion is a deletion wherever this store is copied to. At 256 KiB each and few a day a database does this
easily. They are sealed with the key file, so that a stolen backup shows nobody's home.
"""

from datetime import datetime
from hashlib import sha256
from typing import Any, TypeAlias

import psycopg

from heartlamp_server.area.store import HEARD_BY
from heartlamp_server.audit import store as audit
from heartlamp_server.database import feed
from heartlamp_server.device.vault import Vault
from heartlamp_server.incident import store as incidents
from heartlamp_server.incident.card import feed_row
from heartlamp_server.incident.model import Entry
from heartlamp_server.picture.model import DEVICE_MAX, Announced, Progress

Connection: TypeAlias = psycopg.AsyncConnection[Any]

_ANNOUNCED = f"""
SELECT e.incident, e.device, d.kind, h.name, e.detail, d.kind = 'camera' AND d.site = i.site, EXISTS (
    SELECT FROM site s JOIN area a ON a.id = s.area JOIN gateway g ON {HEARD_BY}
    WHERE s.id = d.site AND g.id = %(gateway)s)
FROM event e JOIN device d ON d.id = e.device JOIN site h ON h.id = d.site JOIN incident i ON i.id = e.incident
WHERE e.id = %(event)s AND e.kind = 'still' AND e.verified
"""


_WHOLE = """
SELECT d.site FROM picture p JOIN device d ON d.id = p.device
WHERE p.event = %s AND p.whole_at NOTNULL AND p.deleted_at IS NULL
"""


async def announced(conn: Connection, event: str, gateway: str) -> Announced | None:
    """None: no verified still of that id has found its incident yet."""
    row = await (await conn.execute(_ANNOUNCED, {"event": event, "gateway": gateway})).fetchone()
    if row is None:
        return None
    incident, device, kind, house, detail, wanted, ours = row
    size, _, sum = detail.partition(" ")
    return Announced(incident, device, kind, house, sum, int(size), wanted, ours)


async def begin(conn: Connection, event: str, gateway: str, said: Announced) -> Progress | None:
    """In a transaction: locks the picture's row, made where it is missing. None: it was deleted, or is one too many."""
    row = await (
        await conn.execute("SELECT at, deleted_at FROM picture WHERE event = %s FOR UPDATE", (event,))
    ).fetchone()
    if row is not None:
        return Progress(row[0]) if row[1] is None else None
    many = await (
        await conn.execute("SELECT count(*) FROM picture WHERE device = %s AND deleted_at IS NULL", (said.device,))
    ).fetchone()
    if many is None or many[0] >= DEVICE_MAX:
        return None
    await conn.execute(
        "INSERT INTO picture (event, incident, device, gateway, sum, size) VALUES (%s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (event) DO NOTHING",
        (event, said.incident, said.device, gateway, said.sum, said.size),
    )
    row = await (await conn.execute("SELECT at FROM picture WHERE event = %s FOR UPDATE", (event,))).fetchone()
    return Progress(row[0]) if row else None


async def append(conn: Connection, event: str, said: Announced, at: int, data: bytes, vault: Vault) -> Progress:
    """In the transaction of `begin`, after it: the next bytes, from `at` on. With the last ones all are judged."""
    await conn.execute(
        "INSERT INTO picture_part (event, at, sealed) VALUES (%s, %s, %s)", (event, at, vault.seal(event, at, data))
    )
    after = at + len(data)
    if after < said.size:
        await conn.execute("UPDATE picture SET at = %s WHERE event = %s", (after, event))
        return Progress(after)
    if sha256(await _bytes(conn, event, vault)).hexdigest() == said.sum:
        await conn.execute("UPDATE picture SET at = %s, whole_at = now() WHERE event = %s", (after, event))
        await _say(conn, event, said, "picture")
        return Progress(after)
    await conn.execute("DELETE FROM picture_part WHERE event = %s", (event,))
    await conn.execute("UPDATE picture SET at = 0, wrong = wrong + 1 WHERE event = %s", (event,))
    await _say(conn, event, said, "picture_wrong")
    return Progress(0, wrong=True)


async def read(conn: Connection, event: str, vault: Vault, who: str) -> bytes | None:
    """A whole picture's bytes for who looks at it, which is written down first; None where there is none. Raises
    audit.NotWritten, and then nobody sees it."""
    row = await (await conn.execute(_WHOLE, (event,))).fetchone()
    if row is None:
        return None
    await audit.look(conn, who, "look.picture", event, row[0])
    return await _bytes(conn, event, vault)


async def of_incident(conn: Connection, incident: str) -> list[tuple[str, str, datetime, int, str]]:
    """(event, house, when it was announced, bytes, state) of each, in order. State: coming, here, gone."""
    cursor = await conn.execute(
        "SELECT p.event, s.name, coalesce(e.observed_at, e.received_at), p.size,"
        " CASE WHEN p.deleted_at NOTNULL THEN 'gone' WHEN p.whole_at NOTNULL THEN 'here' ELSE 'coming' END"
        " FROM picture p JOIN event e ON e.id = p.event JOIN device d ON d.id = p.device JOIN site s ON s.id = d.site"
        " WHERE p.incident = %s ORDER BY 3, 1",
        (incident,),
    )
    return await cursor.fetchall()


async def incident_of(conn: Connection, event: str) -> str | None:
    row = await (await conn.execute("SELECT incident FROM picture WHERE event = %s", (event,))).fetchone()
    return row[0] if row else None


async def delete(conn: Connection, event: str, why: str) -> bool:
    """Its bytes are gone for good; that there was one, and why it went, stays. False: there is none."""
    async with conn.transaction():
        cursor = await conn.execute(
            "UPDATE picture SET deleted_at = now(), deleted_why = %s, at = 0 WHERE event = %s AND deleted_at IS NULL "
            "RETURNING event",
            (why, event),
        )
        if await cursor.fetchone() is None:
            return False
        await conn.execute("DELETE FROM picture_part WHERE event = %s", (event,))
    return True


async def forget(conn: Connection, days: int) -> int:
    """Deletes what is older; how many."""
    cursor = await conn.execute(
        "SELECT event FROM picture WHERE deleted_at IS NULL AND began_at < now() - make_interval(days => %s)", (days,)
    )
    old = [row[0] for row in await cursor.fetchall()]
    for event in old:
        await delete(conn, event, f"kept for {days} days")
    return len(old)


async def _say(conn: Connection, event: str, said: Announced, kind: str) -> None:
    """On the incident's timeline; last in the transaction, by the order of locks that the feed asks for."""
    found = await incidents.lock(conn, said.incident)
    if found is None:
        return
    incident, now = found
    source = {"device": said.device, "kind": said.kind, "house": said.house}
    entry = Entry(incident.id, now, kind, {"event": event, "bytes": said.size} | source)
    await incidents.save(conn, [incident], [entry])
    await feed.append(conn, [feed_row(incident)])


async def _bytes(conn: Connection, event: str, vault: Vault) -> bytes:
    cursor = await conn.execute("SELECT at, sealed FROM picture_part WHERE event = %s ORDER BY at", (event,))
    return b"".join([vault.unseal(event, at, bytes(sealed)) for at, sealed in await cursor.fetchall()])
