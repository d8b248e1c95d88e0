"""每日一报: what yesterday was, by number and place, never by name or house."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from heartlamp_server.briefing import OF_USE, Briefing
from heartlamp_server.calling import Channels
from heartlamp_server.config import Figures
from heartlamp_server.figures import keep
from heartlamp_server.figures.brief.model import duty, newest_day, window
from heartlamp_server.figures.worker import make_briefs
from heartlamp_server.notification.model import Trait
from heartlamp_server.responder.roster import store as rosters
from heartlamp_server.responder.roster.model import Roster, Shift

from tests.server.county import County
from tests.server.figures.past import ACCEPTED, BEIJING, CLOSED, RANG, Desk, alarm
from tests.server.matter.people import LAMP
from tests.server.responder.people import Somebody, in_store

EIGHT = 8 * 60


@pytest.fixture
def desk(county: County) -> Desk:
    return Desk(county)


def brief(who: Somebody, area: int, **more: Any) -> Any:
    reply = who.get("reports/brief", area=area, **more)
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_it_is_of_the_24_hours_until_eight_by_the_countys_clock() -> None:
    since, until = window(date(2026, 9, 2), EIGHT, BEIJING)
    assert (since.astimezone(UTC), until.astimezone(UTC)) == (
        datetime(2026, 9, 1, 0, tzinfo=UTC), datetime(2026, 9, 2, 0, tzinfo=UTC)
    )  # fmt: skip
    before, after = (datetime(2026, 9, 1, 23, 59, tzinfo=UTC), datetime(2026, 9, 2, 0, tzinfo=UTC))
    assert [newest_day(at, EIGHT, BEIJING) for at in (before, after)] == [date(2026, 9, 1), date(2026, 9, 2)]


def test_duty_is_told_by_role_with_the_minutes_that_nobody_held() -> None:
    since, until = window(date(2026, 9, 2), EIGHT, BEIJING)
    day = Shift("白班", 8 * 60, 20 * 60, (("一",), ("二",)), date(2026, 9, 1))
    late = Shift("夜班", 20 * 60, 6 * 60, (("三",),), date(2026, 9, 1))
    [line] = duty([("township", Roster(1, "operator", "值班", (day, late)))], since, until)
    assert (line.role, line.level, line.people, line.uncovered_minutes) == ("operator", "township", 2, 120)


def test_a_day_of_a_village(desk: Desk) -> None:
    county, who, village = desk.county, desk.who("operator", "township"), desk.areas["village"]
    now = datetime.now(BEIJING)
    day = newest_day(now, EIGHT, BEIJING)
    _, until = window(day, EIGHT, BEIJING)
    sites = desk.village.sites
    alarm(county, sites[0], until - timedelta(hours=2), "fire", [RANG, ACCEPTED, CLOSED])
    alarm(county, sites[1], until - timedelta(hours=1), "silent", [RANG])
    alarm(county, sites[1], until - timedelta(hours=25))
    still = alarm(county, sites[0], until - timedelta(hours=26))
    county.sql("UPDATE incident SET closed_at = NULL WHERE id = %s", still)
    matter = who.post("matters", code=LAMP, words="井边那盏不亮", source="resident", area=desk.areas["group"]).json()[
        "id"
    ]
    county.sql("UPDATE matter SET due_at = now() - interval '90 minutes' WHERE id = %s", matter)

    async def held(conn: rosters.Connection) -> int:
        shift = Shift("全天", 0, 0, (("p1",),), day - timedelta(days=9))
        return await rosters.add(conn, Roster(village, "volunteer", "志愿者", (shift,)))

    county.sql("INSERT INTO person (name, display) VALUES ('p1', '志愿者一') ON CONFLICT DO NOTHING")
    in_store(county, held)
    found = brief(who, village)
    assert (found["day"], found["alarms"], found["kinds"]) == (str(day), 2, {"fire": 1, "silent": 1})
    assert (found["ended"], found["false"], found["open"]) == (1, 0, 1)
    first = found["listed"][0]
    assert (first["n"], first["what"], first["accept_s"], first["close_s"]) == (1, "fire", 20, 600)
    assert first["place"] == ["城关镇", desk.village.name]
    [sick] = found["sick"]
    assert (sick["village"], sick["devices"], sick["missed"]) == (desk.village.name, 4, 4)
    [line] = found["duty"]
    assert (line["role"], line["people"], line["uncovered_minutes"]) == ("volunteer", 1, 0)
    [late] = found["matters"]
    assert (late["matter"], late["late_minutes"]) == (matter, 90)
    told = who.get("reports/brief.txt", area=village).text
    assert told.startswith(f"{desk.village.name}心灯每日一报")
    assert "警情 2 起" in told
    for lang in ("zh", "en"):
        page = who.get("reports/brief.html", area=village, lang=lang)
        assert page.status_code == 200
        everything = page.text + told + str(found)
        assert not [name for name in ("值班员", "志愿者一", *sites, "三组 0号", "井边") if name in everything]
        assert "<script" not in page.text
    inside = brief(desk.who("operator", "village"), village)
    assert (inside["alarms"], inside["kinds"]) == (1, {"fire": 1})
    assert who.get("reports/brief", area=village, day=str(day + timedelta(days=1))).status_code == 409


def test_it_is_kept_as_it_was_made_at_its_hour(desk: Desk) -> None:
    county, who, township = desk.county, desk.who("operator", "township"), desk.areas["township"]
    now = datetime(2031, 5, 2, 8, 1, tzinfo=BEIJING)

    async def make(conn: rosters.Connection) -> int:
        return await make_briefs(conn, Figures(), now)

    assert in_store(county, make) >= 1
    assert in_store(county, make) == 0
    rows = county.sql("SELECT known ->> 'alarms' FROM figure_brief WHERE area = %s AND day = '2031-05-02'", township)
    assert rows == [("0",)]
    alarm(county, desk.village.sites[0], now - timedelta(hours=3))
    assert in_store(county, make) == 0
    assert county.sql(
        "SELECT known ->> 'alarms' FROM figure_brief WHERE area = %s AND day = '2031-05-02'", township
    ) == [("0",)]
    assert who.get("reports/brief", area=township).status_code == 200


CHANNELS = Channels(
    {"phone": "aliyun-voice", "text": "aliyun-sms", "post": "mail", "team": "chat"},
    {"phone": Trait(wakes=True), "text": Trait(), "post": Trait(), "team": Trait(), "app": Trait()},
    {"post": frozenset({"brief1"}), "team": frozenset({"somebody else"})},
)


def held_by(county: County, area: int, role: str, name: str, since: date) -> None:
    """Day and night."""
    county.sql("INSERT INTO person (name, display, password) VALUES (%s, %s, 'x') ON CONFLICT DO NOTHING", name, name)
    shift = Shift("全天", 0, 0, ((name,),), since)
    in_store(county, lambda conn: rosters.add(conn, Roster(area, role, "值班", (shift,))))


def test_it_goes_once_to_who_has_the_post_however_many_make_it(desk: Desk) -> None:
    county, township = desk.county, desk.areas["township"]
    now = datetime(2032, 5, 2, 8, 1, tzinfo=BEIJING)
    held_by(county, township, "operator", "brief1", date(2032, 4, 1))
    held_by(county, township, "volunteer", "brief2", date(2032, 4, 1))
    alarm(county, desk.village.sites[0], now - timedelta(hours=3), "fire")
    alarm(county, desk.village.sites[1], now - timedelta(hours=3), "silent")

    in_store(county, lambda conn: keep.refresh(conn, BEIJING))

    async def three(at: datetime) -> int:
        async def one() -> int:
            async with await psycopg.AsyncConnection.connect(county.conninfo, autocommit=True) as conn:
                return await make_briefs(conn, Figures(), at, Briefing(lambda: CHANNELS, BEIJING).tell)

        return sum(await asyncio.gather(one(), one(), one()))

    assert asyncio.run(three(now)) >= 1
    assert asyncio.run(three(now)) == 0
    about = f"brief-{township}-2032-05-02"
    told = county.sql(
        "SELECT channel, address, urgent, fields ->> 'label' FROM notification WHERE incident = %s ORDER BY 1", about
    )
    assert [row[:3] for row in told] == [("app", "brief1", False), ("post", "brief1", False)], (
        "nobody's telephone rings"
    )
    assert told[0][3].startswith("警情 1 起（火警 1）"), "a message lies open: it is without the silent alarm"
    late = now + timedelta(days=1) + OF_USE
    assert asyncio.run(three(late)) >= 1
    assert county.sql("SELECT count(*) FROM notification WHERE incident = %s", f"brief-{township}-2032-05-03") == [(0,)]


def test_an_area_may_have_an_hour_of_its_own(desk: Desk) -> None:
    county, township = desk.county, desk.areas["township"]
    county.sql("UPDATE area SET code = '330326101' WHERE id = %s", township)
    figures = Figures(brief_of={"330326101": 7 * 60})
    seven = datetime(2033, 5, 2, 7, 1, tzinfo=BEIJING)

    async def make(conn: rosters.Connection) -> int:
        return await make_briefs(conn, figures, seven)

    in_store(county, make)
    days = dict(county.sql("SELECT area, max(day) FROM figure_brief GROUP BY area"))
    assert days.pop(township) == date(2033, 5, 2)
    assert set(days.values()) == {date(2033, 5, 1)}, "the others' hour has not come"
