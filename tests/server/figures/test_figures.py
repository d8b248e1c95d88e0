"""From the press to the month's figures, on a real county."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from heartlamp_server.figures import keep, sample, store
from heartlamp_server.figures.definition import facts_of, values
from heartlamp_server.figures.period import period
from heartlamp_server.responder.scope import Grant

from tests.server.county import County
from tests.server.figures.past import ACCEPTED, BEIJING, CLOSED, RANG, Desk, alarm, more
from tests.server.responder.people import Somebody, in_store

AUGUST = datetime(2026, 8, 12, 9, 0, tzinfo=BEIJING)


@pytest.fixture
def desk(county: County) -> Desk:
    return Desk(county)


def told(who: Somebody, area: int, day: str, **more: Any) -> Any:
    reply = who.get("figures", area=area, day=day, **more)
    assert reply.status_code == 200, reply.text
    return reply.json()


def own(who: Somebody, area: int, day: str = "2026-08-01", **more: Any) -> dict[str, Any]:
    found = told(who, area, day, **more)["own"]["values"]
    return {name: (v["value"], v["of"]) for name, v in found.items()}


def test_the_story_of_a_press_until_it_stands_in_the_months_figures(desk: Desk) -> None:
    who, village = desk.who("operator"), desk.areas["village"]
    press, wrong = desk.village.keys[0].press("fire"), desk.village.keys[1].press("panic")
    desk.village.send(press, wrong)
    today = str(datetime.now(BEIJING).date())
    before = own(who, village, today)
    assert (before["alarms"], before["alarms.fire"], before["completed"]) == ((2, None), (1, 2), (0, 2))
    assert who.post(f"incidents/{press.id}/answer", answer="accepted").status_code == 200
    arrived = desk.village.lamps[0].answer(press.id, "arrived")
    assert desk.village.send(arrived)[0].verdict == "received"
    assert who.post(f"incidents/{press.id}/do", act="handle", words="灭了").status_code == 200
    assert who.post(f"incidents/{press.id}/do", act="evaluate", marks=5).status_code == 200
    assert who.post(f"incidents/{press.id}/answer", answer="closed", how="arrived").status_code == 200
    false = {"act": "false", "how": "spoke_to", "who": "三组户长", "words": "孩子按的"}
    assert who.post(f"incidents/{wrong.id}/do", **false).status_code == 200
    after = own(who, village, today)
    assert (after["completed"], after["false"], after["false.other"]) == ((2, 2), (1, 2), (1, 1))
    assert (after["arrived.proven"], after["said.satisfied"], after["said.silent"]) == ((1, 1), (1, 2), (1, 2))
    assert after["unrung"] == (2, 2)
    assert after["accept.p50"][1] == 1
    by_kind = {kind: own(who, village, today, kind=kind)["alarms"] for kind in ("day", "week", "month", "year")}
    assert set(by_kind.values()) == {(2, None)}


def test_a_month_begins_at_the_countys_midnight(desk: Desk) -> None:
    site, who, village = desk.village.sites[0], desk.who(), desk.areas["village"]
    for at in ("2026-07-31T23:59:59.999", "2026-08-01T00:00:00", "2026-08-31T23:59:59", "2026-09-01T00:00:00"):
        alarm(desk.county, site, datetime.fromisoformat(at).replace(tzinfo=BEIJING))
    months = {month: own(who, village, f"2026-{month}-15")["alarms"][0] for month in ("07", "08", "09")}
    assert months == {"07": 1, "08": 2, "09": 1}
    assert own(who, village, "2026-07-31", kind="range", until="2026-08-01")["alarms"] == (2, None)
    last = told(who, village, "2027-08-01")["own"]["last"]["alarms"]
    assert last["value"] == 2


def test_what_the_database_sums_up_is_what_the_definitions_say(desk: Desk) -> None:
    county, site = desk.county, desk.village.sites[0]
    for n in range(23):
        ring = (n * 7.0, "told", {"state": "rang" if n % 3 else "sent"})
        answer = (n * n * 1.5, "answer", {"who": f"网格员{n}", "answer": ("accepted", "coming", "arrived")[n % 3]})
        alarm(county, site, AUGUST + timedelta(minutes=n), "fire" if n % 2 else "gas", [ring, answer, CLOSED][: n % 4])

    async def both(conn: store.Connection) -> None:
        await keep.refresh(conn, BEIJING)
        month = period("month", AUGUST.date())
        area = desk.areas["village"]
        summed = (await store.facts(conn, [area], month, BEIJING, True))[area]
        cursor = await conn.execute("SELECT id FROM incident WHERE site = %s", (site,))
        single = await keep.facts(conn, [row[0] for row in await cursor.fetchall()])
        assert values(summed) == values(facts_of(single, summed.around))
        assert values(summed)["accept.p90"].value is not None

    in_store(county, both)


def test_drills_count_as_coverage_and_nowhere_else(desk: Desk) -> None:
    county, who, village = desk.county, desk.who(), desk.areas["village"]
    id = alarm(county, desk.village.sites[0], AUGUST, lines=[RANG, ACCEPTED, CLOSED])
    assert own(who, village)["alarms"] == (1, None)
    more(county, id, AUGUST, [(601.0, "drill", {"by": "指挥员"})])
    found = own(who, village)
    assert (found["alarms"], found["completed"], found["drilled"][0]) == ((0, None), (0, 0), 1)


def test_a_call_counts_where_the_house_was_then(county: County, desk: Desk) -> None:
    """Re-zoned since: the old figures stay where they were, the new ones are the new village's."""
    other, who = Desk(county), desk.who()
    site = desk.village.sites[0]
    alarm(county, site, AUGUST)
    moved = datetime.now(BEIJING) + timedelta(days=2)
    county.sql("UPDATE site SET area = %s, valid_from = %s WHERE id = %s", other.areas["group"], moved.date(), site)
    alarm(county, site, moved + timedelta(days=1))
    days = (AUGUST.date(), (moved + timedelta(days=1)).date())
    found = [[own(who, d.areas["village"], str(day), kind="day")["alarms"][0] for d in (desk, other)] for day in days]
    assert found == [[1, 0], [0, 1]]


def test_below_a_village_are_its_groups_and_grids_one_level_at_a_time(desk: Desk) -> None:
    who = desk.who()
    alarm(desk.county, desk.village.sites[0], AUGUST, lines=[RANG, ACCEPTED, CLOSED])
    found = told(who, desk.areas["village"], "2026-08-01")
    [group] = found["below"]
    assert (group["area"], group["level"]) == (desk.areas["group"], "group")
    assert group["values"]["alarms"]["value"] == 1
    assert group["values"]["on_time.accept"] == {"value": None, "of": None, "few": True}
    assert found["own"]["values"]["on_time.accept"] == {"value": 1, "of": 1, "few": False}
    top = told(who, desk.areas["county"], "2026-08-01")
    assert {a["level"] for a in top["below"]} == {"township"}


def test_recomputed_is_what_was_kept_through_every_turn_of_a_life(desk: Desk) -> None:
    """Late lines, a reopening, a merge and its end, a re-zoning of a day gone by: kept up line by line, then from the
    first line, and nothing differs."""
    county, sites, who = desk.county, desk.village.sites, desk.who()
    village = desk.areas["village"]
    one = alarm(county, sites[0], AUGUST, lines=[RANG, ACCEPTED, CLOSED])
    two = alarm(county, sites[1], AUGUST, "fire")
    assert own(who, village)["completed"] == (1, 2)
    more(county, one, AUGUST, [(700.0, "reopened", {"by": "值班员", "why": "又响"})])
    assert own(who, village)["completed"] == (0, 2)
    more(county, two, AUGUST, [(800.0, "merged", {"into": one, "by": "值班员"})])
    found = own(who, village)
    assert (found["alarms"], found["merged"]) == ((1, None), (1, 2))
    more(
        county, one, AUGUST, [(10.0, "answer", {"who": "三组 8号", "answer": "coming", "device": "x"})]
    )  # from an outage
    assert own(who, village)["dispatch.p50"] == (10_000, 1)
    more(county, two, AUGUST, [(900.0, "parted", {"from": one, "by": "值班员"})])
    assert own(who, village)["alarms"] == (2, None)
    county.sql("UPDATE incident SET reopens = %s WHERE id = %s", one, two)
    more(county, two, AUGUST, [(901.0, "told", {"state": "rang"})])
    assert own(who, village)["reopened"] == (1, 2)

    async def again(conn: store.Connection) -> keep.Recomputed:
        await keep.refresh(conn, BEIJING)
        return await keep.recompute(conn, BEIJING)

    first = in_store(county, again)
    assert first.many >= 2
    assert set(first.differed) & {one, two} == set()
    third = alarm(county, Desk(county).village.sites[0], AUGUST)
    more(county, third, AUGUST, [(902.0, "note", {})] * (keep._BACK + 1))
    own(who, village)  # from now on what lies behind these lines is not read again by itself
    county.sql("DELETE FROM figure_fact WHERE incident = %s", one)
    county.sql("UPDATE figure_fact SET accept = 1 WHERE incident = %s", two)
    assert set(in_store(county, again).differed) & {one, two} == {one, two}
    assert set(in_store(county, again).differed) & {one, two} == set()


def test_a_line_whose_transaction_ends_late_is_read_all_the_same(desk: Desk) -> None:
    """Its number is lower than that of lines which were read before it could be seen."""
    import psycopg

    county, who, village = desk.county, desk.who(), desk.areas["village"]
    slow, quick = (alarm(county, site, AUGUST) for site in desk.village.sites)
    with psycopg.connect(county.conninfo) as late:
        late.execute(
            "INSERT INTO timeline (incident, at, kind, detail) VALUES (%s, %s, 'closed', '{}')", (slow, AUGUST)
        )
        for _ in range(keep._BACK // 500 + 1):  # more lines than are read again in any case
            more(county, quick, AUGUST, [(1.0, "note", {})] * 500)
        more(county, quick, AUGUST, [(2.0, "closed", {})])
        assert own(who, village)["completed"] == (1, 2)
        assert own(who, village)["completed"] == (1, 2)
    assert own(who, village)["completed"] == (2, 2)


def test_who_is_in_the_village_learns_of_no_silent_alarm_not_by_a_sum_either(desk: Desk) -> None:
    alarm(desk.county, desk.village.sites[0], AUGUST, "silent", [RANG, ACCEPTED, CLOSED])
    alarm(desk.county, desk.village.sites[1], AUGUST, "panic")
    above, inside = desk.who("operator", "township"), desk.who("operator", "village")
    area = desk.areas["village"]
    assert (own(above, area)["alarms"], own(above, area)["alarms.silent"]) == ((2, None), (1, 2))
    seen = own(inside, area)
    assert (seen["alarms"], seen["alarms.silent"], seen["completed"], seen["accept.p50"]) == (
        (1, None), (0, 1), (0, 1), (None, 0)
    )  # fmt: skip


def test_figures_of_elsewhere_do_not_exist(county: County, desk: Desk) -> None:
    elsewhere = Desk(county)
    who = desk.who("operator", "village")
    assert who.get("figures", area=elsewhere.areas["village"], day="2026-08-01").status_code == 404
    assert who.get("figures", area=desk.areas["county"], day="2026-08-01").status_code == 404
    assert who.get("figures", day="2026-08-01").status_code == 404
    assert desk.who("grid_worker").get("figures", day="2026-08-01").status_code == 403
    assert desk.who("auditor").get("figures", area=desk.areas["village"], day="2026-08-01").status_code == 200
    for wrong in ({"day": "1999-01-01"}, {"day": "x"}, {"day": "2026-08-02", "kind": "range", "until": "2026-08-01"}):
        reply = who.get("figures", area=desk.areas["village"], **wrong)
        assert (reply.status_code, set(reply.json())) == (422, {"error", "do"})


def test_devices_are_sampled_once_an_hour_by_whomever(desk: Desk) -> None:
    county, village = desk.county, desk.village
    village.send(village.keys[0].press("gas"))
    assert Somebody(county, Grant("operator")).get("devices").status_code == 200  # presence is written down
    now = datetime.now(BEIJING).replace(year=2031, hour=10, minute=30)  # an hour later is the same day

    async def hours(conn: store.Connection) -> list[bool]:
        return [await sample.sample(conn, now + timedelta(hours=h), BEIJING) for h in (0, 0, 1)]

    county.sql("UPDATE device SET last_seen = %s WHERE site = %s AND kind = 'lamp'", now, village.sites[0])
    assert in_store(county, hours) == [True, False, True]
    found = own(desk.who(), desk.areas["village"], str(now.date()), kind="day")
    lamps_and_keys, heard = 4 * 2, 1  # an hour later a lamp that said nothing is missed
    assert found["online"] == (heard, lamps_and_keys)
    assert found["unproven"] == (2, 2)


def test_sim_cards_cost_what_somebody_wrote_down(desk: Desk) -> None:
    who, village = desk.who("administrator", "village"), desk.areas["village"]
    card = who.post("figures/cards", village=village, label="网关卡", payer="村委会", expires_on="2027-01-31")
    assert card.status_code == 200, card.text
    id = card.json()["id"]
    for month, fen in (("2026-08-09", 1900), ("2026-09-01", 2900), ("2026-08-30", 2000)):
        reply = who.post(f"figures/cards/{id}/months", month=month, cost_fen=fen, megabytes=300)
        assert reply.status_code == 200, reply.text
    assert [m["cost_fen"] for m in reply.json()["months"]] == [2900, 2000]
    assert own(who, village, "2026-08-01")["cards.cost"] == (2000, 1)
    assert own(who, village, "2026-08-01", kind="year")["cards.megabytes"] == (600, 1)
    assert own(who, village, "2026-08-01", kind="day")["cards.cost"] == (0, 1)
    [shown] = [c for c in who.get("figures/cards").json() if c["id"] == id]
    assert (shown["payer"], shown["village"]) == ("村委会", village)
    assert desk.who("operator", "village").post("figures/cards", village=village, label="x").status_code == 403
