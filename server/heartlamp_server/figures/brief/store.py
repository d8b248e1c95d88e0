"""The daily brief out of the county's rows, and the briefs that were made."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from heartlamp_protocol.supervision import COUNTY_TROUBLE_MS
from psycopg.types.json import Jsonb

from heartlamp_server.figures.brief.model import (
    LISTED,
    AlarmLine,
    BriefView,
    LateLine,
    OpenLine,
    SickLine,
    duty,
    window,
)
from heartlamp_server.figures.sample import limits
from heartlamp_server.figures.store import Area
from heartlamp_server.responder.roster.store import rosters

Connection = psycopg.AsyncConnection[Any]

_PLACE = """ARRAY(SELECT a.name FROM area a WHERE a.id = ANY(f.areas) AND a.level IN ('township', 'village')
    ORDER BY a.level)"""
_COUNTED = "f.areas @> ARRAY[%(area)s::bigint] AND NOT f.drill AND NOT f.merged AND (%(silent)s OR f.what <> 'silent')"
_KINDS = f"""
SELECT f.what, f.ended, count(*) FROM figure_fact f
WHERE f.began_at >= %(since)s AND f.began_at < %(until)s AND {_COUNTED} GROUP BY f.what, f.ended
"""
_ALARMS = f"""
SELECT f.what, {_PLACE}, f.began_at, f.ended, f.arrived, f.accept, f.dispatch, f.arrive, f.close FROM figure_fact f
WHERE f.began_at >= %(since)s AND f.began_at < %(until)s AND {_COUNTED} ORDER BY f.began_at, f.incident LIMIT {LISTED}
"""
_OPEN = f"""
SELECT f.what, {_PLACE}, f.began_at, count(*) OVER () FROM incident i JOIN figure_fact f ON f.incident = i.id
WHERE i.closed_at IS NULL AND {_COUNTED} AND f.began_at < %(until)s ORDER BY f.began_at LIMIT {LISTED}
"""
_TREE = """
WITH RECURSIVE tree (id) AS (
    SELECT %(area)s::bigint UNION SELECT a.id FROM area a JOIN tree ON a.parent = tree.id
)
"""
_SICK = f"""
{_TREE}, homes (village, area) AS (
    SELECT CASE a.level WHEN 'group' THEN a.parent ELSE a.id END, a.id FROM area a JOIN tree ON tree.id = a.id
), devices AS (
    SELECT h.village, count(*) AS many, count(*) FILTER (WHERE d.last_seen IS NULL OR d.last_seen
        <= %(now)s - (%(limits)s::jsonb ->> d.kind)::bigint * interval '1 ms') AS missed
    FROM homes h JOIN site s ON s.area = h.area JOIN device d ON d.site = s.id
    WHERE d.revoked_at IS NULL GROUP BY h.village
), gateways AS (
    SELECT g.village, bool_or(g.last_seen IS NULL OR g.last_seen <= %(now)s - %(away)s::interval) AS silent
    FROM gateway g WHERE g.village IN (SELECT village FROM homes) AND g.revoked_at IS NULL GROUP BY g.village
)
SELECT v.name, coalesce(d.many, 0), coalesce(d.missed, 0), coalesce(g.silent, false)
FROM devices d FULL JOIN gateways g ON g.village = d.village JOIN area v ON v.id = coalesce(d.village, g.village)
WHERE coalesce(d.missed, 0) > 0 OR g.silent ORDER BY v.code, v.name
"""
_LATE = f"""
{_TREE} SELECT m.id, m.kind ->> 'zh', m.kind ->> 'en', m.unit, a.name, m.due_at, m.on_request
FROM matter m JOIN tree ON tree.id = m.area JOIN area a ON a.id = m.area
WHERE m.ended = '' AND m.due_at <= %(now)s ORDER BY m.due_at, m.id
"""


async def make(
    conn: Connection, area: Area, day: date, at_minute: int, zone: ZoneInfo, silent: bool, now: datetime
) -> BriefView:
    """Facts as they are; the caller refreshed them. What is open, sick and late is as of `now`."""
    since, until = window(day, at_minute, zone)
    asked: dict[str, Any] = {"area": area.id, "since": since, "until": until, "silent": silent, "now": now}
    asked |= {"limits": Jsonb(limits()), "away": timedelta(milliseconds=COUNTY_TROUBLE_MS)}
    counted = await _rows(conn, _KINDS, asked)
    kinds: Counter[str] = Counter()
    for what, _, many in counted:
        kinds[what] += many
    alarms = [_alarm(n, row) for n, row in enumerate(await _rows(conn, _ALARMS, asked), 1)]
    opened = await _rows(conn, _OPEN, asked)
    sick = [
        SickLine(village=name, devices=many, missed=missed, gateway=gone)
        for name, many, missed, gone in await _rows(conn, _SICK, asked)
    ]
    late = await _rows(conn, _LATE, asked)
    public = [row for row in late if not row[6]]
    return BriefView(
        area=area.id,
        name=area.name,
        day=day,
        since=since,
        until=until,
        made_at=now,
        alarms=sum(kinds.values()),
        kinds=dict(kinds),
        ended=sum(many for _, ended, many in counted if ended),
        false=sum(many for _, ended, many in counted if ended == "false"),
        listed=alarms,
        open=opened[0][3] if opened else 0,
        opened=[OpenLine(what=what, place=place, began_at=at) for what, place, at, _ in opened],
        sick=sick,
        duty=await _duty(conn, asked),
        late=len(late),
        private=len(late) - len(public),
        matters=[_late(row, now) for row in public[:LISTED]],
    )


async def keep(conn: Connection, known: BriefView, plain: BriefView) -> bool:
    """As it was made at its hour. False: it was made before."""
    cursor = await conn.execute(
        "INSERT INTO figure_brief (area, day, known, plain) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT DO NOTHING RETURNING day",
        (known.area, known.day, known.model_dump_json(), plain.model_dump_json()),
    )
    return await cursor.fetchone() is not None


async def kept(conn: Connection, area: int, day: date, silent: bool) -> BriefView | None:
    column = "known" if silent else "plain"
    rows = await _rows(conn, f"SELECT {column} FROM figure_brief WHERE area = %(area)s AND day = %(day)s", {
        "area": area, "day": day,
    })  # fmt: skip
    return BriefView.model_validate(rows[0][0]) if rows else None


_WITHOUT = """
SELECT id, parent, level, code, name FROM area a WHERE valid_to IS NULL AND level IN ('county', 'township')
    AND NOT EXISTS (SELECT FROM figure_brief WHERE area = a.id AND day = %(day)s) ORDER BY id
"""


async def without(conn: Connection, day: date) -> list[Area]:
    """Counties and townships of which there is no brief of this day."""
    return [Area(*row) for row in await _rows(conn, _WITHOUT, {"day": day})]


async def _duty(conn: Connection, asked: Mapping[str, Any]) -> list[Any]:
    inside = f"ro.area IN ({_TREE} SELECT id FROM tree)"
    found = await rosters(conn, inside, {"area": asked["area"]})
    areas = [roster.area for roster in found.values()]
    levels = dict(await _rows(conn, "SELECT id, level FROM area WHERE id = ANY(%(areas)s)", {"areas": areas}))
    return duty(((levels[r.area], r) for r in found.values() if r.area in levels), asked["since"], asked["until"])


def _alarm(n: int, row: Any) -> AlarmLine:
    what, place, began_at, ended, arrived, *times = row
    names = ("accept_s", "dispatch_s", "arrive_s", "close_s")
    seconds = {name: None if ms is None else round(ms / 1000) for name, ms in zip(names, times, strict=True)}
    return AlarmLine(n=n, what=what, place=place, began_at=began_at, ended=ended, arrived=arrived, **seconds)


def _late(row: Any, now: datetime) -> LateLine:
    id, zh, en, unit, place, due_at, _ = row
    minutes = int((now - due_at).total_seconds() // 60)
    return LateLine(matter=id, zh=zh, en=en, unit=unit, place=place, late_minutes=minutes)


async def _rows(conn: Connection, query: str, values: Mapping[str, Any]) -> list[Any]:
    return await (await conn.execute(query, values)).fetchall()
