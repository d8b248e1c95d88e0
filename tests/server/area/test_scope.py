"""Whoever has a part of the county sees and changes that part, and of the rest not even that it is there."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from heartlamp_server import config
from heartlamp_server.area import household_routes, routes, site_routes
from heartlamp_server.area.reader import Reader, within
from heartlamp_server.area.rezone_store import Gateways
from heartlamp_server.database.pool import Database
from heartlamp_server.device import rezone
from heartlamp_server.device.vault import Vault, read_key

from tests.server.area.zone import Zone

Ask = Callable[..., Awaitable[httpx.Response]]


def asked(
    zone: Zone, reader: Reader, story: Callable[[Ask], Awaitable[None]], broken: bool = False
) -> list[tuple[str, str, str]]:
    """Runs the story against the real routes and database, as this reader; returns what was written down as looks.
    `broken`: nothing can be written down."""
    looks: list[tuple[str, str, str]] = []

    async def nothing(conn: Any) -> None:
        pass

    async def look(conn: Any, who: str, what: str, id: str) -> None:
        if broken:
            raise RuntimeError("the log is full")
        looks.append((who, what, id))

    async def reads(request: Request) -> Reader:
        return reader

    async def work() -> None:
        database = Database(zone.county.conninfo)
        await database.open(nothing, nothing)
        try:
            app, gateways = FastAPI(), Gateways(rezone.retell, rezone.merge)
            vault = Vault(read_key(config.read(zone.county.config).key_file))
            for router in (
                routes.router(database, lambda action: reads, gateways),
                site_routes.router(database, lambda action: reads, gateways),
                household_routes.router(database, lambda action: reads, vault, look),
            ):
                app.include_router(router)
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://county") as http:
                await story(lambda path, **body: http.post(path, json=body) if body else http.get(path))
        finally:
            await database.close()

    asyncio.run(work())
    return looks


def some(*areas: int) -> frozenset[int]:
    return frozenset(areas)


def test_within_is_the_area_or_below_it() -> None:
    assert within(None, [])
    assert within(some(2), [1, 2, 3])
    assert not within(some(4), [1, 2, 3])
    assert not within(frozenset(), [1, 2, 3])


def test_a_village_sees_its_way_down_and_itself(zone: Zone) -> None:
    east, west, township, top = (zone.id(c) for c in (zone.east, zone.west, zone.township, zone.code))
    reader = Reader("网格员一", some(east), frozenset(), frozenset(), frozenset())
    [site] = zone.sites("1")

    async def story(ask: Ask) -> None:
        [above] = (await ask("/areas")).json()["areas"]
        assert (above["id"], above["sites"], above["devices"]) == (top, None, None), "how many others have is told"
        below = (await ask(f"/areas?parent={township}")).json()
        assert [(a["id"], a["sites"] > 0) for a in below["areas"]] == [(east, True)]
        assert (await ask(f"/areas/{east}")).status_code == 200
        assert (await ask(f"/sites/{site}")).status_code == 200
        for path in (f"/areas/{west}", f"/areas?parent={west}", f"/areas/{township}", f"/areas/{west}/sites"):
            assert (await ask(path)).status_code == 404
        assert (await ask(f"/sites/{site}/household")).status_code == 403
        assert (await ask(f"/areas/{east}/rezone", day="2026-01-01", name="东山村")).status_code == 403
        assert (await ask(f"/areas/{west}/rezone", day="2026-01-01", name="西山村")).status_code == 404
        assert (await ask("/areas", level="county", name=secrets.token_hex(3))).status_code == 403
        assert (await ask("/household-lists", area=east, why="x")).status_code == 403

    assert asked(zone, reader, story) == []


def test_a_house_of_another_village_is_as_if_it_were_not(zone: Zone) -> None:
    [site] = zone.sites("1")
    west = some(zone.id(zone.west))

    async def story(ask: Ask) -> None:
        consent = {"kind": "data", "given_on": "2026-01-01", "how": "witness", "evidence": "x"}
        for path, body in (
            ("", {}), ("/household", {}), ("/export", {}), ("", {"name": "x"}), ("/consents", consent),
            ("/move", {"area": zone.id(f"{zone.west}001"), "day": "2026-01-01"}),
            ("/household", {"contacts": [], "needs": {}}), ("/consents/withdraw", {"kind": "data"}),
        ):  # fmt: skip
            assert (await ask(f"/sites/{site}{path}", **body)).status_code == 404, path

    assert asked(zone, Reader("值班员", west, west, west, west), story) == []


def test_an_area_cannot_be_moved_to_where_its_mover_may_not_write(zone: Zone) -> None:
    east, west = zone.id(zone.east), zone.id(zone.west)
    group = zone.id(f"{zone.east}001")

    async def story(ask: Ask) -> None:
        assert (await ask(f"/areas/{group}/rezone", day="2099-01-01", parent=west, code="")).status_code == 403
        assert (await ask(f"/areas/{east}/rezone", day="2099-01-01", into=west)).status_code == 403

    asked(zone, Reader("值班员", None, some(east), None, None), story)


def test_each_look_is_written_down(zone: Zone) -> None:
    [site] = zone.sites("1")

    async def story(ask: Ask) -> None:
        assert (await ask(f"/sites/{site}")).status_code == 200
        assert (await ask(f"/sites/{site}/household")).status_code == 200
        assert (await ask(f"/sites/{site}/export")).status_code == 200

    seen = asked(zone, Reader("值班员"), story)
    assert seen == [("值班员", "household seen", site), ("值班员", "household exported", site)]


def test_a_look_that_cannot_be_written_down_shows_nothing(zone: Zone) -> None:
    [site] = zone.sites("1")

    async def story(ask: Ask) -> None:
        with pytest.raises(RuntimeError):
            await ask(f"/sites/{site}/consents/withdraw", kind="data")

    asked(zone, Reader("值班员"), story, broken=True)
    assert zone.county.sql("SELECT count(*) FROM household WHERE site = %s", site) == [(0,)]
