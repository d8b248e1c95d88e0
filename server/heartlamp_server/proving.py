"""The monthly test calls: a step may count on a number only if a person answered a call to it within 30 days. Who
answers with a key has proven that number; `calling.hooks` writes it down."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from heartlamp_server.calling import Channels, ways_to
from heartlamp_server.escalation import duties
from heartlamp_server.escalation.duties import target_id
from heartlamp_server.notification import store as outbox
from heartlamp_server.notification.model import Wanted, wakes
from heartlamp_server.responder import store as people
from heartlamp_server.seal import Seal

Connection = psycopg.AsyncConnection[Any]

AGAIN = timedelta(days=23)
"""So long after an answer a number is called again: a week is left to reach who was not there."""
VALID = timedelta(hours=3)
CALLED = ("operator", "grid_worker", "group_head", "police", "volunteer", "family", "commander")

_NAMES = f"""
SELECT p.name FROM person p WHERE p.disabled_at IS NULL AND EXISTS (SELECT FROM person_role r
    WHERE r.person = p.name AND r.role = ANY(%s) AND {people.IN_FORCE}) ORDER BY p.name
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """How many numbers: `fresh` proven lately, `asked` called now, `before` called today already, `unreachable`
    without a channel that rings."""

    fresh: int = 0
    asked: int = 0
    before: int = 0
    unreachable: int = 0


async def ask(conn: Connection, seal: Seal, channels: Channels, now: datetime, only: str = "") -> Asked:
    """Puts a test call into the outbox for every number that is due; once a day each, however often it is asked for.
    `now`: the database's; `only`: one person's."""
    rows = await (await conn.execute(_NAMES, (list(CALLED),))).fetchall()
    names = [row[0] for row in rows if only in ("", row[0])]
    behind = await duties.behind(conn, map(target_id, names))
    numbers = await people.numbers(conn, seal, names)
    count = {"fresh": 0, "asked": 0, "before": 0, "unreachable": 0}
    for name in names:
        person = behind.get(target_id(name))
        for n, number in enumerate(numbers[name]):
            if number.answered_at is not None and now - number.answered_at < AGAIN:
                count["fresh"] += 1
            elif person is not None:
                count[await _ask(conn, person, number.number, n, channels, now)] += 1
    return Asked(**count)


async def _ask(conn: Connection, person: duties.Called, number: str, n: int, channels: Channels, now: datetime) -> str:
    found = ways_to(person, [number], channels, [])
    rings = tuple(way for way in found if wakes([way], channels.traits))
    if not rings:
        return "unreachable"
    day = int(f"{now:%Y%m%d}")
    lang = person.languages[0] if person.languages else "zh"
    fields: Mapping[str, str] = {"label": ""}
    target = target_id(person.name)
    wanted = Wanted(outbox.TEST, 0, n, target, "test", fields, rings, day, lang, not_after=now + VALID)
    async with conn.transaction():
        return "asked" if await outbox.ask(conn, wanted, channels.traits, now) else "before"
