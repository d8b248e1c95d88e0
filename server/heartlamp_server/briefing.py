"""The daily brief goes to who has the post: into the outbox, in the transaction in which it is made, so that it goes
once, however many make briefs and whatever is killed when."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from heartlamp_server.calling import Channels, ways_to
from heartlamp_server.escalation import duties
from heartlamp_server.escalation.duties import target_id
from heartlamp_server.figures.brief.model import BriefView, text
from heartlamp_server.notification import store as outbox
from heartlamp_server.notification.model import NotTold, Wanted
from heartlamp_server.responder.roster import model as rosters
from heartlamp_server.responder.roster import store as roster_store

log = logging.getLogger("heartlamp.figures")

Connection = psycopg.AsyncConnection[Any]

POSTS = ("operator", "commander")
OF_USE = timedelta(hours=12)
"""Later than that it is read on its page: who has the post by then took it over without."""


class Briefing:
    """`channels`: asked for when somebody is to be told."""

    def __init__(self, channels: Callable[[], Channels], zone: ZoneInfo) -> None:
        self._channels, self._zone = channels, zone

    async def tell(self, conn: Connection, brief: BriefView) -> None:
        """`brief`: without silent alarms, because a message lies open. By mail, chat and in the console: nobody's
        telephone rings for it. An area without a roster of that post is told nothing."""
        channels, now = self._channels(), brief.made_at
        if not channels or now >= brief.until + OF_USE:
            return
        quiet = Channels(
            {name: kind for name, kind in channels.kinds.items() if not kind.endswith(("-voice", "-sms"))},
            channels.traits,
            channels.addresses,
        )
        names = await _on_duty(conn, brief.area, now)
        behind = await duties.behind(conn, map(target_id, names))
        for name in names:
            person = behind.get(target_id(name))
            if person is None:
                continue
            lang = person.languages[0] if person.languages else "zh"
            said = text(brief, self._zone, not lang.startswith("zh")).splitlines()[1:]
            wanted = Wanted(
                f"brief-{brief.area}-{brief.day}",
                0,
                0,
                target_id(name),
                "brief",
                {"village": brief.name, "label": ("；" if lang.startswith("zh") else ". ").join(said)},
                ways_to(person, [], quiet, []),
                lang=lang,
                urgent=False,
                not_after=brief.until + OF_USE,
            )
            try:
                await outbox.ask(conn, wanted, channels.traits, now)
            except NotTold as why:
                log.warning("of the brief of %s %s is not told: %s", brief.name, wanted.target, why)


async def _on_duty(conn: Connection, area: int, now: datetime) -> list[str]:
    """By rosters alone: who has the role without one has no shift that a brief could be for."""
    found = await roster_store.rosters(
        conn, "ro.area = %(area)s AND ro.role = ANY(%(roles)s)", {"area": area, "roles": list(POSTS)}
    )
    called = [name for post in POSTS for name in rosters.on_call(found.values(), area, post, now)]
    return list(dict.fromkeys(called))
