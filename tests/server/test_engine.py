"""What the county does about an open incident: each step in its time, once, whatever people say or clocks show."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from heartlamp_protocol.escalation.decide import TAKEOVER_MS
from heartlamp_server.escalation.engine import Done, Turn, reached, turn
from heartlamp_server.incident import acts, life
from heartlamp_server.incident.model import Incident, Refused, answer, close, press
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.server.test_life import NOW, SOURCE, opened
from tests.server.test_policy import course_for

COURSE = course_for("g1")
LAPSE = timedelta(milliseconds=COURSE.policy.lapse_ms)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def names(found: Turn) -> list[str]:
    return [due.target.name for due in found.due]


def test_the_county_calls_the_family_at_once_and_leaves_the_village_its_own() -> None:
    found = turn(COURSE, opened(), {}, NOW, 0)
    assert names(found) == ["家人"]
    assert found.look_at is not None
    assert found.look_at <= after(30)


def test_what_the_village_does_not_do_passes_to_the_county() -> None:
    found = turn(COURSE, opened(), {}, NOW, TAKEOVER_MS)
    assert {"户长", "网格员", "家人"} <= set(names(found))


def test_a_neighbour_who_comes_ends_no_call_to_who_is_on_duty() -> None:
    incident, _ = answer(opened(), "site:s9", "三组 9号", "coming", NOW)
    assert reached(incident, NOW) == {"coming"}
    assert "镇值班员" not in names(turn(COURSE, incident, {}, after(200), 0)), "its step waits for somebody who comes"
    assert "县值班员" in names(turn(COURSE, incident, {}, after(300), 0)), "and this one for somebody who is there"


def test_who_is_late_is_not_counted_on() -> None:
    incident, _ = answer(opened(), "person:g", "网格员", "coming", NOW)
    early = turn(COURSE, incident, {}, after(1), 0)
    assert early.late == ()
    late = turn(COURSE, incident, {}, NOW + LAPSE, 0)
    assert late.late == ("person:g",)
    assert "镇值班员" in names(late)


def test_after_the_call_nobody_is_called() -> None:
    there, _ = answer(opened(), "person:g", "网格员", "arrived", NOW)
    handled, _ = acts.handle(there, "已送医", "网格员", NOW)
    for incident in (handled, close(handled, "值班员", "arrived", NOW)[0]):
        found = turn(COURSE, incident, {}, after(1000), TAKEOVER_MS)
        assert (found.due, found.look_at) == ((), None)


class County(RuleBasedStateMachine):
    """Its worker looks when it likes, is killed and restarted, and its clock is set; people say what they like."""

    def __init__(self) -> None:
        super().__init__()
        self.incident: Incident = opened()
        self.done: Done = {}
        self.now = NOW
        self.away_ms = 0
        self.called: Counter[tuple[int, str, int]] = Counter()
        self.lost: frozenset[str] = frozenset()

    @rule(seconds=st.integers(0, 200))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(seconds=st.integers(1, 3 * 86_400))
    def the_clock_is_set_back(self, seconds: int) -> None:
        self.now -= timedelta(seconds=seconds)

    @rule(away=st.sampled_from([0, TAKEOVER_MS - 1, TAKEOVER_MS, 10 * TAKEOVER_MS]))
    def the_village_is_away(self, away: int) -> None:
        self.away_ms = away

    @rule(who=st.sampled_from(["site:s9", "person:g", "person:h"]), said=st.sampled_from(list(life.STATES)))
    def somebody_answers(self, who: str, said: str) -> None:
        try:
            self.incident, _ = answer(self.incident, who, who, said, self.now)
        except Refused:
            pass

    @rule()
    def the_key_is_pressed_again(self) -> None:
        if self.incident.closed_at is None:
            self.incident, _ = press(self.incident, f"e{self.incident.presses}", self.now, None, SOURCE)

    @rule(whose=st.sampled_from([t.id for t in COURSE.targets]))
    def a_way_is_lost(self, whose: str) -> None:
        self.lost |= {whose}

    @rule(kept=st.booleans())
    def a_worker_looks(self, kept: bool) -> None:
        """`kept` False: it is killed before its transaction is committed, so that nothing was done."""
        found = turn(COURSE, self.incident, self.done, self.now, self.away_ms, mute=self.lost)
        if not kept:
            return
        for due in found.due:
            self.called[due.step, due.target.id, found.done[due.step, due.target.id][0]] += 1
        for key in found.late:
            self.incident, _ = acts.late(self.incident, key, self.now)
        self.done = found.done
        again = turn(COURSE, self.incident, self.done, self.now, self.away_ms, mute=self.lost)
        assert not again.due, "it is done, or it is not known to be"
        assert found.look_at is None or found.look_at > self.now, "it would look without end"

    @invariant()
    def nothing_is_done_twice(self) -> None:
        assert not [key for key, times in self.called.items() if times > 1]

    @invariant()
    def what_is_due_is_due(self) -> None:
        """Whatever was before: a step whose time has come, and whose end was not reached, is due or done."""
        found = turn(COURSE, self.incident, self.done, self.now, self.away_ms, mute=self.lost)
        since = (self.now - self.incident.opened_at).total_seconds() * 1000
        standing = reached(
            replace(self.incident, responders=tuple(r for r in self.incident.responders if r.key not in found.late)),
            self.now,
        )
        for step in COURSE.policy.steps:
            mine = step.owner == "county" or self.away_ms >= TAKEOVER_MS
            if mine and since >= step.at_ms and step.until not in standing and "closed" not in standing:
                for target in step.targets:
                    assert found.done.get((step.n, target), (0, 0))[0] >= 1, (step.n, target)


County.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
test_whatever_happens_each_step_is_done_once = County.TestCase
