"""Who must see to what is late is told so: once, by message, and by telephone only of what is urgent."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from heartlamp_server.calling import Channels
from heartlamp_server.matter.climb import climb
from heartlamp_server.notification.model import Trait
from heartlamp_server.notification.texts import Texts
from heartlamp_server.responder import store as people
from heartlamp_server.seal import Seal
from heartlamp_server.supervising import Supervising

from tests.server.matter.cases import LAMP, NOW, ROAD
from tests.server.matter.rows import Town

CHANNELS = Channels(
    {"voice": "aliyun-voice", "sms": "aliyun-sms"}, {"voice": Trait(wakes=True, merges=False), "sms": Trait()}, {}
)
SEAL = Seal(bytes(32))


def test_a_supervisor_is_told_once_and_telephoned_only_of_what_is_urgent(new_database: Callable[[], str]) -> None:
    town = Town(new_database)
    tell = Supervising(SEAL, lambda: CHANNELS).tell

    async def work() -> None:
        async with await town.connect() as conn:
            await people.set_numbers(conn, SEAL, "镇指挥员", ["+8615400000001"])
            for kind in (ROAD, LAMP):
                await town.whistled(conn, NOW, kind)
                for _ in range(2):
                    await climb(conn, tell, NOW + timedelta(days=99))

    asyncio.run(work())
    assert (ROAD.urgent, LAMP.urgent) == (True, False)
    rows = town.sql("SELECT incident, channel, kind, fields FROM notification ORDER BY id")
    assert [(channel, kind) for _, channel, kind, _ in rows] == [
        ("voice", "overdue"), ("sms", "overdue"), ("sms", "overdue"),
    ]  # fmt: skip
    assert len({incident for incident, *_ in rows}) == 2
    fields = rows[-1][3]
    assert fields == {"village": "东村", "what": LAMP.zh}  # nothing of who raised it, and no house
    assert LAMP.zh in Texts().say("overdue.text", "zh", fields)


def test_who_has_no_way_spoils_nobodys_climb(new_database: Callable[[], str]) -> None:
    town = Town(new_database)

    async def work() -> None:
        async with await town.connect() as conn:
            await town.whistled(conn, NOW, LAMP)
            assert await climb(conn, Supervising(SEAL, lambda: CHANNELS).tell, NOW + timedelta(days=99)) == 1

    asyncio.run(work())
    assert town.sql("SELECT count(*) FROM notification") == [(0,)]
    assert town.sql("SELECT next_climb_at FROM matter") == [(None,)]
