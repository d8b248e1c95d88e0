"""A drill is announced, and marked from the press on; whatever could have been real is real, then or from then on."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest
from heartlamp_server.incident import drill
from heartlamp_server.incident.drill import WINDOW, Announced
from heartlamp_server.incident.model import Refused, close
from heartlamp_server.responder.scope import Grant

from tests.server.county import County, Event, Operator, Village
from tests.server.interop.test_sources import area_of
from tests.server.responder.people import Somebody
from tests.server.test_life import NOW, opened

ANNOUNCED = Announced(1, "s1", "值班员", NOW - timedelta(seconds=10), NOW - timedelta(seconds=10) + WINDOW)


@pytest.mark.parametrize(
    ("site", "pressed", "now", "is_it"),
    [
        ("s1", NOW, NOW, True),
        ("s2", NOW, NOW, False),
        ("s1", None, NOW, False),
        ("s1", NOW - timedelta(minutes=5), NOW, False),
        ("s1", NOW, NOW + WINDOW, False),
    ],
    ids=["pressed then", "another site", "nobody knows when", "an old press of an outage", "heard of after the window"],
)
def test_which_alarm_is_the_drill(site: str, pressed: datetime | None, now: datetime, is_it: bool) -> None:
    assert drill.takes(ANNOUNCED, site, pressed, now) is is_it


def test_a_drill_is_said_to_be_none_once_and_while_it_goes_on() -> None:
    marked, line = drill.mark(opened(), ANNOUNCED, NOW)
    assert (marked.drill, line.kind) == (True, "drill")
    real, line = drill.earnest(marked, "值班员", NOW)
    assert (real.drill, real.aver, line.kind) == (False, marked.aver + 1, "earnest")
    for none in (real, replace(close(opened(), "值班员", "arrived", NOW)[0], drill=True)):
        with pytest.raises(Refused, match="no drill that goes on"):
            drill.earnest(none, "值班员", NOW)


def announce(county: County, operator: Operator, village: Village, house: int = 0) -> int:
    made = operator.http.post("/api/drills", json={"site": village.sites[house]}).json()
    assert county.sql("SELECT count(*) FROM drill WHERE id = %s AND used = ''", made["id"]) == [(1,)]
    return int(made["id"])


def drilled(operator: Operator, id: int) -> tuple[str, str, bool]:
    [one] = [d for d in operator.get("drills")["drills"] if d["id"] == id]
    return one["incident"], one["pressed"], one["over"]


def commands(village: Village) -> Callable[[str], Event]:
    stream = village.down()
    return lambda kind: stream.next(lambda e: e.kind == "command" and e.data.get("kind") == kind)


def test_no_drill_is_announced_where_a_call_goes_on_and_a_silent_one_stays_silent(
    county: County, operator: Operator, village: Village
) -> None:
    """Its next press would be real, whatever was announced."""
    village.send(panic := village.keys[0].press(), village.keys[1].press("silent"))
    refused = operator.http.post("/api/drills", json={"site": village.sites[0]})
    assert refused.status_code == 409
    assert "announce the drill when it is closed" in refused.json()["error"]
    announce(county, operator, village, house=1)
    operator.say(panic.id, "closed", how="spoke_to")
    announce(county, operator, village)


def test_the_press_is_a_drill_for_everybody_from_the_first_on(
    county: County, operator: Operator, village: Village
) -> None:
    told = commands(village)
    id = announce(county, operator, village)
    window = told("drill").data
    assert (window["site"], window["lasts"]) == (village.sites[0], 120_000)
    assert 110_000 < window["not_after_ms"] <= 120_000
    press = village.keys[0].press()
    village.send(press)
    assert told("incident").data["drill"] == 1
    assert operator.card(press.id)["drill"] is True
    assert operator.kinds(press.id)[:2] == ["opened", "drill"]
    assert drilled(operator, id) == (press.id, press.id, False)
    operator.say(press.id, "accepted")
    operator.say(press.id, "closed", how="spoke_to")
    assert operator.card(press.id)["drill"] is True
    assert drilled(operator, id) == (press.id, press.id, True)
    village.send(real := village.keys[0].press())
    assert operator.card(real.id)["drill"] is False, "the window took one press"


@pytest.mark.parametrize("what", ["panic", "fire"])
def test_another_alarm_of_the_house_makes_it_real_and_nobodys(
    county: County, operator: Operator, village: Village, what: str
) -> None:
    id = announce(county, operator, village)
    village.send(press := village.keys[0].press())
    operator.say(press.id, "coming")
    village.send(second := village.lamps[0].press(what))
    card = operator.card(press.id)
    assert (card["drill"], card["responders"], card["presses"]) == (False, [], 2 if what == "panic" else 1)
    assert "earnest" in operator.kinds(press.id)
    assert "drill" not in village.down().next(lambda e: e.data.get("incident") == press.id).data
    assert drilled(operator, id)[:2] == ("", press.id)
    if what == "fire":
        assert operator.card(second.id)["drill"] is False


def test_an_open_call_is_no_drill_and_a_silent_one_uses_up_no_window(
    county: County, operator: Operator, village: Village
) -> None:
    announce(county, operator, village)
    reported = operator.http.post("/api/reports", json={"site": village.sites[0], "what": "panic", "words": "有人摔倒"})
    real = reported.json()["incident"]
    village.send(pressed := village.keys[0].press())
    assert operator.card(real)["drill"] is False
    assert pressed.id in operator.get(f"incidents/{real}")["events"]
    announce(county, operator, village, 1)
    village.send(village.lamps[1].press("silent"), press := village.keys[1].press())
    assert operator.card(press.id)["drill"] is True


def test_the_centre_says_that_it_is_none_and_a_report_does_too(
    county: County, operator: Operator, village: Village
) -> None:
    announce(county, operator, village)
    village.send(press := village.keys[0].press())

    def do(act: str, **more: str) -> httpx.Response:
        return operator.http.post(f"/api/incidents/{press.id}/do", json={"act": act, **more})

    announce(county, operator, village, 1)
    village.send(other := village.keys[1].press())
    refused = do("merge", into=other.id)
    assert (refused.status_code, "say first that it is no drill" in refused.json()["do"]) == (409, True)
    assert do("earnest").json()["drill"] is False
    assert do("earnest").status_code == 409
    reported = operator.http.post("/api/reports", json={"site": village.sites[1], "what": "panic", "words": "有人摔倒"})
    assert reported.status_code == 200, reported.text
    assert operator.card(other.id)["drill"] is False, "who reports it was not told of a drill"


def test_the_same_drill_may_be_pressed_once_more_where_that_was_announced_too(
    county: County, operator: Operator, village: Village
) -> None:
    first = announce(county, operator, village)
    village.send(press := village.keys[0].press())
    second = announce(county, operator, village)
    assert second != first, "the window was shut by the press"
    village.send(village.lamps[0].press())
    card = operator.card(press.id)
    assert (card["drill"], card["presses"]) == (True, 2)
    assert drilled(operator, first)[0] == drilled(operator, second)[0] == press.id


def test_who_may_announce_a_drill(county: County, operator: Operator, village: Village) -> None:
    id = announce(county, operator, village)
    head = Somebody(county, Grant("group_head", village_group(county, village)))
    made = head.post("drills", site=village.sites[0]).json()
    assert made["id"] == id, "who stands at the lamp may, and there is one window at a time"
    stranger = Somebody(county, Grant("operator", area_of(county.village())))
    assert stranger.post("drills", site=village.sites[0]).status_code == 404
    assert stranger.get("drills").json()["drills"] == []


def village_group(county: County, village: Village) -> int:
    found: int = county.sql("SELECT area FROM site WHERE id = %s", village.sites[0])[0][0]
    return found
