"""One press within the county's window is a drill, and is never taken for one when it could be anything else."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from heartlamp_gateway.disk import changes as disk
from heartlamp_gateway.disk.alarms import AlarmFile
from heartlamp_gateway.rules import drills, escalation, incidents
from heartlamp_gateway.rules.model import Village

from tests.gateway.rules.village import VILLAGE, A, B, calls, id_of, said
from tests.protocol.test_escalation import PLAN

ALL = frozenset(("voice", "sms", "siren", "speaker"))
NOON = 12 * 60
OPEN, SHUT = 1_000_000, 1_120_000
NOW = OPEN + 30_000
WITH_PLAN = replace(VILLAGE, plan=PLAN)
ANNOUNCED = drills.open_window(WITH_PLAN, "s7", OPEN, SHUT)


def press(village: Village, event: str = A, what: str = "panic", site: str = "s7", now: int = NOW) -> Village:
    return incidents.raise_alarm(village, event, site, what, now, now)[0]


def orders(village: Village, now: int = NOW) -> tuple[Village, list[tuple[str, int]]]:
    """The village after them, and (key without its time, whether it says drill) of each."""
    village, due, _ = escalation.advance(escalation.follow(village, NOON, now), now, 0, ALL)
    return village, [(order.key, order.drill) for order in due]


def test_the_press_is_marked_on_every_lamp_and_in_every_order() -> None:
    village = press(ANNOUNCED)
    assert [calls(village, lamp)[0].get("drill") for lamp in ("lamp7", "lamp9", "lamp2")] == [None, 1, 1]
    _, due = orders(village)
    assert due
    assert all(drill == 1 and f"/{PLAN.version}d/" in key for key, drill in due)
    assert "drill" not in calls(press(WITH_PLAN), "lamp9")[0]


REAL: dict[str, Callable[[], Village]] = {
    "nothing was announced": lambda: press(WITH_PLAN),
    "another house": lambda: press(drills.open_window(WITH_PLAN, "s9", OPEN, SHUT)),
    "after the window": lambda: press(ANNOUNCED, now=SHUT),
    "pressed before the announcement": lambda: incidents.raise_alarm(ANNOUNCED, A, "s7", "panic", NOW, OPEN - 1)[0],
    "nobody knows when": lambda: incidents.raise_alarm(ANNOUNCED, A, "s7", "panic", NOW)[0],
    "a call that was open": lambda: press(drills.open_window(press(WITH_PLAN, B), "s7", OPEN, SHUT)),
    "the county says that it is none": lambda: incidents.county_says(press(ANNOUNCED), said(A, (A,), "none"), NOW),
    "the county knows of it by another way": lambda: press(
        incidents.county_says(ANNOUNCED, said(B, (B,), "closed"), NOW)
    ),
}


@pytest.mark.parametrize("why", REAL)
def test_what_could_be_real_is_real(why: str) -> None:
    village = REAL[why]()
    assert [i.drill for i in village.incidents.values()] == [False]
    assert "drill" not in calls(village, "lamp9")[0]


@pytest.mark.parametrize("what", ["panic", "fire"])
def test_a_second_alarm_of_the_house_makes_all_of_it_real_and_everybody_is_called_anew(what: str) -> None:
    village, first = orders(press(ANNOUNCED))
    village, _ = incidents.press_key(village, A, "s9", "coming", id_of("lamp9", 5))
    village = press(village, B, what, now=NOW + 5_000)
    assert not any(i.drill or i.responders for i in village.incidents.values())
    assert all("drill" not in call and call["answer"] == "none" for call in calls(village, "lamp9"))
    _, due = orders(village, NOW + 5_000)
    keys = {key.replace(f"/{PLAN.version}/", f"/{PLAN.version}d/") for key, drill in due if drill == 0}
    assert {key for key, _ in first} <= keys, "who heard of a drill is called for the real one"
    assert not {key for key, _ in first} & {key for key, _ in due}, "by orders of another name"


def test_what_was_ordered_for_the_drill_is_not_said_any_more() -> None:
    village = escalation.follow(press(ANNOUNCED), NOON, NOW)
    village, due, _ = escalation.advance(village, NOW, 0, ALL)
    assert all(escalation.is_wanted(village, order) for order in due)
    village = escalation.follow(press(village, B), NOON, NOW)
    assert not any(escalation.is_wanted(village, order) for order in due)
    assert escalation.not_begun(village, due[0]) is village


def test_another_announced_press_of_the_same_drill_goes_on_with_it() -> None:
    village = press(drills.open_window(press(ANNOUNCED), "s7", OPEN, SHUT), B)
    assert [(i.drill, i.events) for i in village.incidents.values()] == [(True, (A, B))]


def test_a_neighbours_drill_stands_behind_a_neighbours_call() -> None:
    village = press(press(ANNOUNCED), id_of("lamp9", 9), site="s9", now=NOW - 9_000)
    assert [call.get("drill") for call in calls(village, "lamp2")] == [None, 1]


def test_the_window_takes_one_press() -> None:
    assert press(ANNOUNCED).drills == {}
    other = press(ANNOUNCED, id_of("lamp9", 9), site="s9")
    assert other.drills == ANNOUNCED.drills, "another house's press is none of it"


def test_the_countys_word_marks_what_came_by_another_way_and_never_what_is_real_here() -> None:
    word = replace(said(A, (A,), "none"), drill=1)
    assert incidents.county_says(WITH_PLAN, word, NOW).incidents[A].drill
    assert incidents.county_says(press(ANNOUNCED), word, NOW).incidents[A].drill
    twice = press(press(ANNOUNCED), B)
    assert not incidents.county_says(twice, word, NOW).incidents[A].drill, "the county has not heard of the second yet"


def test_a_box_that_was_killed_in_the_window_announces_a_real_alarm(tmp_path: Path) -> None:
    file = AlarmFile(tmp_path / "alarms.db")
    file.open()
    file.commit(disk.difference(VILLAGE, ANNOUNCED))
    assert not press(file.village()).incidents[A].drill
    marked = press(ANNOUNCED)
    file.commit(disk.difference(ANNOUNCED, marked))
    assert file.village().incidents[A].drill, "what was marked stays so"
    file.close()
