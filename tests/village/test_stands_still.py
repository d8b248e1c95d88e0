"""A process of the chain stands still (SIGSTOP) under real boards and the real county: what the lamps say, what becomes
of the press.

The county's server: it takes connections and says nothing. The village answers as ever, with its own receipt; the
county has the press at most 5 s after it goes on, once. The gateway: nobody answers, so the lamp that called says
"shout or telephone" after 10 s; it keeps its press and offers it, and when the gateway goes on all is as if nothing had
been.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.village.plan import House, Village
from tests.village.process import Process
from tests.village.rig import Rig

pytestmark = pytest.mark.timeout(180)

HERE, NEAR = "lampyan1", "lampyan2"
PLAN = Village("yan", "岩头村", "990101100203", tuple(House("yan", "一组", n, ("lamp",)) for n in (1, 2)))


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    folder: Path = tmp_path_factory.mktemp("still")
    with Rig(folder, villages=(PLAN,)) as rig:
        yield rig


@contextmanager
def stopped(process: Process) -> Iterator[None]:
    pid = process.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def press(rig: Rig) -> str:
    mark = rig.boards[HERE].mark()
    rig.press(HERE)
    return str(rig.boards[HERE].wait_trace("pressed", 10, mark)["event"])


def closed(rig: Rig, incident: str) -> None:
    """It is one incident of one press; the next story begins in a village where nobody calls."""
    marks = {lamp: board.mark() for lamp, board in rig.boards.items()}
    seat = rig.command_centre()
    assert [card["id"] for card in seat.incidents()["incidents"]] == [incident]
    assert seat.incident(incident)["incident"]["presses"] == 1
    seat.answer(incident, "closed", how="arrived")
    for lamp, mark in marks.items():
        rig.boards[lamp].wait_show("working", 20, mark, calls=[])


@pytest.mark.prove
def test_a_county_that_accepts_and_says_nothing(rig: Rig) -> None:
    near = rig.boards[NEAR].mark()
    with stopped(rig.server):
        event = press(rig)
        rig.boards[HERE].wait_trace("heard", 10, event=event)
        rig.boards[NEAR].wait_show("near", 10, near)
        began = time.monotonic()
        rig.boards[HERE].wait_show("told", 10, heard=1, received=0)
        # Longer than an answer is awaited: the gateway has tried anew, and hangs in that.
        while time.monotonic() - began < 6:
            time.sleep(0.1)
    mended = time.monotonic()
    rig.boards[HERE].wait_trace("received", 20, event=event)
    print(f"received {time.monotonic() - mended:.1f} s after the county goes on")
    closed(rig, event)


def test_a_gateway_that_stands_still_leaves_nobody_in_the_belief_that_help_is_called(rig: Rig) -> None:
    gateway = rig.villages["yan"].gateway
    starts = gateway.starts
    with stopped(gateway):
        mark, near = rig.boards[HERE].mark(), rig.boards[NEAR].mark()
        event = press(rig)
        rig.boards[HERE].wait_show("shout", 30, mark)
    rig.boards[HERE].wait_trace("heard", 30, event=event)
    rig.boards[HERE].wait_trace("received", 30, event=event)
    rig.boards[NEAR].wait_show("near", 10, near)
    rig.boards[HERE].wait_show("told", 10, mark, heard=1, received=1)
    assert gateway.starts == starts
    closed(rig, event)
