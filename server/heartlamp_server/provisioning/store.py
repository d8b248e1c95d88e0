"""Claims and visits as rows."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import psycopg
from heartlamp_protocol.device.mac import mqtt_password
from heartlamp_protocol.passwords import mosquitto_hash
from heartlamp_protocol.uplink import gateway_of_one

from heartlamp_server.area.store import HEARD_BY, LAMP_KINDS
from heartlamp_server.device.revoke import revoke_device
from heartlamp_server.device.store import bump_registry
from heartlamp_server.device.vault import Vault
from heartlamp_server.provisioning.model import Claim

Connection: TypeAlias = psycopg.AsyncConnection[Any]

VILLAGE = "CASE a.level WHEN 'group' THEN a.parent ELSE a.id END"
_CLAIM = (
    "c.id, c.secret, c.site, c.device, c.kind, c.board, c.kv, coalesce(c.sealed, ''), c.mqtt_hash, c.token, c.through, "
    "c.offline, coalesce(c.replaces, ''), c.made_by, c.made_at, c.not_after, c.used_at, c.ended_at, c.ended_why"
)


def _claim(row: Sequence[Any]) -> Claim:
    id, secret, site, device, kind, board, kv, sealed, hashed, token, through, *rest = row
    return Claim(
        id, bytes(secret), site, device, kind, board, kv, bytes(sealed), hashed,
        None if token is None else bytes(token), tuple(through), *rest,
    )  # fmt: skip


async def now(conn: Connection) -> datetime:
    row = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert row is not None
    at: datetime = row[0]
    return at


# --- where ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """A site and its village. `gateway`: "" where the village has none that its devices could find; `lamps`: of the
    site, those of open claims too."""

    site: str
    name: str
    village: int
    village_name: str
    gateway: str
    broker_name: str
    broker_host: str
    broker_port: int
    lamps: list[str]


async def places(conn: Connection, sites: Sequence[str]) -> dict[str, Place]:
    """Of those that there are; their rows are locked."""
    await conn.execute("SELECT id FROM site WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", (list(sites),))
    cursor = await conn.execute(
        f"""SELECT s.id, s.name, v.id, v.name, coalesce(g.id, ''),
            coalesce(nullif(g.broker_name, ''), g.id || '.heartlamp', ''),
            coalesce(g.broker_host, ''), coalesce(g.broker_port, 0),
            ARRAY(SELECT d.id FROM device d WHERE d.site = s.id AND d.kind IN ({LAMP_KINDS}) AND d.revoked_at IS NULL
                UNION SELECT c.device FROM claim c WHERE c.site = s.id AND c.kind IN ({LAMP_KINDS})
                AND c.used_at IS NULL AND c.ended_at IS NULL AND c.not_after > clock_timestamp() ORDER BY 1 LIMIT 8)
        FROM site s JOIN area a ON a.id = s.area JOIN area v ON v.id = {VILLAGE}
        LEFT JOIN LATERAL (SELECT * FROM gateway g WHERE g.village = v.id AND g.revoked_at IS NULL
            AND g.broker_host <> '' ORDER BY g.last_seen DESC NULLS LAST, g.id LIMIT 1) g ON true
        WHERE s.id = ANY(%s) AND s.kind <> 'elsewhere'""",
        (list(sites),),
    )
    return {row[0]: Place(*row) for row in await cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class Row:
    """A site that may be given something. `devices`: (id, kind) of each; `outcome`, `at`, `note`: of the last visit,
    None where there was none."""

    site: str
    name: str
    group: str
    village: int
    village_name: str
    address: str
    landmark: str
    claimed: bool
    devices: list[tuple[str, str]]
    outcome: str | None
    at: datetime | None
    note: str | None


async def installing(conn: Connection, inside: str, values: dict[str, Any], village: int | None) -> list[Row]:
    """`inside`, `values`: of Where, with the site as `s`."""
    cursor = await conn.execute(
        f"""SELECT s.id, s.name, CASE a.level WHEN 'group' THEN a.name ELSE '' END, v.id, v.name, s.address,
            s.landmark,
            EXISTS (SELECT FROM claim c WHERE c.site = s.id AND c.used_at IS NULL AND c.ended_at IS NULL
                AND c.not_after > clock_timestamp()),
            (SELECT coalesce(json_agg(json_build_array(d.id, d.kind) ORDER BY d.id), '[]') FROM device d
                WHERE d.site = s.id AND d.revoked_at IS NULL), w.outcome, w.at, w.note
        FROM site s JOIN area a ON a.id = s.area JOIN area v ON v.id = {VILLAGE}
        LEFT JOIN LATERAL (SELECT * FROM visit w WHERE w.site = s.id ORDER BY w.at DESC, w.received_at DESC LIMIT 1) w
            ON true
        WHERE {inside} AND s.kind <> 'elsewhere' AND (%(village)s::bigint IS NULL OR v.id = %(village)s)
        ORDER BY v.name, 3, s.name, s.id LIMIT 5000""",
        {**values, "village": village},
    )
    return [Row(*row) for row in await cursor.fetchall()]


# --- claims ---------------------------------------------------------------------------------------------------------


async def end_expired(conn: Connection, sites: Sequence[str] | None = None) -> None:
    """Claims whose time is over without a use, at these sites or everywhere. One that was handed out to be used
    offline stays where its device was heard of: who holds the root is the device."""
    cursor = await conn.execute(
        "SELECT c.id, c.device, c.offline FROM claim c WHERE c.used_at IS NULL AND c.ended_at IS NULL "
        "AND c.not_after <= clock_timestamp() AND (%(sites)s::text[] IS NULL OR c.site = ANY(%(sites)s)) "
        "ORDER BY c.site, c.id FOR UPDATE SKIP LOCKED",
        {"sites": None if sites is None else list(sites)},
    )
    for id, device, offline in await cursor.fetchall():
        await end(conn, id, "expired")
        if offline:
            await revoke_device(conn, device)


async def heard(conn: Connection) -> int:
    """Offline claims whose device was heard of since: they are used. How many."""
    cursor = await conn.execute(
        "UPDATE claim c SET used_at = d.last_seen, sealed = NULL FROM device d WHERE d.id = c.device AND c.offline "
        "AND c.used_at IS NULL AND c.ended_at IS NULL AND d.last_seen > c.made_at AND d.revoked_at IS NULL "
        "RETURNING c.replaces"
    )
    found = await cursor.fetchall()
    for (old,) in found:
        if old:
            await revoke_device(conn, old)
    return len(found)


async def end(conn: Connection, id: str, why: str) -> None:
    await conn.execute(
        "UPDATE claim SET ended_at = clock_timestamp(), ended_why = %s, sealed = NULL WHERE id = %s "
        "AND ended_at IS NULL",
        (why, id),
    )


async def open_claim(conn: Connection, site: str, kind: str) -> tuple[str, str, datetime] | None:
    """(its id, who made it, until when) of the claim that is open there."""
    cursor = await conn.execute(
        "SELECT id, made_by, not_after FROM claim WHERE site = %s AND kind = %s AND used_at IS NULL "
        "AND ended_at IS NULL AND not_after > clock_timestamp()",
        (site, kind),
    )
    return await cursor.fetchone()


async def of_kind(conn: Connection, site: str, kind: str, but: Sequence[str]) -> list[str]:
    """The devices of this kind there that are not ended."""
    cursor = await conn.execute(
        "SELECT id FROM device WHERE site = %s AND kind = %s AND revoked_at IS NULL AND id <> ALL(%s) ORDER BY id",
        (site, kind, list(but)),
    )
    return [row[0] for row in await cursor.fetchall()]


async def add(conn: Connection, claim: Claim) -> None:
    """Where it is offline, its device and key too: the village's gateway learns of it at once."""
    await conn.execute(
        "INSERT INTO claim (id, secret, site, device, kind, board, kv, sealed, mqtt_hash, token, through, offline, "
        "replaces, made_by, made_at, not_after) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, nullif(%s, ''), %s, %s, %s)",
        (
            claim.id, claim.secret, claim.site, claim.device, claim.kind, claim.board, claim.kv, claim.sealed,
            claim.mqtt_hash, claim.token, list(claim.through), claim.offline, claim.replaces, claim.made_by,
            claim.made_at, claim.not_after,
        ),
    )  # fmt: skip


async def enliven(conn: Connection, claim: Claim) -> None:
    """Its device and key are believed from now on."""
    await conn.execute(
        "INSERT INTO device (id, kind, site, through) VALUES (%s, %s, %s, %s) ON CONFLICT (id) DO NOTHING",
        (claim.device, claim.kind, claim.site, list(claim.through)),
    )
    await conn.execute(
        "INSERT INTO device_key (device, version, secret, mqtt_hash) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (claim.device, claim.kv, claim.sealed, claim.mqtt_hash),
    )
    if claim.token is not None:
        await conn.execute(
            "INSERT INTO gateway (id, device) VALUES (%s, %s) ON CONFLICT (id) DO NOTHING",
            (gateway_of_one(claim.device), claim.device),
        )
        await conn.execute(
            "INSERT INTO gateway_token (hash, gateway) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (claim.token, gateway_of_one(claim.device)),
        )


async def tell_village(conn: Connection, sites: Sequence[str]) -> None:
    """The gateways of these sites' villages fetch their list anew."""
    cursor = await conn.execute(
        f"SELECT DISTINCT g.id FROM site s JOIN area a ON a.id = s.area JOIN gateway g ON {HEARD_BY} "
        "WHERE s.id = ANY(%s) AND g.revoked_at IS NULL ORDER BY g.id",
        (list(sites),),
    )
    for (gateway,) in await cursor.fetchall():
        await bump_registry(conn, gateway)


async def one(conn: Connection, id: str, lock: bool = False) -> Claim | None:
    cursor = await conn.execute(f"SELECT {_CLAIM} FROM claim c WHERE c.id = %s{' FOR UPDATE' if lock else ''}", (id,))
    row = await cursor.fetchone()
    return _claim(row) if row else None


async def used(conn: Connection, claim: Claim, board: str, version: str, chip: str) -> None:
    await conn.execute(
        "UPDATE claim SET used_at = clock_timestamp(), sealed = NULL, board = coalesce(nullif(%s, ''), board), "
        "version = %s, chip = %s WHERE id = %s",
        (board, version, chip, claim.id),
    )


async def sealed_root(conn: Connection, claim: Claim) -> bytes:
    """Of a claim that was used: the device's."""
    cursor = await conn.execute(
        "SELECT secret FROM device_key WHERE device = %s AND version = %s", (claim.device, claim.kv)
    )
    row = await cursor.fetchone()
    return bytes(row[0]) if row else b""


async def page(conn: Connection, inside: str, values: dict[str, Any], limit: int) -> list[tuple[Any, ...]]:
    """(id, site, its name, device, kind, offline, by, made, until, used, ended, why), newest first."""
    cursor = await conn.execute(
        "SELECT c.id, c.site, s.name, c.device, c.kind, c.offline, c.made_by, c.made_at, c.not_after, c.used_at, "
        f"c.ended_at, c.ended_why FROM claim c JOIN site s ON s.id = c.site WHERE {inside} "
        "ORDER BY c.made_at DESC, c.id LIMIT %(limit)s",
        {**values, "limit": limit},
    )
    return await cursor.fetchall()


async def carried(conn: Connection, lamp: str) -> list[tuple[str, str, str, int, bytes]]:
    """(device, kind, site, key version, sealed root) of those whose way leads through this lamp, claimed ones too."""
    cursor = await conn.execute(
        "SELECT d.id, d.kind, d.site, k.version, k.secret FROM device d JOIN LATERAL (SELECT * FROM device_key k "
        "WHERE k.device = d.id AND k.revoked_at IS NULL ORDER BY k.version DESC LIMIT 1) k ON true "
        "WHERE %(lamp)s = ANY(d.through) AND d.revoked_at IS NULL UNION "
        "SELECT c.device, c.kind, c.site, c.kv, c.sealed FROM claim c WHERE %(lamp)s = ANY(c.through) "
        "AND c.used_at IS NULL AND c.ended_at IS NULL AND c.not_after > clock_timestamp() ORDER BY 1",
        {"lamp": lamp},
    )
    return [(*row[:4], bytes(row[4])) for row in await cursor.fetchall()]


# --- since ----------------------------------------------------------------------------------------------------------


async def events(conn: Connection, claim: Claim) -> tuple[datetime | None, list[tuple[Any, ...]]]:
    """(when the device was last seen, (event, kind, what, drill, heard, received, in a call) since the claim)."""
    cursor = await conn.execute(
        "SELECT e.id, e.kind, e.detail, coalesce(i.drill, false), "
        "CASE WHEN g.device IS NULL AND i.heard_age_ms IS NOT NULL AND i.id = e.id "
        "THEN e.received_at - make_interval(secs => i.heard_age_ms / 1000.0) "
        "WHEN g.device IS NULL THEN e.received_at END, e.received_at, e.incident IS NOT NULL "
        "FROM event e LEFT JOIN incident i ON i.id = e.incident LEFT JOIN gateway g ON g.id = e.gateway "
        "WHERE e.device = %(device)s AND e.verified AND e.received_at >= %(since)s ORDER BY e.received_at LIMIT 200",
        {"device": claim.device, "since": claim.made_at},
    )
    rows = await cursor.fetchall()
    seen = await (await conn.execute("SELECT last_seen FROM device WHERE id = %s", (claim.device,))).fetchone()
    return (seen[0] if seen else None), rows


# --- visits ---------------------------------------------------------------------------------------------------------


async def keep_visit(conn: Connection, fields: dict[str, Any]) -> bool:
    """False: it was there."""
    names = (
        "id", "site", "claim", "device", "outcome", "tests", "mains_off", "consent", "evidence", "note", "board",
        "version", "by", "at",
    )  # fmt: skip
    row = {
        name: json.dumps(fields[name], ensure_ascii=False)
        if name in ("tests", "mains_off", "consent") and fields[name] is not None
        else fields[name]
        for name in names
    }
    cursor = await conn.execute(
        f"INSERT INTO visit ({', '.join(names)}) VALUES ({', '.join(f'%({n})s' for n in names)}) "
        "ON CONFLICT (id) DO NOTHING RETURNING id",
        row,
    )
    return await cursor.fetchone() is not None


async def visit_claim(conn: Connection, id: str) -> str | None:
    """The claim that a visit was kept under."""
    row = await (await conn.execute("SELECT claim FROM visit WHERE id = %s", (id,))).fetchone()
    return row[0] if row else None


async def stands(conn: Connection, site: str) -> tuple[bool, list[str], str]:
    """(a claim is open, kinds of its devices, outcome of the last visit or "") of one site."""
    cursor = await conn.execute(
        "SELECT EXISTS (SELECT FROM claim c WHERE c.site = %(s)s AND c.used_at IS NULL AND c.ended_at IS NULL "
        "AND c.not_after > clock_timestamp()), ARRAY(SELECT kind FROM device WHERE site = %(s)s "
        "AND revoked_at IS NULL), "
        "coalesce((SELECT outcome FROM visit WHERE site = %(s)s ORDER BY at DESC, received_at DESC LIMIT 1), '')",
        {"s": site},
    )
    row = await cursor.fetchone()
    assert row is not None
    return row[0], row[1], row[2]


async def live(conn: Connection, device: str) -> bool:
    row = await (await conn.execute("SELECT 1 FROM device WHERE id = %s AND revoked_at IS NULL", (device,))).fetchone()
    return row is not None


async def by_radio(conn: Connection, id: str) -> bool:
    """Whether somebody carries it, or it somebody."""
    cursor = await conn.execute(
        "SELECT 1 FROM device d WHERE d.revoked_at IS NULL AND (%(id)s = ANY(d.through) "
        "OR (d.id = %(id)s AND d.through <> '{}')) LIMIT 1",
        {"id": id},
    )
    return await cursor.fetchone() is not None


async def rotate(conn: Connection, vault: Vault, id: str) -> tuple[int, int, bool]:
    """(the key version that is to come, the one in use, whether it is new). The device's row is locked."""
    cursor = await conn.execute(
        "SELECT version, secret, pending FROM device_key WHERE device = %s AND revoked_at IS NULL ORDER BY version",
        (id,),
    )
    keys = await cursor.fetchall()
    used = max(version for version, _, pending in keys if not pending)
    if (coming := max((version for version, _, pending in keys if pending), default=0)) > used:
        return coming, used, False
    root = next(vault.unseal(id, version, bytes(sealed)) for version, sealed, _ in keys if version == used)
    new = used + 1
    await conn.execute(
        "INSERT INTO device_key (device, version, secret, mqtt_hash, pending) VALUES (%s, %s, %s, %s, true)",
        (id, new, vault.seal(id, new, root), mosquitto_hash(mqtt_password(root, new), os.urandom(12))),
    )
    return new, used, True


async def desire(conn: Connection, id: str, asked: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """(all that is wanted of the device from now on, its version); `asked`: name -> value, None: no more. The
    version is above every earlier one, and by its seconds above those that a restored backup has forgotten."""
    cursor = await conn.execute(
        "UPDATE device SET wanted = jsonb_strip_nulls(wanted || %s::jsonb), "
        "wanted_ver = greatest(wanted_ver + 1, extract(epoch FROM clock_timestamp())::bigint) "
        "WHERE id = %s RETURNING wanted, wanted_ver",
        (json.dumps(asked), id),
    )
    row = await cursor.fetchone()
    assert row is not None
    return row[0], row[1]


async def device(conn: Connection, id: str) -> tuple[str, str, datetime | None] | None:
    """(kind, site, when it was revoked)."""
    cursor = await conn.execute("SELECT kind, site, revoked_at FROM device WHERE id = %s FOR UPDATE", (id,))
    return await cursor.fetchone()
