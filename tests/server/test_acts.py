"""What an operator does with an incident beside answering, on the running county."""

import time
from typing import Any

import httpx

from tests.server.county import WAIT_SECONDS, County, Operator, Village


def do(operator: Operator, incident: str, act: str, **more: Any) -> httpx.Response:
    return operator.http.post(f"/api/incidents/{incident}/do", json={"act": act, **more})


def test_from_the_dispatch_to_the_household_s_marks(village: Village, operator: Operator) -> None:
    village.send(press := village.keys[0].press())
    assert do(operator, press.id, "dispatch", whom="网格员一").json()["stage"] == "dispatched"
    assert do(operator, press.id, "handle", words="扶起").status_code == 409, "nobody is there yet"
    assert operator.say(press.id, "arrived", who="网格员一").json()["stage"] == "arrived"
    assert do(operator, press.id, "handle", words="扶起").json()["stage"] == "handled"
    assert do(operator, press.id, "feedback", words="已好转").json()["stage"] == "feedback"
    done = do(operator, press.id, "evaluate", marks=5).json()
    assert (done["stage"], done["after"]["evaluated"]["marks"], done["closed_at"]) == ("evaluated", 5, None)
    texts = [line["text_zh"] for line in operator.get(f"incidents/{press.id}")["timeline"]]
    assert any("处置：扶起" in text for text in texts), texts


def test_one_fire_two_houses_end_together(county: County, village: Village, operator: Operator) -> None:
    village.send(one := village.lamps[0].press("fire"), other := village.lamps[1].press("fire"))
    assert do(operator, other.id, "merge", into=other.id).status_code == 409
    assert do(operator, other.id, "merge", into="nothing").status_code == 404
    merged = do(operator, other.id, "merge", into=one.id).json()
    assert (merged["stage"], merged["merged_into"]) == ("merged", one.id)
    operator.say(one.id, "coming", who="消防员")
    assert (operator.card(other.id)["answer"], operator.card(other.id)["who"]) == ("coming", "消防员")
    assert operator.say(one.id, "closed", how="arrived", who="消防员").status_code == 200
    assert (operator.card(other.id)["answer"], operator.card(other.id)["closed_how"]) == ("closed", "arrived")
    assert "closed" in operator.kinds(other.id)


def test_a_house_that_follows_shows_what_a_lamp_s_key_said_of_the_other(village: Village, operator: Operator) -> None:
    village.send(one := village.lamps[0].press("fire"), other := village.lamps[1].press("fire"))
    do(operator, other.id, "merge", into=one.id)
    village.send(village.lamps[1].answer(one.id, "coming"))  # by a batch, which knows one house at a time
    shown = operator.card(one.id)
    assert shown["answer"] == "coming"
    deadline = time.monotonic() + WAIT_SECONDS
    while operator.card(other.id)["who"] != shown["who"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)  # another task's doing, of which nothing is told but the feed
    assert operator.card(other.id)["answer"] == "coming"


def test_a_false_alarm_is_declared_by_who_saw_them_and_may_be_opened_again(
    village: Village, operator: Operator
) -> None:
    village.send(press := village.keys[0].press())
    assert do(operator, press.id, "false", words="误碰").status_code == 409
    ended = do(operator, press.id, "false", how="spoke_to", words="误碰").json()
    assert (ended["stage"], ended["verdict"]) == ("false", "false")
    again = do(operator, press.id, "reopen", words="又来电话")
    assert (again.json()["stage"], again.json()["closed_at"]) == ("reported", None)
