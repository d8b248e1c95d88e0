"""What an incident comes to, read off its timeline."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from heartlamp_server.figures.fact import Fact, Line, Opened, fact

T0 = datetime(2026, 9, 30, 15, 0, tzinfo=UTC)
OPENED = Opened("lamp1-1", "s1", "panic", T0, devices=frozenset(("lamp1",)))


def line(s: float, kind: str, **detail: Any) -> Line:
    return T0 + timedelta(seconds=s), kind, detail


def answer(s: float, who: str, said: str, **more: Any) -> Line:
    return line(s, "answer", who=who, answer=said, **more)


FIRST = line(0, "opened", what="panic")
RANG = line(5, "told", state="rang", who="三组户长")


def of(*lines: Line) -> Fact:
    return fact(OPENED, lines)


def test_a_call_that_was_answered_in_time_from_ring_to_close() -> None:
    found = of(
        FIRST, RANG, answer(20, "值班员", "accepted"), answer(90, "三组户长", "coming"),
        answer(200, "三组户长", "arrived", device="lamp1"),
        line(600, "closed", who="值班员", by="值班员", how="arrived"), line(900, "evaluated", marks=5),
    )  # fmt: skip
    assert (found.times.accept, found.times.dispatch, found.times.arrive, found.times.close) == (
        20_000, 90_000, 200_000, 600_000
    )  # fmt: skip
    f = found.flags
    assert (f.rung, f.accept_in_time, f.coming_in_time, f.arrive_in_time) == (True, True, True, True)
    assert (f.arrived, f.ended, f.seen, f.other, f.said) == ("proven", "closed", "arrived", False, "satisfied")


def test_lateness_counts_from_the_proven_ring_and_not_from_the_press() -> None:
    sent = line(2, "told", state="sent")
    late = of(
        FIRST, sent, line(10, "told", state="delivered"), line(100, "told", state="rang"), answer(150, "一", "accepted")
    )
    assert late.flags.accept_in_time
    assert late.times.accept == 150_000
    assert not of(FIRST, RANG, answer(150, "一", "accepted")).flags.accept_in_time
    unrung = of(FIRST, sent, answer(20, "一", "accepted")).flags
    assert (unrung.rung, unrung.accept_in_time) == (False, False)


@pytest.mark.parametrize("state", ["sent", "delivered", "failed", "done", "busy"])
def test_what_proves_no_ring(state: str) -> None:
    assert not of(FIRST, line(1, "told", state=state), line(2, "village_step", state=state)).flags.rung


def test_a_neighbours_green_key_is_coming_and_no_acceptance() -> None:
    found = of(FIRST, answer(8, "三组 8号", "coming", device="lamp2"))
    assert (found.times.accept, found.times.dispatch) == (None, 8_000)
    assert of(FIRST, line(8, "village_answer", who="三组 8号", answer="coming")).times.accept is None
    assert of(FIRST, line(8, "village_duty", who="网格员一", answer="coming")).times.accept == 8_000


def test_an_arrival_is_proven_at_the_site_only_and_may_be_taken_back() -> None:
    assert of(FIRST, answer(9, "一", "arrived")).flags.arrived == "claimed"
    assert of(FIRST, answer(9, "一", "arrived", device="lamp2")).flags.arrived == "claimed"
    assert of(FIRST, answer(9, "一", "arrived"), answer(10, "一", "arrived", device="lamp1")).flags.arrived == "proven"
    gone = of(FIRST, answer(9, "一", "arrived", device="lamp1"), answer(30, "一", "withdrawn"))
    assert gone.flags.arrived == ""
    assert gone.times.arrive == 9_000


def test_what_waited_in_an_outage_counts_by_when_it_was() -> None:
    opened = Opened("lamp1-1", "s1", "panic", T0 + timedelta(hours=3))
    found = fact(opened, [FIRST, answer(400, "一", "coming"), answer(120, "二", "coming")])
    assert (found.began_at, found.times.dispatch) == (T0, 120_000)


def test_a_reopened_call_is_nobodys_again_and_its_last_end_counts() -> None:
    closed = line(60, "closed", who="一", by="一", how="spoke_to")
    again = line(100, "reopened", by="一", why="还有烟")
    open_again = of(FIRST, answer(9, "一", "arrived"), closed, line(70, "evaluated", marks=1), again)
    assert (open_again.flags.reopened, open_again.flags.ended, open_again.flags.arrived) == (True, "", "")
    assert (open_again.flags.said, open_again.times.close) == ("silent", None)
    ended = of(FIRST, closed, again, line(300, "closed", who="一", by="一", how="spoke_to"))
    assert (ended.times.close, ended.flags.arrived) == (300_000, "")
    assert fact(Opened("a", "s1", "panic", T0, sequel=True), [FIRST, closed]).flags.reopened


def test_a_false_alarm_says_who_confirmed_it() -> None:
    false = of(FIRST, line(60, "false", who="网格员一", by="值班员", how="arrived", why="按错")).flags
    assert (false.ended, false.seen, false.other) == ("false", "arrived", True)


def test_merged_and_parted_again() -> None:
    assert of(FIRST, line(5, "merged", into="b")).flags.merged
    assert not of(FIRST, line(5, "merged", into="b"), line(9, "parted", **{"from": "b"})).flags.merged


def test_what_was_said_afterwards() -> None:
    said = {marks: of(FIRST, line(9, "evaluated", marks=marks)).flags.said for marks in range(6)}
    assert said == {0: "words"} | dict.fromkeys((1, 2, 3), "unsatisfied") | dict.fromkeys((4, 5), "satisfied")
    assert of(FIRST, line(9, "feedback", reached=False, words="")).flags.said == "silent"


def test_a_corrected_kind_counts_as_what_it_is() -> None:
    assert of(FIRST, line(9, "corrected", what="fire")).flags.what == "fire"


def test_a_call_that_the_police_took_and_ended() -> None:
    told = line(0, "opened_by", what="fire", source="phone", by="值班员")
    found = of(told, line(30, "handed_taken", case="110-7"), line(700, "handed_ended", there=1, words="已处置"))
    assert (found.times.accept, found.times.arrive) == (30_000, None)
    assert (found.flags.what, found.flags.arrived) == ("fire", "claimed")
    assert of(told, line(700, "handed_ended", there=0)).flags.arrived == ""


def test_a_drill_is_what_was_marked_as_one() -> None:
    assert of(FIRST, line(700, "drill", by="指挥员")).flags.drill
