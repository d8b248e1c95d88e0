"""What nobody accepts within 15 s is told to the next post that somebody staffs; its timeline says so."""

import time
from datetime import timedelta

from heartlamp_server.incident.model import answer
from heartlamp_server.responder.scope import Grant
from heartlamp_server.shift.passing import AFTER, MOST, StaffedPost, ladder, next_post, waits

from tests.server.county import County
from tests.server.responder.people import Somebody
from tests.server.responder.townships import Township
from tests.server.test_life import NOW, opened

GROUP, VILLAGE, TOWN = 11, 7, 3
CHAIN = (GROUP, VILLAGE, TOWN)


def posts(**people: str) -> tuple[StaffedPost, ...]:
    areas = {"village": VILLAGE, "town": TOWN, "county": None}
    return ladder(CHAIN, {areas[post]: frozenset(who.split()) for post, who in people.items()})


def test_the_nearest_staffed_post_comes_first_and_the_county_last() -> None:
    assert [p.area for p in posts(county="c", town="t", village="v")] == [VILLAGE, TOWN, None]
    assert [p.area for p in posts(county="c")] == [None]
    assert ladder(CHAIN, {99: frozenset("x")}) == (), "another township's desk is none of its"


def test_who_holds_two_posts_is_told_once() -> None:
    assert [p.area for p in posts(village="a", town="a", county="b")] == [VILLAGE, None]


def test_every_15_seconds_the_next_one_is_told_and_nobody_twice() -> None:
    there = posts(village="v", town="t", county="c")
    assert next_post(there, frozenset(), AFTER - timedelta(seconds=1)) is None
    assert next_post(there, frozenset(), AFTER) == (there[0], there[1])
    assert next_post(there, frozenset({TOWN}), AFTER) is None
    assert next_post(there, frozenset({TOWN}), 2 * AFTER) == (there[1], there[2])
    assert next_post(there, frozenset({TOWN, None}), 9 * AFTER) is None
    assert next_post(posts(town="t"), frozenset(), AFTER) is None, "there is nobody to tell"
    many = tuple(StaffedPost(n, frozenset({str(n)})) for n in range(12))
    assert next_post(many, frozenset(range(1, MOST + 1)), 99 * AFTER) is None


def test_a_neighbour_on_the_way_is_no_desk_that_took_it() -> None:
    incident = opened()
    coming, _ = answer(incident, "site:s2", "三组 2号", "coming", NOW)
    accepted, _ = answer(incident, "person:op", "值班员", "accepted", NOW, "op")
    withdrawn, _ = answer(accepted, "person:op", "值班员", "withdrawn", NOW, "op")
    assert [waits(one) for one in (incident, coming, accepted, withdrawn)] == [True, True, False, True]


def test_a_press_that_a_township_leaves_is_told_to_the_county(county: County) -> None:
    town = Township(county)
    county.sql("UPDATE session SET expires_at = now() WHERE person NOT LIKE %s", f"%{town.mark}")
    above = Somebody(county, Grant("operator"))
    waiting = [town.open, town.silent]
    county.sql("UPDATE incident SET opened_at = opened_at - interval '16 s' WHERE id = ANY(%s)", waiting)

    def passed(incident: str) -> list[tuple[str, str]]:
        return county.sql(
            "SELECT detail ->> 'from', detail ->> 'who' FROM timeline WHERE incident = %s AND kind = 'passed_on'",
            incident,
        )

    for _ in range(200):
        if all(passed(one) for one in waiting):
            break
        time.sleep(0.05)
    for one in waiting:
        assert passed(one) == [(f"镇{town.mark}", above.display)]
    [line] = [li for li in above.get(f"incidents/{town.open}").json()["timeline"] if li["kind"] == "passed_on"]
    assert "15 秒无人受理，已转告" in line["text_zh"]
    rows = county.sql("SELECT data FROM feed WHERE kind = 'passed'")
    assert {row[0].count(one) for row in rows for one in waiting} <= {0, 1}
    assert not any(above.name in row[0] for row in rows), "no account stands on the feed"
