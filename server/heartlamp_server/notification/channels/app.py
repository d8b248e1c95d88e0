"""Notices in the console: the row itself is the notice, and the feed says that there is one."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from heartlamp_server.database import feed
from heartlamp_server.database.pool import Database
from heartlamp_server.notification.channels.channel import Heard, Message, Sent, Unreadable
from heartlamp_server.notification.model import Trait


class App:
    """`address`: the account's name. It never wakes anybody: a screen may be off."""

    trait = Trait(wakes=False, merges=False, proves=False)
    provider = "app"
    deadline_s = 10.0

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ready(self) -> None:
        pass

    async def send(self, message: Message) -> Sent:
        """All screens hear that somebody has a notice, and fetch their own: what it says is not in the feed."""
        async with self._database.connection() as conn, conn.transaction():
            await feed.append(conn, [("told", json.dumps({"to": message.address}, ensure_ascii=False))])
        return Sent()

    async def poll(self, provider_ids: Sequence[tuple[str, str, datetime]]) -> list[Heard]:
        return []

    def read(self, body: bytes, query: Mapping[str, str]) -> tuple[list[Heard], bytes]:
        raise Unreadable("this channel hears of nothing")
