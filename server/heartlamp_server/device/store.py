"""Devices, gateways, tokens and what is to be told, as rows."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg
from heartlamp_protocol.registry import UPDATES_MAX, Registry, Site, Update
from heartlamp_protocol.registry import Device as Listed

from heartlamp_server.area.store import HEARD_BY, LAMP_KINDS
from heartlamp_server.database import jsons
from heartlamp_server.device.model import Device
from heartlamp_server.device.vault import Vault

CHANNEL = "heartlamp_down"
REVOKED = "heartlamp_revoked"
# What is asked of a house or an area is asked once for all the devices of a batch that are there.
CONCERNED = f"""
WITH concerned AS MATERIALIZED (
    SELECT id, kind, site, revoked_at IS NOT NULL AS revoked, through, wanted, wanted_ver
    FROM device WHERE id = ANY(ARRAY(SELECT unnest(%(devices)s::text[])
        UNION SELECT l.id FROM device l WHERE l.site = ANY(%(sites)s) AND l.kind IN ({LAMP_KINDS})
        UNION SELECT e.device FROM event e WHERE e.incident IS NULL AND e.refers_to = ANY(%(events)s)
        UNION SELECT unnest(string_to_array(n.subject, ' ')) FROM note n
            WHERE n.incident IS NULL AND n.refers_to = ANY(%(events)s)))
), here AS MATERIALIZED (
    SELECT id, name, area FROM site WHERE id = ANY(ARRAY(SELECT site FROM concerned))
), around AS MATERIALIZED (
    SELECT a.id, CASE a.level WHEN 'group' THEN a.parent ELSE a.id END AS village,
        ARRAY(SELECT g.id FROM gateway g WHERE {HEARD_BY}) AS gateways
    FROM area a WHERE a.id = ANY(ARRAY(SELECT area FROM here))
)
SELECT d.id, d.kind, d.site, here.name AS site_name, d.revoked, around.village,
    around.gateways || ARRAY(SELECT g.id FROM gateway g WHERE g.device = ANY(d.through || d.id)) AS gateways,
    k.secrets, k.pending, d.wanted, d.wanted_ver
FROM concerned d LEFT JOIN here ON here.id = d.site LEFT JOIN around ON around.id = here.area CROSS JOIN LATERAL
    (SELECT coalesce(json_object_agg(version, secret), '{{}}') AS secrets,
        coalesce(array_agg(version) FILTER (WHERE pending), '{{}}') AS pending
     FROM device_key WHERE device = d.id AND revoked_at IS NULL) k
"""
"""Query with `devices`, `sites`, `events`: rows for `to_device`. The named devices, the lamps of the sites, and the
devices whose words, or which notes, wait for one of the events."""


def to_device(row: dict[str, Any], vault: Vault) -> Device:
    """`row`: of CONCERNED as JSON."""
    keys = {int(v): vault.keys(row["id"], int(v), bytes.fromhex(s[2:])) for v, s in row["secrets"].items()}
    gateways = tuple(sorted(row["gateways"]))
    return Device(
        row["id"], row["kind"], row["site"], row["site_name"], row["revoked"], row["village"], gateways, keys,
        frozenset(row["pending"]), row["wanted"], row["wanted_ver"],
    )  # fmt: skip


# --- gateways -----------------------------------------------------------------------------------------------------


async def gateway_of_token(conn: psycopg.AsyncConnection[Any], hashed: bytes) -> str | None:
    """The gateway that this token speaks for, unless one of the two was revoked."""
    cursor = await conn.execute(
        "SELECT g.id FROM gateway_token t JOIN gateway g ON g.id = t.gateway "
        "WHERE t.hash = %s AND t.revoked_at IS NULL AND g.revoked_at IS NULL",
        (hashed,),
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def gateway_of_old_token(conn: psycopg.AsyncConnection[Any], hashed: bytes) -> str | None:
    """The gateway whose token this was once."""
    cursor = await conn.execute("SELECT gateway FROM gateway_token WHERE hash = %s", (hashed,))
    row = await cursor.fetchone()
    return row[0] if row else None


async def token_in_force(conn: psycopg.AsyncConnection[Any], gateway: str, written: str) -> str:
    """`written`, where it is the gateway's token and in force. One that is refused (it was renewed into another folder,
    or is of another store) is of no use to anybody: then a new one."""
    if await gateway_of_token(conn, token_hash(written)) == gateway:
        return written
    token = secrets.token_hex(32)
    await conn.execute("INSERT INTO gateway_token (hash, gateway) VALUES (%s, %s)", (token_hash(token), gateway))
    return token


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def registry(conn: psycopg.AsyncConnection[Any], gateway: str) -> Registry:
    """What the gateway must know of its village, of one snapshot."""
    cursor = await conn.execute(_REGISTRY, {"gateway": gateway})
    row = await cursor.fetchone()
    assert row is not None
    version, village, sites, devices, updates = row
    return Registry(
        version,
        village,
        tuple(Site(s["id"], s["name"], s["group"]) for s in sites),
        tuple(Listed(d["id"], d["kind"], d["site"], d["users"], tuple(d["through"])) for d in devices),
        tuple(Update(u["bundle"], u["size"], u["again"], tuple(u["devices"])) for u in updates[:UPDATES_MAX]),
    )


_REGISTRY = """
WITH mine AS (
    SELECT s.id, s.name, s.area::text AS "group" FROM gateway g
    JOIN area a ON (g.village IN (a.id, a.parent) OR a.also @> ARRAY[g.village]) JOIN site s ON s.area = a.id
    WHERE g.id = %(gateway)s AND s.kind <> 'elsewhere'
), ours AS (SELECT * FROM device WHERE site = ANY(ARRAY(SELECT id FROM mine)))
SELECT g.registry, v.name,
    (SELECT coalesce(json_agg(mine ORDER BY mine.id), '[]') FROM mine),
    (SELECT coalesce(json_agg(json_build_object('id', d.id, 'kind', d.kind, 'site', d.site,
        'through', d.through, 'users',
        CASE WHEN d.revoked_at IS NULL THEN
            (SELECT coalesce(json_object_agg(d.id || '.' || k.version, k.mqtt_hash), '{}')
             FROM device_key k WHERE k.device = d.id AND k.revoked_at IS NULL)
        ELSE '{}' END) ORDER BY d.id), '[]')
     FROM ours d),
    (SELECT coalesce(json_agg(u ORDER BY u.offer DESC), '[]') FROM (
        SELECT max(o.offer) AS offer, o.bundle, o.size, o.again, json_agg(o.device ORDER BY o.device) AS devices FROM (
            SELECT DISTINCT ON (d.id) d.id AS device, o.id AS offer, o.bundle, o.again, f.size
            FROM ours d JOIN site s ON s.id = d.site JOIN area a ON a.id = s.area
            JOIN firmware_offer o ON o.ended_at IS NULL AND (o.device = d.id OR o.area IN (a.id, a.parent))
            JOIN firmware f ON f.id = o.bundle AND d.kind = ANY(f.kinds)
            WHERE d.revoked_at IS NULL ORDER BY d.id, o.id DESC
        ) o GROUP BY o.bundle, o.size, o.again) u)
FROM gateway g JOIN area v ON v.id = g.village WHERE g.id = %(gateway)s
"""


async def push(
    conn: psycopg.AsyncConnection[Any], gateway: str, kind: str, commands: Sequence[tuple[str, str]]
) -> None:
    """Adds commands (about, fields as JSON text); each replaces the earlier one of this kind about the same thing.
    Call for gateways in the order of their ids: it locks the gateway's row until the transaction ends, so that a
    committed number means that every lower one is visible. Nothing waits for a revoked gateway."""
    values = {"gateway": gateway, "kind": kind, "commands": jsons.text(commands), "n": len(commands)}
    await conn.execute(_PUSH, values)


_PUSH = f"""
WITH new AS (SELECT number, pair ->> 0 AS about, pair ->> 1 AS fields
    FROM jsonb_array_elements(%(commands)s::jsonb) WITH ORDINALITY AS row (pair, number)),
head AS (UPDATE gateway SET seq = seq + %(n)s WHERE id = %(gateway)s AND revoked_at IS NULL RETURNING id, seq),
gone AS (DELETE FROM command WHERE gateway = %(gateway)s AND kind = %(kind)s AND about IN (SELECT about FROM new)),
added AS (
    INSERT INTO command (gateway, seq, kind, about, fields)
    SELECT head.id, head.seq - %(n)s + new.number, %(kind)s, new.about, new.fields FROM head, new
)
SELECT pg_notify('{CHANNEL}', %(gateway)s)
"""


async def push_once(
    conn: psycopg.AsyncConnection[Any], gateway: str, kind: str, about: str, fields: dict[str, Any], not_after_s: int
) -> bool:
    """Adds one command that is void after so long, unless this was said before. False: there is no such gateway, or it
    is revoked. Locks as `push` does."""
    cursor = await conn.execute(
        "UPDATE gateway SET seq = seq + 1 WHERE id = %(gateway)s AND revoked_at IS NULL AND NOT EXISTS"
        " (SELECT FROM command WHERE gateway = %(gateway)s AND kind = %(kind)s AND about = %(about)s) RETURNING seq",
        {"gateway": gateway, "kind": kind, "about": about},
    )
    row = await cursor.fetchone()
    if row is None:
        known = await conn.execute("SELECT FROM gateway WHERE id = %s AND revoked_at IS NULL", (gateway,))
        return await known.fetchone() is not None
    await conn.execute(
        "INSERT INTO command (gateway, seq, kind, about, fields, not_after)"
        " VALUES (%s, %s, %s, %s, %s, clock_timestamp() + make_interval(secs => %s))",
        (gateway, row[0], kind, about, json.dumps(fields, ensure_ascii=False), not_after_s),
    )
    await conn.execute("SELECT pg_notify(%s, %s)", (CHANNEL, gateway))
    return True


async def commands(
    conn: psycopg.AsyncConnection[Any], gateway: str, after: int
) -> list[tuple[int, str, int, int | None]]:
    """(seq, fields as JSON text, ms until it is void or 0 never, ms since the village had the incident that it is
    about, None where it is about none) in force with a higher number, in order."""
    return await (await conn.execute(_COMMANDS, (gateway, after))).fetchall()


_COMMANDS = """
SELECT c.seq, c.fields,
    CASE WHEN c.not_after IS NULL THEN 0
        ELSE greatest(1, extract(epoch FROM c.not_after - clock_timestamp()) * 1000)::bigint END,
    greatest(0, extract(epoch FROM clock_timestamp() - i.opened_at) * 1000)::bigint + coalesce(i.heard_age_ms, 0)
FROM command c LEFT JOIN incident i ON c.kind = 'incident' AND i.id = c.about
WHERE c.gateway = %s AND c.seq > %s AND (c.not_after IS NULL OR c.not_after > clock_timestamp()) ORDER BY c.seq
"""


async def registry_version(conn: psycopg.AsyncConnection[Any], gateway: str) -> int:
    cursor = await conn.execute("SELECT registry FROM gateway WHERE id = %s", (gateway,))
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def bump_registry(conn: psycopg.AsyncConnection[Any], gateway: str) -> None:
    """The village's list changed: the gateway shall fetch it."""
    cursor = await conn.execute(
        "UPDATE gateway SET registry = registry + 1 WHERE id = %s RETURNING registry", (gateway,)
    )
    row = await cursor.fetchone()
    if row:
        await push(conn, gateway, "registry", [("", f'{{"kind":"registry","version":{row[0]}}}')])


# --- presence -----------------------------------------------------------------------------------------------------


async def save_presence(
    conn: psycopg.AsyncConnection[Any],
    devices: dict[str, tuple[datetime | None, bool | None]],
    gateways: dict[str, tuple[str, str]],
) -> None:
    """`devices`: id -> (last seen or None, online or None: as it was); `gateways`: id -> (epoch, cursor), heard of
    just now."""
    ids = sorted(devices)
    if ids:
        await conn.execute(
            "UPDATE device d SET last_seen = greatest(d.last_seen, n.seen), online = coalesce(n.online, d.online) "
            "FROM unnest(%s::text[], %s::timestamptz[], %s::bool[]) AS n (id, seen, online) WHERE d.id = n.id",
            (ids, [devices[i][0] for i in ids], [devices[i][1] for i in ids]),
        )
    ids = sorted(gateways)
    if ids:
        await conn.execute(
            "UPDATE gateway g SET last_seen = clock_timestamp(), epoch = coalesce(nullif(n.epoch, ''), g.epoch), "
            "confirmed = coalesce(nullif(n.cursor, ''), g.confirmed) "
            "FROM unnest(%s::text[], %s::text[], %s::text[]) AS n (id, epoch, cursor) "
            "WHERE g.id = n.id",
            (ids, [gateways[i][0] for i in ids], [gateways[i][1] for i in ids]),
        )


async def first_use(conn: psycopg.AsyncConnection[Any], device: str, version: int) -> bool:
    """A device used a key that waited for it: it is the one from now on, and every older one is no more: its village's
    broker ends the connection that is open under it. False: it had been used before."""
    async with conn.transaction():
        cursor = await conn.execute(
            "UPDATE device_key SET pending = false WHERE device = %s AND version = %s AND pending "
            "AND revoked_at IS NULL RETURNING version",
            (device, version),
        )
        if await cursor.fetchone() is None:
            return False
        await conn.execute(
            "UPDATE device_key SET revoked_at = now() WHERE device = %s AND version < %s AND revoked_at IS NULL",
            (device, version),
        )
        gateways = await conn.execute(
            "SELECT DISTINCT g.id FROM device d JOIN site s ON s.id = d.site JOIN area a ON a.id = s.area "
            f"JOIN gateway g ON {HEARD_BY} WHERE d.id = %s AND g.revoked_at IS NULL ORDER BY g.id",
            (device,),
        )
        for (gateway,) in await gateways.fetchall():
            await bump_registry(conn, gateway)
    return True
