"""The wall clock of the box is three days ahead or behind: before the start, or it jumps while the gateway runs.

What the village sees: nothing of it. Steps of the plan come when they are due, neither early nor late; nobody is
missed; the hour of the day is what the wall clock says it is. What is kept: everything, 30 days by the store's own
clock. The county is reached: dates of its certificate are reported, not enforced, even one that begins in what the box
takes for the future. What goes up carries ages, no dates, so the county's timeline is right. How long: at the next look
at the box (a minute) people are told, by the county's own word of the time, until the clock is right again; SNTP tells
devices that it does not know.
"""

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from heartlamp_protocol.escalation.plan import Step

from tests.gateway.faults.villages import kept, loud_village, planned, troubles
from tests.gateway.faults.wrong_clock import WrongClock
from tests.gateway.rig.village import Rig
from tests.gateway.rig.waiting import until

DUE_S = 5.0
STEPS = (Step(1, "village", 0, "accepted", ("all",)), Step(2, "village", int(DUE_S * 1000), "accepted", ("all",)))


def all_rows(rig: Rig) -> set[str]:
    return {event for (event,) in kept(rig, "SELECT event FROM outbox WHERE frame IS NOT NULL")}


def new_county_connection(rig: Rig) -> None:
    """The county comes back with a certificate of an hour ago, which the box may take for one of the future."""
    rig.county.stop()
    rig.county.start(rig.authority.certificate("renewed", age=timedelta(hours=1)))


@pytest.mark.prove
def test_a_clock_that_jumps_while_it_runs_and_is_wrong_at_the_next_start() -> None:
    """Two villages side by side, one whose clock jumps forward and one where it jumps back."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(story, (3, -3)))


def story(days: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clock = WrongClock(Path(folder) / "clock")
        with loud_village(env=clock.env) as (rig, server):
            planned(rig, *STEPS)
            lamp7, lamp9, button = (rig.device(id) for id in ("lamp7", "lamp9", "butt7"))
            lamp7.read(temp_mc=21_500)
            rig.county.board.wait("the county's word of the time", lambda: rig.county.store.readings, 30)
            rig.gateway.says("clock is", 30)

            press, pressed = button.press("fire"), time.monotonic()
            assert rig.county.noted("step", "3/1/all/speaker/0 done 大喇叭", 30) == press
            clock.set(timedelta(days=days))
            assert len(server.got) == 1 or time.monotonic() - pressed > DUE_S
            assert rig.county.noted("step", "3/2/all/speaker/0 sent 大喇叭 · 村口", 30) == press
            assert time.monotonic() - pressed >= DUE_S  # not before its time
            lamp9.call(press, 30, heard=1)

            told = rig.county.board.wait("a word of the clock", lambda: troubles(rig), 30)
            assert [(t.kind, t.subject, t.detail) for t in told] == [("box", "clock", "fault")]
            rig.gateway.says(f"The clock is 72.0 hours {'ahead of' if days > 0 else 'behind'} the county's")

            new_county_connection(rig)
            second = button.press("gas")
            button.offers(second)
            button.is_received(second, 30)
            begins = "is this machine's date right? alarms still go up"
            assert (rig.gateway.said(begins) > 0) == (days < 0)

            rows = all_rows(rig)
            rig.gateway.kill()
            rig.gateway.start()  # with the wrong date from the first moment
            until("a session", lambda: rig.gateway.said("gateway-alarms: session with the broker\n") == 2, 20)
            third = button.press("flood")
            button.offers(third)
            button.is_received(third, 30)
            lamp9.call(press, 30)
            assert all_rows(rig) == rows | {third}
            assert {press, second, third} <= set(rig.county.store.events)
            assert all(0 <= item.age < 600_000 for item in rig.county.store.items)  # no date goes up, only ages
            played = [n[2] for n in rig.county.store.notes.values() if n[:2] == (press, "step") and " done " in n[2]]
            assert len(played) == len(set(played))
            assert {t.subject for t in troubles(rig)} == {"clock"}
            clock.set(timedelta())
            rig.county.board.wait("it is right again", lambda: troubles(rig, "restored"), 30)


def test_a_clock_of_another_year_at_the_start_deletes_nothing() -> None:
    """By such a date all that is kept is older than 30 days, or not yet there."""
    with tempfile.TemporaryDirectory() as folder:
        clock = WrongClock(Path(folder) / "clock")
        with loud_village(env=clock.env) as (rig, _):
            button = rig.device("butt7")
            for session, days in enumerate((400, -400), 2):
                press = button.press("panic")
                button.offers(press)
                button.is_received(press, 30)
                rows = all_rows(rig)
                assert press in rows
                rig.gateway.kill()
                clock.set(timedelta(days=days))
                rig.gateway.start()  # it tidies its store at the start
                until("it runs", lambda sessions=session: rig.gateway.said("broker\n") >= 2 * sessions, 20)  # type: ignore[misc]
                assert all_rows(rig) == rows


def test_a_wrong_clock_is_found_though_no_device_is_there_and_nothing_goes_up(tmp_path: Path) -> None:
    clock = WrongClock(tmp_path / "clock")
    clock.set(timedelta(days=3))
    with loud_village(env=clock.env) as (rig, _):
        told = rig.county.board.wait("a word of the clock", lambda: troubles(rig), 30)
        assert [(t.kind, t.subject, t.detail) for t in told] == [("box", "clock", "fault")]
        rig.gateway.says("The clock is 72.0 hours ahead of the county's")
