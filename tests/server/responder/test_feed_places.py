"""Where the feed's events lie is asked once for all screens, not for each event and screen."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from heartlamp_server.console.frame import Frame, sees_all
from heartlamp_server.console.spots import Spots
from heartlamp_server.database.pool import Database
from heartlamp_server.responder.model import Person
from heartlamp_server.responder.scope import Grant, Scope, scope

from tests.server.county import County
from tests.server.responder.townships import Township

pytestmark = pytest.mark.timeout(240)


class Counted(Database):
    """Counts how often somebody asks it."""

    asked = 0

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        self.asked += 1
        async with super().connection() as conn:
            yield conn


async def _nothing(conn: psycopg.AsyncConnection[Any]) -> None:
    pass


def screen(*grants: Grant) -> Scope:
    return scope(Person("somebody", "某人"), grants, 1, True)


def event(seq: int, site: str, what: str = "panic") -> Frame:
    return Frame((seq, "incident", json.dumps({"site": {"id": site}, "what": what})), "0" * 16)


def test_a_thousand_events_for_fifty_screens_are_one_question(county: County) -> None:
    here, there = Township(county), Township(county)
    sites = [*here.village.sites, *there.village.sites]
    frames = [event(n, sites[n % len(sites)]) for n in range(1000)]
    screens = [screen(Grant("operator", t.areas["township"])) for t in (here, there)] * 25

    async def follow() -> tuple[list[int], int]:
        database = Counted(county.conninfo)
        await database.open(_nothing, _nothing)
        try:
            spots = Spots(database)
            shown = await asyncio.gather(*(spots.shown(one, frames) for one in screens))
            await spots.shown(screens[0], frames)
            return [len(s) for s in shown], database.asked
        finally:
            await database.close()

    shown, asked = asyncio.run(follow())
    assert shown == [500] * 50
    assert asked == 1


def test_a_site_that_is_not_known_is_shown_to_who_sees_everything_and_asked_for_once(county: County) -> None:
    async def follow() -> tuple[int, int, int]:
        database = Counted(county.conninfo)
        await database.open(_nothing, _nothing)
        try:
            spots, frames = Spots(database), [event(1, "nowhere")]
            counts = [len(await spots.shown(screen(g), frames)) for g in (Grant("operator", 1), Grant("operator"))]
            return counts[0], counts[1], database.asked
        finally:
            await database.close()

    assert asyncio.run(follow()) == (0, 1, 1)


def test_who_sees_everything_costs_no_question_at_all() -> None:
    assert sees_all(screen(Grant("operator")))
    assert sees_all(screen(Grant("operator"), Grant("operator", 3)))
    assert not sees_all(screen(Grant("operator", 3)))
    assert not sees_all(screen(Grant("grid_worker"), Grant("administrator")))
    assert not sees_all(screen())


def test_what_the_feed_does_not_know_is_for_who_sees_everything() -> None:
    from heartlamp_server.console.frame import visible
    from heartlamp_server.responder.scope import Spot

    strange = Frame((1, "something new", json.dumps({"about": "anybody"})), "0" * 16)
    assert not visible(screen(Grant("operator", 1)), strange, Spot(frozenset((1,))))
