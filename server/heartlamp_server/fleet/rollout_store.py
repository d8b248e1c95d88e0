"""Staged updates as rows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from heartlamp_server.firmware.model import Heard
from heartlamp_server.firmware.model import outcome as said_outcome
from heartlamp_server.firmware.store import tell
from heartlamp_server.fleet.rollout import Stage, outcome, stages
from heartlamp_server.fleet.store import AT_ONCE, Connection
from heartlamp_server.telemetry.model import TimeSeries

_SAID = ("version", "update_refused", "update_version", "on_trial")


@dataclass(frozen=True, slots=True)
class Rollout:
    id: int
    bundle: str
    version: int
    area: int
    area_name: str
    soak_h: int
    stage: int
    state: str
    why: str
    made_by: str
    made_at: datetime
    stage_at: datetime
    forgiven: int


_ROW = (
    "r.id, r.bundle, f.version, r.area, a.name, r.soak_h, r.stage, r.state, r.why, r.made_by, r.made_at, r.stage_at, "
    "r.forgiven FROM rollout r JOIN firmware f ON f.id = r.bundle JOIN area a ON a.id = r.area"
)
_DEVICES = """
WITH RECURSIVE down (id) AS (
    SELECT %(area)s::bigint UNION SELECT b.id FROM area_above b JOIN down ON b.above = down.id
)
SELECT d.id FROM device d JOIN site s ON s.id = d.site JOIN firmware f ON f.id = %(bundle)s
WHERE s.area IN (SELECT id FROM down) AND d.revoked_at IS NULL AND d.kind = ANY(f.kinds) ORDER BY d.id
"""


async def add(conn: Connection, bundle: str, area: int, soak_h: int, by: str) -> int | None:
    """Its number; its first stage is offered by the next look. None where the area has no device for it. Raises
    UniqueViolation where another one goes there."""
    values = {"area": area, "bundle": bundle}
    devices = [row[0] for row in await (await conn.execute(_DEVICES, values)).fetchall()]
    if not devices:
        return None
    cursor = await conn.execute(
        "INSERT INTO rollout (bundle, area, soak_h, made_by) VALUES (%s, %s, %s, %s) RETURNING id",
        (bundle, area, soak_h, by),
    )
    row = await cursor.fetchone()
    assert row is not None
    drawn = stages(devices, str(row[0]))
    await conn.execute(
        "INSERT INTO rollout_device (rollout, device, stage) SELECT %s, * FROM unnest(%s::text[], %s::int[])",
        (row[0], list(drawn), list(drawn.values())),
    )
    return int(row[0])


async def page(conn: Connection, inside: str, values: dict[str, Any], limit: int) -> list[Rollout]:
    """Newest first. `inside`: of Where, with the area as `r.area`."""
    cursor = await conn.execute(
        f"SELECT {_ROW} WHERE {inside} ORDER BY r.id DESC LIMIT %(limit)s", {**values, "limit": limit}
    )
    return [Rollout(*row) for row in await cursor.fetchall()]


async def one(conn: Connection, id: int, lock: bool = False) -> Rollout | None:
    """`lock`: waits for whoever has it."""
    cursor = await conn.execute(f"SELECT {_ROW} WHERE r.id = %s{' FOR UPDATE OF r' if lock else ''}", (id,))
    row = await cursor.fetchone()
    return Rollout(*row) if row else None


async def going(conn: Connection) -> list[int]:
    """All that may have something to be done."""
    cursor = await conn.execute("SELECT id FROM rollout WHERE state = 'going' ORDER BY id")
    return [row[0] for row in await cursor.fetchall()]


async def take(conn: Connection, id: int) -> Rollout | None:
    """Locked; None where another worker has it, or it goes no more."""
    cursor = await conn.execute(
        f"SELECT {_ROW} WHERE r.id = %s AND r.state = 'going' FOR UPDATE OF r SKIP LOCKED", (id,)
    )
    row = await cursor.fetchone()
    return Rollout(*row) if row else None


async def counts(conn: Connection, ids: Sequence[int]) -> dict[int, dict[int, Counter[str]]]:
    """rollout -> stage -> how many of each outcome; `due` are those that were not offered it yet."""
    cursor = await conn.execute(
        "SELECT rollout, stage, CASE WHEN offered_at IS NULL THEN 'due' ELSE outcome END, count(*) FROM rollout_device "
        "WHERE rollout = ANY(%s) GROUP BY 1, 2, 3",
        (list(ids),),
    )
    found: dict[int, dict[int, Counter[str]]] = {id: {n: Counter() for n in range(3)} for id in ids}
    for rollout, stage, word, many in await cursor.fetchall():
        found[rollout][stage][word] = many
    return found


async def offer(conn: Connection, rollout: Rollout) -> int:
    """To everybody of its stage, and of those before, who was not offered it yet; how many."""
    cursor = await conn.execute(
        "UPDATE rollout_device r SET offered_at = clock_timestamp() FROM device d WHERE d.id = r.device "
        "AND d.revoked_at IS NULL AND r.rollout = %s AND r.stage <= %s AND r.offered_at IS NULL RETURNING r.device",
        (rollout.id, rollout.stage),
    )
    devices = sorted(row[0] for row in await cursor.fetchall())
    if devices:
        await conn.execute(
            "INSERT INTO firmware_offer (bundle, device, again) SELECT %s, unnest(%s::text[]), false",
            (rollout.bundle, devices),
        )
        await tell(conn, [(None, device) for device in devices])
    return len(devices)


async def look(conn: Connection, series: TimeSeries, rollout: Rollout, now: datetime) -> Stage:
    """What became of everybody who was offered it, written down. Raises SeriesAway."""
    cursor = await conn.execute(
        "SELECT r.device, d.kind, r.offered_at, greatest(d.last_seen, o.last_seen), r.outcome FROM rollout_device r "
        "JOIN device d ON d.id = r.device LEFT JOIN gateway o ON o.device = d.id "
        "WHERE r.rollout = %s AND r.offered_at IS NOT NULL AND d.revoked_at IS NULL ORDER BY r.device",
        (rollout.id,),
    )
    rows = await cursor.fetchall()
    found: Counter[str] = Counter()
    changed: dict[str, str] = {}
    for first in range(0, len(rows), AT_ONCE):
        part = rows[first : first + AT_ONCE]
        newest = await series.newest(conn, [row[0] for row in part], _SAID)
        for device, kind, offered_at, last_seen, before in part:
            said = {name: newest[device, name] for name in _SAID if (device, name) in newest}
            word = outcome(_word(device, rollout, said, offered_at), kind, offered_at, last_seen, now)
            found[word] += 1
            if word != before:
                changed[device] = word
    if changed:
        await conn.execute(
            "UPDATE rollout_device r SET outcome = n.outcome "
            "FROM unnest(%s::text[], %s::text[]) AS n (device, outcome) WHERE r.rollout = %s AND r.device = n.device",
            (list(changed), list(changed.values()), rollout.id),
        )
    await conn.execute("UPDATE rollout SET looked_at = %s WHERE id = %s", (now, rollout.id))
    return Stage(rollout.stage, rollout.stage_at, timedelta(hours=rollout.soak_h), found, rollout.forgiven)


def _word(device: str, rollout: Rollout, said: dict[str, tuple[datetime, int]], offered_at: datetime) -> str:
    beat = said["version"][0] if "version" in said else None

    def stands(name: str) -> int:
        at, number = said.get(name, (None, 0))
        return number if at is not None and at == beat else 0

    if stands("version") != rollout.version and (beat is None or beat < offered_at):
        return "waits"  # what it refused before is another matter
    heard = Heard(
        device, "", rollout.bundle, rollout.version, stands("version"), stands("update_refused"),
        stands("update_version"), stands("on_trial") == 1,
    )  # fmt: skip
    return said_outcome(heard)


async def move(conn: Connection, id: int, stage: int) -> None:
    await conn.execute(
        "UPDATE rollout SET stage = %s, stage_at = clock_timestamp(), state = 'going', why = '' WHERE id = %s",
        (stage, id),
    )


async def go_on(conn: Connection, id: int, forgiven: int) -> None:
    """`forgiven`: failures so far, which a person has seen. Who waits is offered it again."""
    await conn.execute(
        "UPDATE rollout SET state = 'going', why = '', forgiven = %s, stage_at = clock_timestamp() WHERE id = %s",
        (forgiven, id),
    )
    await conn.execute("UPDATE rollout_device SET offered_at = NULL WHERE rollout = %s AND outcome = 'waits'", (id,))


async def end(conn: Connection, rollout: Rollout, state: str, why: str = "") -> None:
    """Halted or done. A halt ends the offers of who has not taken it."""
    await conn.execute("UPDATE rollout SET state = %s, why = %s WHERE id = %s", (state, why, rollout.id))
    if state == "halted":
        cursor = await conn.execute(
            "UPDATE firmware_offer o SET ended_at = clock_timestamp() FROM rollout_device r WHERE r.rollout = %s "
            "AND o.device = r.device AND o.bundle = %s AND o.ended_at IS NULL AND r.outcome <> 'runs' "
            "RETURNING o.device",
            (rollout.id, rollout.bundle),
        )
        await tell(conn, [(None, row[0]) for row in await cursor.fetchall()])
