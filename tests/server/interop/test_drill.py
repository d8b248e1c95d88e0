"""A drill is announced, real while it goes on, and marked once it is over; whatever could have been real stays real."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from heartlamp_server.incident import drill
from heartlamp_server.incident.drill import WINDOW, Announced
from heartlamp_server.incident.model import Incident, Refused, close
from heartlamp_server.responder.scope import Grant

from tests.server.county import County, Operator, Village
from tests.server.interop.test_sources import area_of
from tests.server.responder.people import Somebody
from tests.server.test_life import NOW, opened

ANNOUNCED = Announced(1, "s1", "值班员", NOW - timedelta(seconds=10), NOW - timedelta(seconds=10) + WINDOW)


def closed(incident: Incident) -> Incident:
    return close(incident, "值班员", "arrived", NOW + timedelta(minutes=3))[0]


def test_what_was_announced_and_pressed_once_is_marked_once_it_is_closed() -> None:
    incident = closed(opened())
    marked, entry = drill.mark(incident, ANNOUNCED, incident.id, "值班员", NOW)
    assert (marked.drill, entry.kind) == (True, "drill")
    with pytest.raises(Refused, match="marked already"):
        drill.mark(marked, ANNOUNCED, incident.id, "值班员", NOW)
    with pytest.raises(Refused, match="once it is closed"):
        drill.mark(opened(), ANNOUNCED, opened().id, "值班员", NOW)


REAL: dict[str, Callable[[Incident], Incident]] = {
    "pressed again": lambda i: replace(i, presses=2),
    "another site": lambda i: replace(i, site="s2"),
    "before the announcement": lambda i: replace(i, opened_at=NOW - timedelta(seconds=11)),
    "after the window": lambda i: replace(i, opened_at=NOW + WINDOW),
    "an old press of an outage": lambda i: replace(i, observed_at=NOW - timedelta(minutes=5)),
    "nobody knows when": lambda i: replace(i, observed_at=None),
    "not verified": lambda i: replace(i, doubts=i.events),
    "told by a person": lambda i: replace(i, source="report"),
    "silent": lambda i: replace(i, what="silent"),
    "opened again": lambda i: replace(i, reopened=1),
    "merged": lambda i: replace(i, merged_into="x"),
}


@pytest.mark.parametrize("why", REAL)
def test_what_could_have_been_real_stays_real(why: str) -> None:
    incident = REAL[why](closed(opened()))
    with pytest.raises(Refused):
        drill.mark(incident, ANNOUNCED, incident.id, "值班员", NOW)


def test_the_second_one_after_the_announcement_is_real() -> None:
    incident = closed(opened())
    with pytest.raises(Refused, match="the first one"):
        drill.mark(incident, ANNOUNCED, "another", "值班员", NOW)
    with pytest.raises(Refused, match="marked already"):
        drill.mark(incident, replace(ANNOUNCED, incident="another"), incident.id, "值班员", NOW)


def test_a_drill_of_a_house_from_the_announcement_to_the_list(
    county: County, operator: Operator, village: Village
) -> None:
    def announce(site: str) -> httpx.Response:
        return operator.http.post("/api/drills", json={"site": site})

    made = announce(village.sites[0]).json()
    assert announce(village.sites[0]).json()["id"] == made["id"], "one at a time"
    head = Somebody(county, Grant("group_head", village_group(county, village)))
    assert head.post("drills", site=village.sites[0]).json()["id"] == made["id"], (
        "who stands at the lamp may announce it"
    )
    press = village.keys[0].press()
    village.send(press)
    card = operator.card(press.id)
    assert (card["drill"], card["answer"]) == (False, "none"), "it is real while it goes on"

    def mark(incident: str, who: httpx.Client = operator.http) -> httpx.Response:
        return who.post(f"/api/drills/{made['id']}/mark", json={"incident": incident})

    assert mark(press.id).status_code == 409
    assert mark(press.id, head.http).status_code == 403, "and the centre marks it"
    [waiting] = [d for d in head.get("drills").json()["drills"] if d["site"] == village.sites[0]]
    assert (waiting["pressed"], waiting["over"], waiting["incident"]) == (press.id, False, "")
    operator.say(press.id, "closed", how="spoke_to")
    stranger = Somebody(county, Grant("operator", area_of(county.village())))
    assert mark(press.id, stranger.http).status_code == 404
    assert stranger.post("drills", site=village.sites[0]).status_code == 404
    assert mark(press.id).json()["drill"] is True
    assert county.sql("SELECT drill FROM incident WHERE id = %s", press.id) == [(True,)]
    assert operator.kinds(press.id)[-1] == "drill"
    listed = [d for d in operator.get("drills")["drills"] if d["site"] == village.sites[0]]
    assert [(d["id"], d["incident"]) for d in listed] == [(made["id"], press.id)]
    real = village.keys[0].press()
    village.send(real)
    operator.say(real.id, "closed", how="arrived")
    assert mark(real.id).status_code == 409, "every other press is real"
    assert stranger.get("drills").json()["drills"] == []


def village_group(county: County, village: Village) -> int:
    found: int = county.sql("SELECT area FROM site WHERE id = %s", village.sites[0])[0][0]
    return found
