"""What a household's page shows, gathered. Of a silent alarm it knows nothing: no call, no device, no look at a picture
that was taken at one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from heartlamp_protocol.supervision import supervision_ms

from heartlamp_server.area import household_store
from heartlamp_server.area.household import Household
from heartlamp_server.area.seal import Sealer
from heartlamp_server.device import listing
from heartlamp_server.device.model import online
from heartlamp_server.escalation import duties
from heartlamp_server.escalation.choose import Call, course_at
from heartlamp_server.house.model import GREEN, ON_ITS_WAY, Press, press_that_pairs
from heartlamp_server.house.store import Connection, Pairing
from heartlamp_server.incident import store as incidents
from heartlamp_server.incident.model import Incident
from heartlamp_server.responder import store as people
from heartlamp_server.responder.scope import Reach
from heartlamp_server.seal import Seal
from heartlamp_server.telemetry.model import SeriesAway, TimeSeries

LOOKS_MOST = 30
CALLS_MOST = 3
_SEEN_BEFORE = timedelta(days=90)
_LOOKS = """
SELECT a.at, a.who FROM audit a WHERE a.site = %s AND a.what = 'look.picture' AND NOT EXISTS (
    SELECT FROM event e JOIN incident i ON i.id = e.incident WHERE e.id = a.about AND i.what = 'silent')
ORDER BY a.id DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A device, as far as it concerns who lives there. `well`: None where nobody can say."""

    id: str
    kind: str
    well: bool | None
    last_seen: datetime | None


async def shown(conn: Connection, site: str) -> list[Shown]:
    """Not the button of a silent alarm: whoever holds this phone shall not learn that there is one."""
    now, rows = await listing.sites_with_devices(conn, Reach(sites=(site,)))
    found = []
    for d in (d for row in rows for d in row.devices if d.kind != "silent" and not d.revoked):
        late = d.last_seen is None or now - d.last_seen > timedelta(milliseconds=supervision_ms(d.kind))
        there = online(now, d.village, d.wan, d.kind)
        found.append(Shown(d.id, d.kind, False if late else there, d.last_seen))
    return found


async def last_drill(conn: Connection, series: TimeSeries, ids: list[str], calls: list[Incident]) -> datetime | None:
    """When a press of one of these devices was last known to be received; None: not since they started, or unknown.
    `calls`: of the house. A button on a battery tells of its press hours later, its call at once."""
    known = [one.opened_at for one in calls if one.source == "device"]
    try:
        newest = await series.newest(conn, ids, ["drill_ms"])
    except SeriesAway:
        newest = {}
    return max([*known, *(at - timedelta(milliseconds=ms) for at, ms in newest.values() if ms >= 0)], default=None)


async def pressed(conn: Connection, series: TimeSeries, ids: list[str], waiting: Pairing) -> Press | None:
    """The press that pairs this phone, if it was made. Raises SeriesAway."""
    presses, before = [], set()
    for id in ids:
        since = waiting.began_at - _SEEN_BEFORE
        for at, number in await series.range(conn, id, GREEN, since, waiting.until + ON_ITS_WAY):
            press = Press(id, at, number)
            if at < waiting.began_at:
                before.add(press.id)
            else:
                presses.append(press)
    return press_that_pairs(presses, before, waiting.began_at, waiting.until)


async def called(conn: Connection, seal: Seal, site: str, now: datetime) -> list[tuple[int, list[str]]]:
    """(seconds after a press, who is called then if nobody has answered), by the policy that holds now."""
    row = await (await conn.execute("SELECT area FROM site WHERE id = %s", (site,))).fetchone()
    assert row is not None
    course = await course_at(conn, seal, Call(await duties.place(conn, row[0], site), "panic"), now)
    steps: dict[int, list[str]] = {}
    for step in course.policy.steps if course else ():
        for id in step.targets:
            target = course.target(id) if course else None
            names = steps.setdefault(step.at_ms // 1000, [])
            if target is not None and target.name not in names:
                names.append(target.name)
    return sorted((at, names) for at, names in steps.items() if names)


async def looks(conn: Connection, site: str) -> list[tuple[datetime, str]]:
    """(when, who) looked at a picture of this house, newest first."""
    rows = await (await conn.execute(_LOOKS, (site, LOOKS_MOST))).fetchall()
    names = await people.displays(conn, [who for _, who in rows])
    return [(at, names.get(who, "值班员")) for at, who in rows]


async def calls(conn: Connection, site: str) -> list[Incident]:
    """The last ones, newest first."""
    cursor = await conn.execute(
        "SELECT to_jsonb(i) FROM incident i WHERE site = %s AND what <> 'silent' "
        "AND (closed_at IS NULL OR closed_at > now() - interval '30 days') ORDER BY opened_at DESC LIMIT %s",
        (site, CALLS_MOST),
    )
    return [incidents.from_row(row[0]) for row in await cursor.fetchall()]


async def household(conn: Connection, seal: Sealer, site: str) -> Household:
    """Raises cryptography's InvalidTag where the key file is another."""
    found: dict[str, Any] = await household_store.read(conn, seal, [site])
    kept: Household = found.get(site, Household())
    return kept
