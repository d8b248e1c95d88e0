"""Finds the facts that `doctor.py` judges."""

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from cryptography import x509

from heartlamp_server.config import Config
from heartlamp_server.database.pool import assert_durable
from heartlamp_server.database.store import check_schema
from heartlamp_server.escalation import policies
from heartlamp_server.escalation.saving import faults_of
from heartlamp_server.notification import seats
from heartlamp_server.operation.backup import files_of
from heartlamp_server.operation.doctor import Facts, Room, Waiting
from heartlamp_server.responder.store import IN_FORCE, PROVEN

Connection = psycopg.AsyncConnection[Any]

_PUBLIC = (".pem", ".crt", ".toml")
# Each the oldest of what should have been done, were the one who does it alive and not stuck.
_WAITING = {
    "a call that nobody follows": (
        "SELECT min(at) FROM (SELECT at FROM course_wanted UNION ALL SELECT look_at FROM course "
        "WHERE look_at < clock_timestamp()) t",
        "restart heartlamp-server run; its log says what it cannot follow",
    ),
    "a message in the outbox": (
        "SELECT min(due_at) FROM notification WHERE state = 'queued' AND due_at < clock_timestamp() "
        "AND (lease_until IS NULL OR lease_until < clock_timestamp())",
        "look after heartlamp-server notify run, and at `notify channels`",
    ),
    "a row of the audit log that is not in the chain": (
        "SELECT min(a.at) FROM audit_waiting w JOIN audit a ON a.id = w.entry",
        "restart heartlamp-server run; see whether somebody wrote into the log: heartlamp-server audit verify",
    ),
    "a matter that should have climbed": (
        "SELECT min(next_climb_at) FROM matter WHERE next_climb_at < clock_timestamp()",
        "restart heartlamp-server run",
    ),
    "a re-zoning whose day has come": (
        "SELECT min(valid_from::timestamp AT TIME ZONE 'Asia/Shanghai') FROM rezoning WHERE applied_at IS NULL "
        "AND withdrawn_at IS NULL AND problem = '' AND valid_from <= (now() AT TIME ZONE 'Asia/Shanghai')::date",
        "restart heartlamp-server run",
    ),
}


async def look(conn: Connection, config: Config) -> Facts:
    """Raises DatabaseError where the database is not one that an alarm may be put into."""
    await check_schema(conn)
    await assert_durable(conn)
    theirs, ours = await _one(conn, "SELECT clock_timestamp()"), datetime.now(UTC)
    silent = await _column(
        conn,
        "SELECT id FROM gateway WHERE device IS NULL AND revoked_at IS NULL "
        "AND (last_seen IS NULL OR last_seen < clock_timestamp() - interval '5 minutes') ORDER BY id",
    )
    return Facts(
        ours=ours,
        theirs=theirs,
        open_files=_open_files(config),
        certificates=_certificates(config),
        synchronised=_synchronised(),
        rooms=_rooms(config),
        beats=await (await conn.execute("SELECT what, host, at FROM process")).fetchall(),
        messages=bool(config.notification),
        waiting=[Waiting(what, await _one(conn, query), do) for what, (query, do) in _WAITING.items()],
        faults=dict(
            await (await conn.execute("SELECT name, fault FROM notification_channel WHERE fault <> ''")).fetchall()
        ),
        seats=await seats.look(conn),
        unstaffed=await _unstaffed(conn),
        numbers=await _numbers(conn),
        backup=await _one(conn, "SELECT max(at) FROM audit WHERE what = 'county.backup'"),
        gateways=(await _one(conn, "SELECT count(*) FROM gateway WHERE device IS NULL AND revoked_at IS NULL"), silent),
        problems=await _column(
            conn, "SELECT problem FROM rezoning WHERE problem <> '' AND applied_at IS NULL AND withdrawn_at IS NULL"
        ),
        twins=await _column(
            conn,
            "SELECT code FROM area WHERE code <> '' AND valid_to IS NULL AND level IN ('county', 'township', 'village')"
            " GROUP BY level, police, code HAVING count(*) > 1 ORDER BY code",
        ),
    )


async def _unstaffed(conn: Connection) -> dict[str, str]:
    found = {}
    for kept in await policies.all_now(conn):
        if wrong := await faults_of(conn, kept.policy, kept.area):
            found[kept.policy.id] = "; ".join(fault.en for fault in wrong)
    return found


async def _numbers(conn: Connection) -> tuple[int, int]:
    """(people who are called by policies, of them proven); families choose for themselves."""
    cursor = await conn.execute(
        "SELECT count(*), count(*) FILTER (WHERE proven) FROM (SELECT EXISTS (SELECT FROM person_number n "
        "WHERE n.person = p.name AND n.answered_at > now() - %s) AS proven FROM person p WHERE p.disabled_at IS NULL "
        "AND EXISTS (SELECT FROM person_role r WHERE r.person = p.name AND r.role IN "
        f"('operator', 'grid_worker', 'group_head', 'police') AND {IN_FORCE})) AS p",
        (PROVEN,),
    )
    row = await cursor.fetchone()
    return (row[0], row[1]) if row else (0, 0)


def _open_files(config: Config) -> list[tuple[str, int]]:
    found = []
    for path in files_of(config).values():
        mode = path.stat().st_mode & 0o777
        if mode & 0o077 and path.suffix not in _PUBLIC:
            found.append((str(path), mode))
    return found


def _certificates(config: Config) -> list[tuple[str, datetime]]:
    wanted = {"the county's CA": config.ca, "the gateways' certificate": config.gateway.cert}
    wanted["the console's certificate"] = config.console.cert
    return [
        (what, x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc)
        for what, path in wanted.items()
        if path is not None
    ]


def _rooms(config: Config) -> list[Room]:
    places = [config.folder]
    if config.database.startswith("embedded:"):
        places.append(Path(config.database.removeprefix("embedded:")))
    seen: dict[int, Room] = {}
    for place in places:
        usage = shutil.disk_usage(place)
        seen.setdefault(os.stat(place).st_dev, Room(str(place), usage.free, usage.total))
    return list(seen.values())


def _synchronised() -> bool | None:
    """As systemd says; None where there is none."""
    try:
        done = subprocess.run(
            ["timedatectl", "show", "--property=NTPSynchronized", "--value"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() == "yes" if done.stdout.strip() else None


async def _one(conn: Connection, query: str) -> Any:
    row = await (await conn.execute(query)).fetchone()
    assert row is not None
    return row[0]


async def _column(conn: Connection, query: str) -> list[Any]:
    return [row[0] for row in await (await conn.execute(query)).fetchall()]
