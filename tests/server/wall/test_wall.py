"""A wall shows counts to whoever walks by, and nothing that could hurt anybody."""

import json
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from heartlamp_protocol.device.names import event_id
from heartlamp_protocol.uplink import Note
from heartlamp_server.responder.scope import Grant
from heartlamp_server.wall.model import Calls, Place, by_kind, by_stage, townships, waiting_since
from heartlamp_server.wall.snapshot import sick

from tests.server.county import County, Village
from tests.server.responder.people import PASSWORD, Somebody

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


class Wall(Somebody):
    """Of one village."""

    def __init__(self, county: County, village: Village) -> None:
        self.area = county.sql("SELECT id FROM area WHERE name = %s", village.name)[0][0]
        super().__init__(county, Grant("wall", self.area, "village"))

    def until(self, fits: Callable[[Any], bool]) -> Any:
        """What it shows, once that is so: a wall's counts are a second old, its figures fifteen."""
        deadline = time.monotonic() + 25
        while not fits(seen := self.get("wall").json()):
            assert time.monotonic() < deadline, seen
            time.sleep(0.2)
        return seen


@pytest.fixture
def wall(county: County, village: Village) -> Wall:
    return Wall(county, village)


def test_an_alarm_is_counted_on_the_wall_from_the_press_to_the_close(
    county: County, village: Village, wall: Wall
) -> None:
    operator = county.account()
    press = village.keys[0].press()
    village.send(press)
    seen = wall.until(lambda w: w["waiting"] == 1)
    assert seen["kinds"] == [{"what": "panic", "waiting": 1, "in_hand": 0}]
    assert seen["waiting_since"]
    [tile] = seen["townships"][0]["villages"]
    assert (tile["name"], tile["waiting"], tile["what"]) == (village.name, 1, "panic")
    operator.say(press.id, "accepted")
    wall.until(lambda w: (w["waiting"], w["accepted"], w["waiting_since"]) == (0, 1, None))
    operator.say(press.id, "coming", who="三组 1号")
    wall.until(lambda w: w["coming"] == 1)
    operator.say(press.id, "closed", how="spoke_to")
    seen = wall.until(lambda w: w["today"]["closed"] == 1)
    assert (seen["coming"], seen["kinds"]) == (0, [])
    assert seen["today"]["raised"] == {"panic": 1}
    assert seen["today"]["accept_s"] is not None


def test_a_wall_knows_no_house_no_person_and_no_silent_alarm(county: County, village: Village, wall: Wall) -> None:
    before = wall.get("wall").json()
    silent = village.lamps[0].press("silent")
    loud = village.keys[1].press("gas")
    village.send(silent)
    village.send(loud)
    county.account(display="值班员甲").say(loud.id, "coming", who="三组 1号", note="门锁着")
    seen = wall.until(lambda w: w["coming"] == 1 and w["today"]["raised"])
    text = json.dumps(seen, ensure_ascii=False)
    assert "silent" not in json.dumps([seen["kinds"], seen["today"]])
    assert (seen["waiting"], seen["accepted"], seen["coming"]) == (0, 0, 1)
    assert seen["today"]["raised"] == {"gas": 1}
    for word in (silent.id, loud.id, *village.sites, "三组", "1号", "门锁", "值班员", "老井"):
        assert word not in text
    assert set(before) == set(seen)


def test_a_wall_may_do_nothing_but_see_itself(village: Village, wall: Wall) -> None:
    assert wall.get("me").json()["may"] == ["self", "wall.see"]
    for path in ("incidents", "devices", "gateways", "areas", f"ground-plans/{wall.area}", "people", "matters"):
        assert wall.get(path).status_code == 403, path
    assert wall.get(f"sites/{village.sites[0]}").status_code == 403


def test_a_wall_signs_in_once_and_everybody_else_each_day(county: County, village: Village, wall: Wall) -> None:
    def signed_in(name: str) -> tuple[float, httpx.Client]:
        http = httpx.Client(base_url=county.console, headers={"X-Heartlamp": "1"})
        reply = http.post("/api/login", json={"name": name, "password": PASSWORD})
        age = next(c for c in http.cookies.jar if c.name == "heartlamp_session").expires
        assert reply.status_code == 200
        assert age is not None
        return age - time.time(), http

    operator = Somebody(county, Grant("operator", wall.area))
    assert signed_in(operator.name)[0] < 13 * 3600
    lasts, http = signed_in(wall.name)
    assert lasts > 300 * 86400
    # A week later it still hangs there. Whatever else that account became meanwhile must sign in for it.
    county.sql("UPDATE session SET made_at = made_at - interval '7 days' WHERE person = %s", wall.name)
    county.sql(
        "INSERT INTO person_role (person, role, area) VALUES (%s, 'operator', %s)", wall.name, wall.area
    )  # fmt: skip
    assert http.get("/api/wall").status_code == 200
    assert http.get("/api/incidents").status_code == 403
    county.sql("UPDATE person_role SET valid_to = now() WHERE person = %s AND role = 'wall'", wall.name)
    assert http.get("/api/wall").status_code == 401


def test_villages_that_need_a_technician_are_on_the_wall(county: County, village: Village, wall: Wall) -> None:
    def tile(seen: Any) -> Any:
        return seen["townships"][0]["villages"][0]["sick"]

    village.send(village.keys[0].press())
    wall.until(lambda w: tile(w) == "")
    began = event_id(village.gateway, secrets.token_bytes(8))
    village.send(notes=[Note(1, 5, began, "", "trouble", "outage 2/2:power village")], to="readings")
    wall.until(lambda w: tile(w) == "power")
    over = event_id(village.gateway, secrets.token_bytes(8))
    village.send(notes=[Note(1, 5, over, "", "restored", f"{began} outage 2/2:power village")], to="readings")
    wall.until(lambda w: tile(w) == "")


def test_a_gateway_is_silent_when_it_is_late_and_not_there() -> None:
    long_ago, lately = NOW - timedelta(minutes=5), NOW - timedelta(seconds=20)
    gateways = [("a", 1, long_ago), ("b", 2, lately), ("c", 3, None), ("d", 4, long_ago), ("e", 1, lately)]
    assert sick(NOW, gateways, {"d"}, {"b", "a"}) == {1: "silent", 2: "power", 3: "never", 4: ""}


def test_calls_are_counted_by_kind_stage_and_village() -> None:
    places = [
        Place(1, None, "county", "县", "990101"),
        Place(2, 1, "township", "乙镇", "990101002"),
        Place(3, 1, "township", "甲镇", "990101001"),
        Place(4, 2, "village", "西村", "990101002201"),
        Place(5, 3, "village", "东村", "990101001201"),
        Place(6, 5, "group", "一组", ""),
    ]
    calls = [
        Calls(6, "flood", "waiting", 3, NOW),
        Calls(5, "fire", "coming", 1, NOW - timedelta(hours=1)),
        Calls(4, "panic", "waiting", 1, NOW - timedelta(minutes=1)),
        Calls(99, "gas", "waiting", 1, NOW),  # in an area that is no more: counted, on no tile
    ]
    east, west = townships(places, calls, {4: "silent"})
    tile = east.villages[0]
    assert (east.name, tile.waiting, tile.in_hand, tile.what, tile.others) == ("甲镇", 3, 1, "fire", 3)
    assert (west.name, west.villages[0].sick, west.villages[0].what) == ("乙镇", "silent", "panic")
    assert west.villages[0].others == 0
    assert by_stage(calls) == {"waiting": 5, "accepted": 0, "coming": 1, "arrived": 0}
    assert by_kind(calls) == [("fire", 0, 1), ("panic", 1, 0), ("gas", 1, 0), ("flood", 3, 0)]
    assert waiting_since(calls) == NOW - timedelta(minutes=1)


def test_a_thousand_walls_ask_the_database_once_a_second(county: County, village: Village, wall: Wall) -> None:
    """By what the answers are: in one second all are the same bytes."""
    answers = {wall.get("wall").content for _ in range(60)}
    assert len(answers) <= 4
