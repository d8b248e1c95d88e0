"""What a scope lets through: the table, and that the pure rule and its SQL never differ."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from heartlamp_server.device.listing import counts
from heartlamp_server.responder.model import Person
from heartlamp_server.responder.scope import (
    NEEDS_SECOND,
    ROLES,
    TABLE,
    Grant,
    Scope,
    Spot,
    anywhere,
    contains,
    may,
    reach,
    scope,
    sees,
)
from heartlamp_server.responder.store import GRANTS, to_grants
from heartlamp_server.responder.within import Where, area_spots, gateway_spots, site_spots
from hypothesis import given, settings
from hypothesis import strategies as st

SOMEBODY = Person("somebody", "某人")
LEVELS = ("county", "township", "village", "group")


def of(*grants: Grant) -> Scope:
    return scope(SOMEBODY, grants, 1, True)


@pytest.mark.parametrize("action", TABLE)
def test_each_action_is_somebodys_and_every_name_is_a_role(action: str) -> None:
    assert TABLE[action]
    assert TABLE[action] <= set(ROLES)


def test_who_holds_nothing_may_only_mind_the_own_account() -> None:
    assert [a for a in TABLE if anywhere(of(), a)] == ["self"]


def test_police_see_what_was_handed_over_and_only_that() -> None:
    police, here = of(Grant("police", 1)), Spot(frozenset((1, 2)))
    for silent in (False, True):
        for past in (False, True):
            assert sees(police, here, silent, past, handed_over=True)
            assert not sees(police, here, silent, past, handed_over=False)
    assert not sees(police, Spot(frozenset((3,))), False, False, handed_over=True)


def test_who_works_in_the_field_sees_the_present_and_nothing_silent() -> None:
    for role in ("grid_worker", "group_head", "volunteer"):
        one, here = of(Grant(role, 1)), Spot(frozenset((1,)))
        assert sees(one, here, silent=False, past=False, handed_over=False)
        assert not sees(one, here, silent=False, past=True, handed_over=False)
        assert not sees(one, here, silent=True, past=False, handed_over=False)
        assert not may(one, "incident.close", here)
        assert not may(one, "incident.answer_for", here)


def test_nobody_in_the_village_learns_of_a_silent_alarm() -> None:
    here = Spot(frozenset((1,)))
    for level in ("village", "grid", "group"):
        assert not sees(of(Grant("operator", 1, level)), here, silent=True, past=False, handed_over=False)
        assert sees(of(Grant("police", 1, level)), here, silent=True, past=False, handed_over=True)
    for level in ("county", "township", "city"):
        assert sees(of(Grant("operator", 1, level)), here, silent=True, past=False, handed_over=False)


def test_departments_technicians_and_auditors_see_no_incident() -> None:
    for role in ("department", "technician", "auditor", "administrator"):
        for over in (False, True):
            assert not sees(of(Grant(role)), Spot(frozenset((1,)), "s1"), False, over, handed_over=True)


def test_a_family_reaches_its_house_and_closes_nothing() -> None:
    family = of(Grant("family", site="s1"))
    assert sees(family, Spot(frozenset((1,)), "s1"), False, False, False)
    assert not sees(family, Spot(frozenset((1,)), "s2"), False, False, False)
    assert not anywhere(family, "incident.close")
    assert not reach(family, "device.see")


def test_commanders_and_administrators_hold_nothing_without_the_second_factor() -> None:
    grants = tuple(Grant(role) for role in ROLES if role != "family")
    half = scope(SOMEBODY, grants, 1, False)
    assert set(half.waiting) == NEEDS_SECOND
    assert {g.role for g in half.grants} == set(ROLES) - NEEDS_SECOND - {"family"}
    assert scope(SOMEBODY, grants, 1, True).waiting == ()


def test_what_lies_nowhere_is_for_who_may_everywhere() -> None:
    assert may(of(Grant("operator")), "device.see", Spot())
    assert not may(of(Grant("operator", 1)), "device.see", Spot())


def test_nobody_changes_an_account_that_reaches_further() -> None:
    township = of(Grant("administrator", 2))
    spots = {n: Spot(frozenset((1, n))) for n in (2, 3)} | {4: Spot(frozenset((1, 2, 4))), 1: Spot(frozenset((1,)))}
    sites = {"s1": Spot(frozenset((1, 2, 4)), "s1"), "s2": Spot(frozenset((1, 3)), "s2")}

    def change(*grants: Grant) -> bool:
        return contains(township, "person.change", grants, spots, sites)

    assert change(Grant("operator", 2))
    assert change(Grant("operator", 4), Grant("family", site="s1"))
    assert not change(Grant("operator", 1))
    assert not change(Grant("operator", 2), Grant("operator", 3))
    assert not change(Grant("operator"))
    assert not change(Grant("family", site="s2"))
    assert not change(Grant("operator", 99))
    assert not change()
    assert contains(of(Grant("administrator")), "person.change", (), {}, {})


# --- the same as SQL, over any tree of areas ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def conninfo(new_database: Callable[[], str]) -> str:
    return new_database()


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_rule_and_its_sql_never_differ(conninfo: str, data: st.DataObject) -> None:
    async def compared() -> None:
        async with await psycopg.AsyncConnection.connect(conninfo) as conn:
            await _compare(conn, data)
            await conn.rollback()

    asyncio.run(compared())


@pytest.mark.parametrize(("counties", "above"), [(1, True), (2, False)])
def test_who_has_the_only_county_of_a_city_has_all_but_what_is_the_city_s(
    conninfo: str, counties: int, above: bool
) -> None:
    async def tried() -> None:
        async with await psycopg.AsyncConnection.connect(conninfo) as conn:
            made = "INSERT INTO area (parent, level, name) VALUES (%s, %s, %s) RETURNING id"
            [(city,)] = await (await conn.execute(made, (None, "city", "市"))).fetchall()
            county = [
                (await (await conn.execute(made, (city, "county", f"县{n}"))).fetchall())[0][0] for n in range(counties)
            ]
            [(town,)] = await (await conn.execute(made, (county[0], "township", "镇"))).fetchall()
            for site, area in (
                ("of-city", city),
                ("of-county", county[0]),
                ("of-town", town),
                ("of-other", county[-1]),
            ):
                await conn.execute("INSERT INTO site (id, area, name) VALUES (%s, %s, %s)", (site, area, site))
            [grant] = await _stored(conn, [Grant("operator", county[0], "county")])
            assert (grant.above == (city,)) is above
            where = Where()
            condition = where.inside(reach(of(grant), "device.see"), "s.area", "s.id")
            found = await _ids(conn, f"SELECT id FROM site s WHERE {condition}", where.values)
            assert found == {"of-county", "of-town"} | ({"of-other"} if counties == 1 else set())
            await conn.rollback()

    asyncio.run(tried())


async def _compare(conn: psycopg.AsyncConnection[Any], data: st.DataObject) -> None:
    areas: list[tuple[int, str]] = []
    for n in range(data.draw(st.integers(1, 10))):
        depth = data.draw(st.integers(0, 3))
        above = [id for id, level in areas if LEVELS.index(level) < depth]
        parent = data.draw(st.sampled_from(above)) if above else None
        row = await (
            await conn.execute(
                "INSERT INTO area (parent, level, name) VALUES (%s, %s, %s) RETURNING id",
                (parent, LEVELS[depth], f"区{n}"),
            )
        ).fetchone()
        assert row is not None
        areas.append((row[0], LEVELS[depth]))
    sites = [f"s{n}" for n in range(data.draw(st.integers(1, 6)))]
    for site in sites:
        area = data.draw(st.sampled_from(areas))[0]
        await conn.execute("INSERT INTO site (id, area, name) VALUES (%s, %s, %s)", (site, area, site))
        await conn.execute("INSERT INTO device (id, kind, site) VALUES (%s, 'lamp', %s)", (f"lamp{site}", site))
        await conn.execute("INSERT INTO gateway (id, village) VALUES (%s, %s)", (f"gw{site}", area))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    cases = {}
    for n in range(8):
        site, what = data.draw(st.sampled_from(sites)), data.draw(st.sampled_from(("panic", "silent")))
        over, handed = data.draw(st.booleans()), data.draw(st.booleans())
        cases[f"e{n}"] = (site, what == "silent", over, handed)
        closed = now + timedelta(hours=1) if over else None
        await conn.execute(
            "INSERT INTO incident (id, site, what, place, opened_at, presses, last_press_at, events, rver, aver,"
            " answer, who, responders, doubts, cancelled, lit, lit_of, closed_at, closed_by, closed_how) "
            "VALUES (%s, %s, %s, '{}', %s, 1, %s, '{}', 1, 0, 'none', %s, '[]', '{}', false, '{}', 0, %s, '', '')"
            " ON CONFLICT DO NOTHING",
            (f"e{n}", site, what, now, now, "handed" if handed else "", closed),
        )
    grants = []
    for _ in range(data.draw(st.integers(0, 4))):
        role = data.draw(st.sampled_from(sorted(ROLES)))
        id, level = data.draw(st.sampled_from([(None, ""), *areas]))
        site = data.draw(st.sampled_from(sites)) if role == "family" else ""
        grants.append(Grant(role, None if site else id, "" if site else level, site))
    asking = of(*await _stored(conn, grants))
    spots = await site_spots(conn, sites)
    where = Where()
    of_site = "(SELECT s.area FROM site s WHERE s.id = i.site)"
    condition = where.seen(asking, of_site, "i.site", "i.what", "(i.closed_at IS NOT NULL)", "(i.who = 'handed')")
    listed = await _ids(conn, f"SELECT id FROM incident i WHERE {condition}", where.values)
    stored = await _ids(conn, "SELECT id FROM incident", {})
    assert listed == {id for id in stored if sees(asking, spots[cases[id][0]], *cases[id][1:])}
    for action in ("device.see", "family.see", "quarantine.see"):
        where = Where()
        condition = where.inside(reach(asking, action), "s.area", "s.id")
        found = await _ids(conn, f"SELECT id FROM site s WHERE {condition}", where.values)
        counted = (await counts(conn, reach(asking, action))).devices
        assert counted == sum(may(asking, action, spots[site]) for site in sites)
        assert found == {site for site in sites if may(asking, action, spots[site])}
    gateways = await gateway_spots(conn, [f"gw{site}" for site in sites])
    assert {g: s.areas for g, s in gateways.items()} == {f"gw{site}": spot.areas for site, spot in spots.items()}
    assert set(await area_spots(conn, [id for id, _ in areas])) == {id for id, _ in areas}


async def _stored(conn: psycopg.AsyncConnection[Any], grants: list[Grant]) -> tuple[Grant, ...]:
    """As they are read for a request: with what they know of the tree."""
    await conn.execute("INSERT INTO person (name, display) VALUES ('asking', 'asking')")
    for grant in grants:
        await conn.execute(
            "INSERT INTO person_role (person, role, area, site) VALUES ('asking', %s, %s, %s)",
            (grant.role, grant.area, grant.site or None),
        )
    row = await (await conn.execute(f"SELECT {GRANTS} FROM person p WHERE name = 'asking'")).fetchone()
    assert row is not None
    read = to_grants(row[0])
    assert sorted(map(repr, grants)) == sorted(repr(replace(grant, above=None)) for grant in read)
    return read


async def _ids(conn: psycopg.AsyncConnection[Any], query: str, values: dict[str, Any]) -> set[str]:
    return {row[0] for row in await (await conn.execute(query, values)).fetchall()}
