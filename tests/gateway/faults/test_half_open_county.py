"""The line to the county is half-open: it carries no octet, in one direction or both, and nobody closes it. No FIN, no
RST: new connections are taken, too, and say nothing.

What the village sees: its whole first answer, at once, as ever. Its lamps are told within 15 s that the county is not
there, after 20 s the county's steps are done here, after 90 s people are told. What is kept: everything; each press is
at the county once. How long: a dead connection is given up after 3.5 s where a new one works; what waited is at the
county at most 5 s after the line is mended.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from heartlamp_protocol.escalation.decide import TAKEOVER_MS
from heartlamp_protocol.escalation.plan import DAY_MIN, Plan, Policy, Reach, Step, Target
from heartlamp_protocol.troubles import read_trouble

from tests.gateway.faults.villages import kept
from tests.gateway.rig.cable import BOTH, DOWN, UP, Cable
from tests.gateway.rig.village import Rig
from tests.gateway.rig.waiting import until

TOWN = Target("town", "镇综治中心", "zh", (Reach("sms", "+8613800000004"),))
PLAN = Plan(
    3, 480, (TOWN,), (Policy("all", (), (), 0, DAY_MIN, 300_000, (Step(1, "county", 0, "accepted", ("town",)),)),)
)
PATIENCE_S = 30.0  # three villages share this machine, and others with them
WAYS = (BOTH, frozenset((UP,)), frozenset((DOWN,)))


@pytest.fixture
def villages() -> Iterator[Callable[[], Rig]]:
    made: list[Rig] = []
    with tempfile.TemporaryDirectory(prefix="hl-") as folder:

        def make() -> Rig:
            below = Path(folder) / str(len(made))
            below.mkdir()
            rig = Rig(below, county_by=Cable)
            made.append(rig)
            rig.start()
            rig.county.plan_is(PLAN)
            rig.gateway.says("plan version 3: 1 policies", PATIENCE_S)
            return rig

        try:
            yield make
        finally:
            for rig in made:
                rig.close()
                print((rig.folder / "gateway.log").read_text())


def done_here(rig: Rig, press: str) -> bool:
    """Whether the gateway has begun the county's step: it keeps a note of it for the county."""
    return bool(kept(rig, "SELECT 1 FROM outbox WHERE what = 'step' AND incident = ?", press))


def story(rig: Rig, way: frozenset[str]) -> None:
    lamp7, lamp9, button = (rig.device(id) for id in ("lamp7", "lamp9", "butt7"))
    button.is_received(button.press("gas"), PATIENCE_S)  # all is well, and the connection warm
    # Nothing is under way, or the press would wait for the answer to that, which does not come.
    unsaid = "SELECT 1 FROM lamp WHERE shown < ver AND device IN ('lamp7', 'lamp9')"
    until("all is said", lambda: not kept(rig, unsaid), PATIENCE_S)
    until("all is received", lambda: not kept(rig, "SELECT 1 FROM outbox WHERE received IS NULL"), PATIENCE_S)
    lamp7.board.wait("a pulse with the county", lambda: lamp7.pulses and lamp7.pulses[-1]["county"], PATIENCE_S)
    rig.cable.cut(way)
    press, pressed = button.press("panic"), time.monotonic()
    button.is_heard(press, PATIENCE_S)
    lamp9.call(press, PATIENCE_S, role="near", heard=1)
    rig.gateway.says("the county cannot be reached: ", PATIENCE_S)
    second = button.press("fire")
    button.is_heard(second, PATIENCE_S)
    lamp7.board.wait("the county is not there", lambda: not lamp7.pulses[-1]["county"], PATIENCE_S)
    until("the county's step is done here", lambda: done_here(rig, press), 2 * PATIENCE_S)
    waited = time.monotonic() - pressed
    assert waited >= TAKEOVER_MS / 1000 - 6  # counted from its last word: a ping every 5 s
    assert press not in button.received
    if UP in way:
        assert press not in rig.county.store.events
    else:
        rig.county.has(press, PATIENCE_S)  # it got there, and nobody could say so
    rig.cable.heal()
    mended = time.monotonic()
    button.is_received(press, PATIENCE_S)
    took = time.monotonic() - mended
    button.is_received(second, PATIENCE_S)
    lamp7.board.wait("the county is there", lambda: lamp7.pulses[-1]["county"], PATIENCE_S)
    print(f"{sorted(way)}: done here after {waited:.1f} s; received {took:.1f} s after the line was mended")
    assert len(rig.county.store.events) == 3


@pytest.mark.prove
def test_a_line_that_carries_nothing_up_or_nothing_down_or_neither(villages: Callable[[], Rig]) -> None:
    """Three villages side by side, each with another half of its line dead."""
    rigs = [villages() for _ in WAYS]
    with ThreadPoolExecutor(len(rigs)) as pool:
        list(pool.map(story, rigs, WAYS))


def test_a_dead_connection_does_not_hold_up_an_alarm_where_a_new_one_works(villages: Callable[[], Rig]) -> None:
    """As when a NAT box on the way has forgotten us: the warm connection is dead, and does not know."""
    rig = villages()
    button = rig.device("butt7")
    button.is_received(button.press("gas"))
    rig.cable.cut()
    rig.cable.heal()
    press, pressed = button.press("panic"), time.monotonic()
    button.is_received(press, 9)  # less than the 10 s that an answer is waited for otherwise
    print(f"received {time.monotonic() - pressed:.1f} s after the press")


@pytest.mark.prove
@pytest.mark.timeout(300)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(sorted(way)))
def test_after_90_seconds_people_are_told_and_when_it_is_back_the_county_learns_of_it(
    villages: Callable[[], Rig], way: frozenset[str]
) -> None:
    rig = villages()
    rig.device("lamp7")
    rig.cable.cut(way)
    rig.gateway.says("trouble: no word of the county", 150)
    assert rig.gateway.said("trouble: ") == 1
    rig.cable.heal()

    def told(what: str) -> bool:
        notes = [note[1:] for note in rig.county.store.notes.values()]
        return any(kind == what and read_trouble(kind, text).kind == "county" for kind, text in notes)

    for what in ("trouble", "restored"):
        rig.county.board.wait(f"{what} at the county", lambda what=what: told(what), 30)  # type: ignore[misc]
