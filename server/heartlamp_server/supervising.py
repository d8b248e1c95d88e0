"""What is late is told to who must see to it: climbs of matters go into the outbox, in the transaction of the climb."""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import psycopg

from heartlamp_server.calling import Channels, ways_to
from heartlamp_server.escalation import duties
from heartlamp_server.escalation.duties import target_id
from heartlamp_server.matter.climb import Wanted as Climb
from heartlamp_server.notification import store as outbox
from heartlamp_server.notification.model import NotTold, Wanted, wakes
from heartlamp_server.responder import store as people
from heartlamp_server.seal import Seal

log = logging.getLogger("heartlamp.matter")

OF_USE = timedelta(hours=12)
"""Who is told later than that reads it in the list of what is late."""


class Supervising:
    """`channels`: asked for when somebody is to be told."""

    def __init__(self, seal: Seal, channels: Callable[[], Channels]) -> None:
        self._seal, self._channels = seal, channels

    async def tell(self, conn: psycopg.AsyncConnection[Any], climbs: Sequence[Climb]) -> None:
        """A telephone rings only for what is urgent. Somebody without a way spoils nobody's climb."""
        channels = self._channels()
        if not channels:
            return
        names = sorted({climb.person for climb in climbs})
        behind = await duties.behind(conn, map(target_id, names))
        numbers = await people.numbers(conn, self._seal, names)
        now = await outbox.now(conn)
        for climb in climbs:
            person = behind.get(target_id(climb.person))
            if person is None:
                continue
            found = ways_to(person, [n.number for n in numbers[climb.person]], channels, [])
            if not climb.urgent:
                found = tuple(way for way in found if not wakes([way], channels.traits))
            lang = person.languages[0] if person.languages else "zh"
            step = int(climb.key.split("/")[2])
            wanted = Wanted(
                f"matter-{climb.matter}",
                0,
                step,
                target_id(climb.person),
                "overdue",
                {"village": climb.where[-1] if climb.where else "", "what": climb.what[not lang.startswith("zh")]},
                found,
                climb.level,
                lang,
                urgent=climb.urgent,
                not_after=now + OF_USE,
            )
            try:
                await outbox.ask(conn, wanted, channels.traits, now)
            except NotTold as why:
                log.warning("of matter %s %s is not told: %s", climb.matter, wanted.target, why)
