"""What an act that waited on a phone still does: the rule, moment by moment."""

from datetime import UTC, datetime, timedelta

import pytest
from heartlamp_server.incident.model import Incident, answer, close
from heartlamp_server.phone.model import FRESH, NOTED, TAKEN, Act, Outcome, age, take

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
ME = "person:网格员一"


def called(minutes: float = 60) -> Incident:
    at = NOW - timedelta(minutes=minutes)
    place = {"name": "三组 7号", "address": "", "landmark": "", "path": []}
    return Incident(
        id="key1-1", site="s1", what="panic", place=place, opened_at=at, observed_at=at, heard_age_ms=0,
        last_press_at=at, lit_of=1,
    )  # fmt: skip


def say(incident: Incident, what: str, minutes: float | None, words: str = "") -> Outcome:
    known = None if minutes is None else timedelta(minutes=minutes)
    return take(incident, Act(incident.id, what, words, known), "grid1", "网格员一", NOW)


def test_a_fresh_coming_is_on_the_lamp_and_on_the_timeline_at_its_own_time() -> None:
    told = say(called(), "coming", 2)
    incident, line = told.change
    assert (told.state, incident.answer, incident.who) == (TAKEN, "coming", "网格员一")
    assert line.at == NOW - timedelta(minutes=2)


@pytest.mark.parametrize("minutes", [5.01, 15, 60 * 24, None])
def test_a_stale_coming_never_reaches_the_lamp(minutes: float | None) -> None:
    before = called()
    told = say(before, "coming", minutes)
    incident, line = told.change
    assert (told.state, incident) == (NOTED, before)
    assert line.kind == "answer_kept"
    assert line.detail["answer"] == "coming"
    assert told.why


def test_it_stands_on_the_timeline_when_it_was_said_but_not_before_the_call() -> None:
    assert say(called(), "coming", 15).change[1].at == NOW - timedelta(minutes=15)
    assert say(called(minutes=10), "coming", 15).change[1].at == NOW - timedelta(minutes=10)


def test_the_edge_is_where_it_says() -> None:
    most = FRESH["coming"].total_seconds() / 60
    assert say(called(), "coming", most).state == TAKEN
    assert say(called(), "coming", most + 0.001).state == NOTED


def test_who_was_withdrawn_meanwhile_is_not_brought_back_by_an_older_word() -> None:
    coming, _ = answer(called(), ME, "网格员一", "coming", NOW - timedelta(minutes=4), "grid1")
    withdrawn, _ = answer(coming, ME, "网格员一", "withdrawn", NOW - timedelta(minutes=1), "duty")
    told = say(withdrawn, "coming", 3)
    assert (told.state, told.change[0]) == (NOTED, withdrawn)
    assert say(withdrawn, "coming", 0.5).state == TAKEN


def test_a_closed_call_takes_what_was_said_as_a_line_and_stays_closed() -> None:
    closed, _ = close(called(), "值班员", "spoke_to", NOW - timedelta(minutes=1))
    told = say(closed, "coming", 2)
    assert (told.state, told.change[0]) == (NOTED, closed)


def test_who_cannot_go_is_believed_at_any_age() -> None:
    coming, _ = answer(called(), ME, "网格员一", "coming", NOW - timedelta(minutes=50), "grid1")
    told = say(coming, "cannot", 40)
    assert (told.state, told.change[0].answer) == (TAKEN, "unanswered")


def test_handled_is_taken_after_arriving_and_kept_as_words_before() -> None:
    arrived = say(called(), "arrived", 20).change[0]
    told = say(arrived, "handled", 15, "已送医")
    assert (told.state, told.change[0].stage) == (TAKEN, "handled")
    early = say(called(), "handled", 1, "已送医")
    assert (early.state, early.change[0].stage, early.change[1].detail["note"]) == (NOTED, "reported", "已送医")


def test_the_age_is_the_greater_of_two_and_unknown_where_a_clock_went_back() -> None:
    minute = 60_000
    at = 1_000_000_000
    assert age(at, at + minute, minute) == timedelta(minutes=1)
    assert age(at, at + 9 * minute, 2 * minute) == timedelta(minutes=9)  # slept: the ticks stood
    assert age(at, at - 50 * minute, 2 * minute) == timedelta(minutes=2)  # set back, and the page lived on
    assert age(at, at - 50 * minute, None) is None  # set back, and the page was started anew
    assert age(at, None, None) is None
    assert age(0, at * 1000, None) is None  # from 1970 to now: nobody was offline for so long
