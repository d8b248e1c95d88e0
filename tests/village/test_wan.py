"""A house whose lamp reaches the county by itself, among houses of the village's network: every part real."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.village.command_centre import CommandCentre
from tests.village.plan import House, Village
from tests.village.rig import Rig

pytestmark = pytest.mark.timeout(180)

BOTH, ALONE, VILLAGE = "lampyan1", "lampyan2", "lampyan3"
PLAN = Village(
    "yan",
    "岩头村",
    "990101100203",
    (
        House("yan", "一组", 1, ("lamp",), links={"lamp": ["lan", "wan"]}),
        House("yan", "一组", 2, ("lamp",), links={"lamp": ["wan"]}),
        House("yan", "一组", 3, ("lamp",)),
    ),
)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    folder: Path = tmp_path_factory.mktemp("wan")
    with Rig(folder, villages=(PLAN,)) as rig:
        for lamp in (BOTH, ALONE):
            rig.boards[lamp].wait_trace("link", 20, up=1, path="wan")
        for lamp in (BOTH, VILLAGE):
            rig.boards[lamp].wait_trace("lamp", 20)  # the village's answer: this path is proven too
        yield rig


def press(rig: Rig, lamp: str, pin: str = "red") -> str:
    mark = rig.boards[lamp].mark()
    rig.press(lamp, pin)
    return str(rig.boards[lamp].wait_trace("pressed", after=mark)["event"])


def near(rig: Rig, lamp: str, mark: int, place: str) -> None:
    calls = rig.boards[lamp].wait_show("near", 10, mark)["show"]["calls"]
    assert place in [c["place"] for c in calls if c["role"] == "near"]


def seat(rig: Rig) -> CommandCentre:
    centre = CommandCentre(rig.console_url, "duty", rig.password, rig.journal)
    centre.log_in()
    return centre


def quiet(rig: Rig, incident: str) -> None:
    """The next story begins in a village where nobody calls."""
    marks = {lamp: rig.boards[lamp].mark() for lamp in rig.boards}
    seat(rig).answer(incident, "closed", how="arrived")
    for lamp, mark in marks.items():
        rig.boards[lamp].wait_show("working", 10, mark, calls=[])


def test_a_press_straight_to_the_county_lights_the_neighbours_of_the_village(rig: Rig) -> None:
    marks = {lamp: rig.boards[lamp].mark() for lamp in rig.boards}
    event = press(rig, ALONE)
    rig.boards[ALONE].wait_trace("received", event=event)
    for lamp in (BOTH, VILLAGE):
        near(rig, lamp, marks[lamp], "一组 2号")
    going = press(rig, VILLAGE, "green")  # by the village's gateway
    rig.boards[VILLAGE].wait_trace("received", event=going)
    rig.boards[ALONE].wait_show("coming", 10, marks[ALONE], who="一组 3号")
    quiet(rig, event)


def test_a_press_in_the_village_lights_the_lamp_that_has_only_the_county(rig: Rig) -> None:
    mark = rig.boards[ALONE].mark()
    event = press(rig, VILLAGE)
    near(rig, ALONE, mark, "一组 3号")
    going = press(rig, ALONE, "green")
    rig.boards[ALONE].wait_trace("received", event=going)
    rig.boards[VILLAGE].wait_show("coming", 10, who="一组 2号")
    quiet(rig, event)


def test_while_its_gateway_is_frozen_the_press_takes_the_second_path_after_10_s(rig: Rig) -> None:
    gateway = rig.villages["yan"].gateway.pid
    assert gateway is not None
    marks = {lamp: rig.boards[lamp].mark() for lamp in rig.boards}
    os.kill(gateway, signal.SIGSTOP)
    try:
        began = time.monotonic()
        event = press(rig, BOTH)
        rig.boards[BOTH].wait_trace("received", 14, event=event)
        took = time.monotonic() - began
        print(f"received by the second path after {took:.1f} s")
        assert 9 < took < 12
        near(rig, ALONE, marks[ALONE], "一组 1号")  # by the county alone
    finally:
        os.kill(gateway, signal.SIGCONT)
    near(rig, VILLAGE, marks[VILLAGE], "一组 1号")
    assert seat(rig).incident(event)["incident"]["presses"] == 1
    quiet(rig, event)


def test_one_press_by_both_paths_is_one_and_the_two_states_do_not_fight(rig: Rig) -> None:
    mark = rig.boards[BOTH].mark()
    event = press(rig, BOTH)
    rig.boards[BOTH].wait_trace("received", event=event)
    told = rig.boards[BOTH].wait_show("told", 10, mark, heard=1, received=1)["show"]
    assert [c["incident"] for c in told["calls"]] == [event]

    settled = rig.boards[BOTH].mark()
    time.sleep(
        5
    )  # states that replaced each other would be said again every 2 s: what is waited for is that none comes
    again = [line for line in rig.boards[BOTH].lines(settled) if line.get("trace") in ("lamp", "epoch", "sent")]
    assert len(again) <= 1, again
    quiet(rig, event)
