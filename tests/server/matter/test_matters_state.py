"""Many people do anything with matters at any time: the rules hold, and whoever was late was told so once."""

from dataclasses import replace
from datetime import datetime, timedelta

from heartlamp_server.matter import acts, life
from heartlamp_server.matter.hours import between
from heartlamp_server.matter.life import AWAITED, ENDED, OPEN, TABLE, Refused
from heartlamp_server.matter.model import Matter, climbed, due
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.server.matter.cases import CALENDAR, HATS, KINDS, NOW, report, said

PEOPLE = st.sampled_from(sorted(HATS))


class AMatter(RuleBasedStateMachine):
    """The oracle keeps its own account of what was awaited since when, and of what was told."""

    @initialize(code=st.sampled_from(sorted(KINDS)))
    def raise_it(self, code: str) -> None:
        self.now: datetime = NOW
        self.matter, line = acts.raised(1, report(KINDS[code]), "网格员一", "field", NOW, CALENDAR)
        self.lines = [line]
        self.told: list[tuple[int, int]] = []
        self.did = ""

    @rule(act=st.sampled_from([a for a in TABLE if a != "climb"]), by=PEOPLE, other=st.booleans())
    def do(self, act: str, by: str, other: bool) -> None:
        before = self.matter
        wanted = said(before, act, by)
        if other:  # with less than it needs
            wanted = replace(wanted, why="", photos=(), how="", said="")
        try:
            self.matter, line = acts.act(before, wanted, self.now, CALENDAR)
        except Refused:
            assert self.matter is before
            return
        assert before.stage in TABLE[act].stages
        assert HATS[by] & set(TABLE[act].by)
        self.lines.append(line)
        if act in ("settle", "handle"):
            self.did = by
        if act in ("verify", "close", "redo"):
            assert by != self.did
        self._limits_are_kept(before)

    @rule(minutes=st.integers(0, 60 * 24 * 30))
    def later(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def climb(self) -> None:
        for one in due(self.matter, self.now):
            assert one.at <= self.now
            assert (one.n, one.level) not in self.told
            assert one.level == 1 or (one.n, one.level - 1) in self.told
            self.told.append((one.n, one.level))
            self.matter, line = climbed(self.matter, one, ("指挥员",), self.now)
            self.lines.append(line)
        assert due(self.matter, self.now) == []
        running = self.matter.running
        late = [] if running is None else [at for at in running.climbs if at <= self.now]
        assert running is None or running.climbed >= len(late)

    @precondition(lambda self: self.matter.running is not None)
    @rule()
    def until_it_is_late(self) -> None:
        assert self.matter.running is not None
        self.now = max(self.now, self.matter.running.due_at)
        told = len(self.told)
        climbed_before = self.matter.running.climbed
        self.climb()
        assert len(self.told) > told or climbed_before > 0

    @invariant()
    def the_stage_follows_from_what_was_done(self) -> None:
        matter = self.matter
        assert matter.stage in life.STAGES
        assert bool(matter.ended) == (matter.stage in ENDED)
        assert not matter.verified_by or matter.handled_by
        assert not matter.reported_by or matter.whistled_by
        assert matter.longer is None or matter.stage == life.REPORTED

    @invariant()
    def an_open_matter_is_waited_for_by_one_limit_and_a_closed_one_by_none(self) -> None:
        open_limits = [one for one in self.matter.limits if not one.ended]
        if self.matter.stage in OPEN:
            assert self.matter.running is not None
            assert self.matter.running.name == AWAITED[self.matter.stage]
            assert [one.name for one in open_limits].count(self.matter.running.name) == 1
        else:
            assert open_limits == []
            assert self.matter.next_climb_at is None
            assert due(self.matter, self.now + timedelta(days=999)) == []

    @invariant()
    def limits_are_numbered_and_what_was_met_says_how_late(self) -> None:
        assert [one.n for one in self.matter.limits] == list(range(1, len(self.matter.limits) + 1))
        for one in self.matter.limits:
            assert one.since <= one.due_at == one.climbs[0] < one.climbs[1]
            assert (one.ended_at is None) == (one.ended == "")
            if one.ended == "met" and one.ended_at is not None:
                late = between(one.due_at, one.ended_at, one.time, CALENDAR)
                assert one.late_minutes == late // timedelta(minutes=1)
        assert sorted(self.told) == sorted((x.n, lev) for x in self.matter.limits for lev in range(1, x.climbed + 1))

    def _limits_are_kept(self, before: Matter) -> None:
        """No act moves a promise: not its moment, and not what was told of it."""
        for was, now in zip(before.limits, self.matter.limits, strict=False):
            assert (was.n, was.name, was.unit, was.since, was.due_at) == (
                now.n,
                now.name,
                now.unit,
                now.since,
                now.due_at,
            )
            assert (was.climbs, was.climbed) == (now.climbs, now.climbed)
        assert len(self.matter.limits) >= len(before.limits)


TestAMatter = AMatter.TestCase
TestAMatter.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
