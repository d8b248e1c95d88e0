"""What the village does about an incident by the county's plan, with or without the county. Pure, and the runner of its
outputs."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from heartlamp_gateway.disk import changes as disk
from heartlamp_gateway.disk.alarms import AlarmFile
from heartlamp_gateway.outputs.adapter import Order, Report
from heartlamp_gateway.outputs.runner import STUCK, Runner
from heartlamp_gateway.rules import escalation, incidents
from heartlamp_gateway.rules.model import NoteWanted, Village

from tests.gateway.rig.waiting import until
from tests.gateway.rules.village import VILLAGE, A, B, calls, said
from tests.protocol.test_escalation import PLAN

ALL = frozenset(("voice", "sms", "siren", "speaker"))
NOON = 12 * 60
OPENED = 1_000_000
MINUTE = 60_000


@pytest.fixture
def village() -> Village:
    """三组 7号 has just called for help."""
    raised, _ = incidents.raise_alarm(replace(VILLAGE, plan=PLAN), A, "s7", "panic", OPENED)
    return escalation.follow(raised, NOON, OPENED)


def done(
    village: Village, after: int, away: int = 0, channels: frozenset[str] = ALL
) -> tuple[Village, list[str], list[NoteWanted]]:
    """After so many ms: the village, `step target channel` of each order, notes."""
    village, orders, notes = escalation.advance(village, OPENED + after, away, channels)
    return village, [" ".join(order.key.split("/")[2:5]) for order in orders], notes


FIRST = ["1 siren siren", "1 head3 voice", "1 head3 sms", "1 grid1 voice"]


def test_the_first_answer_is_given_at_once_and_once(village: Village) -> None:
    village, orders, _ = done(village, 0)
    assert orders == FIRST
    assert done(village, 10)[1] == []


def test_the_same_orders_have_the_same_names_after_a_kill(village: Village) -> None:
    keys = [order.key for order in escalation.advance(village, OPENED, 0, ALL)[1]]
    assert [order.key for order in escalation.advance(village, OPENED + 400, 0, ALL)[1]] == keys


def test_an_order_says_the_place_and_nothing_of_the_person(village: Village) -> None:
    order = escalation.advance(village, OPENED, 0, ALL)[1][0]
    assert (order.place, order.group, order.what, order.incident) == ("三组 7号", "g3", "panic", A)


def test_of_a_silent_alarm_nothing_is_done() -> None:
    raised, _ = incidents.raise_alarm(replace(VILLAGE, plan=PLAN), A, "s7", "silent", OPENED)
    assert escalation.follow(raised, NOON, OPENED).escalations == {}


def test_without_a_plan_lamps_are_all_there_is() -> None:
    raised, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", OPENED)
    assert escalation.follow(raised, NOON, OPENED).escalations == {}


NIGHT_ONLY = replace(PLAN, policies=PLAN.policies[:1])


def test_what_no_policy_fits_when_it_opens_gets_none_when_the_hour_comes(tmp_path: Path) -> None:
    raised, _ = incidents.raise_alarm(replace(VILLAGE, plan=NIGHT_ONLY), A, "s7", "panic", OPENED)
    opened = escalation.follow(raised, 22 * 60 - 1, OPENED)
    assert (opened.escalations, opened.uncalled) == ({}, frozenset({A}))
    file = AlarmFile(tmp_path / "alarms.db")
    file.open()
    file.commit(disk.difference(VILLAGE, opened))
    # The box was off for a while, of which its clock knows nothing: the plan is not asked again all the same.
    later = escalation.follow(file.village(), 22 * 60, OPENED + 1)
    file.close()
    assert (later.escalations, later.uncalled) == ({}, frozenset({A}))
    assert escalation.follow(replace(later, plan=PLAN), NOON, OPENED + MINUTE).escalations == {}
    merged = escalation.follow(incidents.county_says(later, said(B, (B, A), "none"), OPENED), 22 * 60, OPENED)
    assert (merged.escalations, merged.uncalled) == ({}, frozenset({B}))
    closed = escalation.follow(incidents.county_says(later, said(A, (A,), "closed"), OPENED), NOON, OPENED)
    assert closed.uncalled == frozenset()


def test_a_box_whose_first_plan_comes_a_little_later_goes_by_the_hour_in_which_it_was_opened() -> None:
    raised, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", OPENED)
    waits = escalation.follow(raised, 22 * 60 - 1, OPENED)
    assert waits.uncalled == frozenset()
    came = escalation.follow(replace(waits, plan=PLAN), 22 * 60 + 1, OPENED + 2 * MINUTE)
    assert came.escalations[A].course.policy.id == "day"
    by_night_alone = replace(waits, plan=NIGHT_ONLY)
    without_a_clock = escalation.follow(by_night_alone, None, OPENED + MINUTE)
    assert escalation.follow(without_a_clock, 22 * 60 + 2, OPENED + 2 * MINUTE).escalations[A].opened == OPENED
    past_midnight = escalation.follow(replace(waits, plan=PLAN), 1, OPENED + 2 * MINUTE)
    assert past_midnight.escalations[A].course.policy.id == "night-panic"


def test_who_is_on_duty_and_comes_is_shown_by_name_and_ends_the_calls(village: Village) -> None:
    village, _, _ = done(village, 0)
    village, notes = escalation.answered(village, A, "grid1", "coming")
    assert notes == [NoteWanted(A, "duty", "coming 网格员")]
    assert [(c["answer"], c["who"]) for c in calls(village, "lamp9")] == [("coming", "网格员")]
    assert done(village, MINUTE)[1] == []


def test_a_neighbour_who_comes_is_shown_and_ends_no_call(village: Village) -> None:
    village, _, _ = done(village, 0)
    village, _ = incidents.press_key(village, A, "s9", "coming", B)
    assert calls(village, "lamp7")[0]["who"] == "三组 9号"
    assert done(village, 20_000)[1] == FIRST


def test_who_cannot_is_left_alone_and_the_next_are_called_at_once(village: Village) -> None:
    village, _, _ = done(village, 0)
    village, notes = escalation.answered(village, A, "grid1", "cannot")
    assert notes == [NoteWanted(A, "duty", "cannot 网格员")]
    village, _ = escalation.answered(village, A, "head3", "cannot")
    assert done(village, 3_000)[1] == ["2 office voice"]


def test_who_comes_and_then_cannot_is_not_shown_any_more(village: Village) -> None:
    village, _ = escalation.answered(village, A, "grid1", "coming")
    village, _ = escalation.answered(village, A, "grid1", "cannot")
    assert calls(village, "lamp7")[0]["answer"] == "unanswered"


def test_who_comes_and_does_not_arrive_in_time_is_not_coming_any_more(village: Village) -> None:
    village, _ = escalation.answered(village, A, "grid1", "coming")
    village, _, _ = done(village, 0)
    village, orders, notes = done(village, 300_000 - 1)
    assert (orders, notes) == ([], [])
    village, orders, notes = done(village, 300_000)
    assert [(n.what, n.subject) for n in notes] == [("lapsed", "coming 网格员"), ("answer", "unanswered")]
    assert orders == ["1 siren siren", "1 head3 voice", "1 head3 sms", "1 grid1 voice", "2 office voice"]
    assert calls(village, "lamp9")[0]["answer"] == "unanswered"


def test_the_county_answers_and_the_calls_end(village: Village) -> None:
    village, _, _ = done(village, 0)
    by_person = incidents.county_says(village, said(A, (A,), "accepted"), OPENED)
    assert done(by_person, MINUTE)[1] == []
    by_key = incidents.county_says(village, said(A, (A,), "coming", who="三组 9号", by="s9"), OPENED)
    assert done(by_key, 20_000)[1] == FIRST


def test_the_counties_steps_are_done_here_when_it_is_away(village: Village) -> None:
    village, _, _ = done(village, 0)
    village, _, _ = done(village, MINUTE)
    assert "3 town voice" not in done(village, 3 * MINUTE, away=19_999)[1]
    assert "3 town voice" in done(village, 3 * MINUTE, away=20_000)[1]


def test_a_closed_incident_has_no_escalation(village: Village) -> None:
    closed = incidents.county_says(village, said(A, (A,), "closed"), OPENED)
    assert escalation.follow(closed, NOON, OPENED).escalations == {}


def test_two_incidents_that_the_county_makes_one_go_on_where_the_first_was(village: Village) -> None:
    village, _, _ = done(village, 0)
    merged = escalation.follow(incidents.county_says(village, said(B, (B, A), "none"), OPENED + 5), NOON, OPENED)
    assert list(merged.escalations) == [B]
    assert done(merged, 10)[1] == []


def test_who_was_called_before_the_county_made_two_incidents_one_is_heard_all_the_same(village: Village) -> None:
    village, orders, _ = escalation.advance(village, OPENED, 0, ALL)
    merged = escalation.follow(incidents.county_says(village, said(B, (B, A), "none"), OPENED + 5), NOON, OPENED)
    assert all(escalation.is_wanted(merged, order) for order in orders)
    answered, notes = escalation.answered(merged, A, "grid1", "coming")
    assert [(note.incident, note.subject) for note in notes] == [(B, "coming 网格员")]
    assert calls(answered, "lamp9")[0]["answer"] == "coming"


def test_a_new_box_goes_on_where_the_escalation_stands() -> None:
    told = replace(said(A, (A,), "none"), age=90_000)
    village = incidents.county_says(replace(VILLAGE, plan=PLAN), told, OPENED)
    village = escalation.follow(village, 22 * 60, OPENED)
    assert village.escalations[A].course.policy.id == "day"  # the hour in which it was opened
    village, orders, _ = done(village, 0)
    assert orders == [*FIRST, "2 office voice"]  # what the box before did is not known: in doubt twice
    again = incidents.county_says(village, replace(told, age=95_000, answer="accepted"), OPENED + 5_000)
    assert again.incidents[A].opened == village.incidents[A].opened == OPENED - 90_000
    taken = incidents.county_says(replace(VILLAGE, plan=PLAN), replace(told, answer="accepted"), OPENED)
    assert done(escalation.follow(taken, NOON, OPENED), 0)[1] == []


def test_a_new_plan_changes_nothing_of_what_is_open(village: Village) -> None:
    village, _, _ = done(village, 0)
    changed = escalation.follow(replace(village, plan=replace(PLAN, version=8, policies=())), NOON, OPENED)
    assert changed.escalations == village.escalations


def test_a_box_whose_telephone_is_broken_tries_it_and_climbs_at_once(village: Village) -> None:
    assert done(village, 0, channels=frozenset(("siren",)))[1] == [*FIRST, "2 office voice"]
    assert done(village, 0, channels=frozenset(("sms",)))[1] == FIRST


def test_escalations_and_effects_survive_a_restart(village: Village, tmp_path: Path) -> None:
    file = AlarmFile(tmp_path / "alarms.db")
    file.open()
    village, orders, _ = escalation.advance(village, OPENED, 0, ALL)
    village, _ = escalation.answered(village, A, "grid1", "coming")
    file.commit([*map(disk.wanted, orders), *disk.difference(VILLAGE, village)])
    file.commit([disk.ended(orders[0])])
    file.close()
    file.open()
    again = file.village()
    assert (again.plan, again.escalations) == (village.plan, village.escalations)
    assert sorted(o.key for o in file.effects()) == sorted(o.key for o in orders[1:])
    file.close()


def test_an_order_that_nobody_wants_any_more_is_not_begun(village: Village) -> None:
    village, orders, _ = escalation.advance(village, OPENED, 0, ALL)
    assert all(escalation.is_wanted(village, order) for order in orders)
    village, _ = escalation.answered(village, A, "grid1", "coming")
    assert not any(escalation.is_wanted(village, order) for order in orders)


def until_coming() -> Village:
    """Whose first step waits for anybody who comes."""
    steps = (replace(PLAN.policies[1].steps[0], until="coming", again_ms=0, times=1), *PLAN.policies[1].steps[1:])
    plan = replace(PLAN, policies=(replace(PLAN.policies[1], steps=steps),))
    raised, _ = incidents.raise_alarm(replace(VILLAGE, plan=plan), A, "s7", "panic", OPENED)
    return escalation.follow(raised, NOON, OPENED)


def test_a_neighbour_who_comes_hangs_up_no_telephone_of_somebody_on_duty() -> None:
    village, orders, _ = escalation.advance(until_coming(), OPENED, 0, ALL)
    by_key = incidents.county_says(village, said(A, (A,), "coming", who="三组 9号", by="s9"), OPENED)
    village, _ = incidents.press_key(village, A, "s9", "coming", B)
    for neighbour in (village, by_key):
        assert not any(escalation.is_wanted(neighbour, order) for order in orders)
        assert all(escalation.rings_on(neighbour, order) for order in orders)
    taken, _ = escalation.answered(village, A, "grid1", "coming")
    assert not any(escalation.rings_on(taken, order) for order in orders)
    by_person = incidents.county_says(village, said(A, (A,), "coming"), OPENED)
    assert not any(escalation.rings_on(by_person, order) for order in orders)
    cannot, _ = escalation.answered(village, A, "grid1", "cannot")
    assert [escalation.rings_on(cannot, order) for order in orders] == [True, True, True, False]
    closed = incidents.county_says(village, said(A, (A,), "closed"), OPENED)
    assert not any(escalation.rings_on(escalation.follow(closed, NOON, OPENED), order) for order in orders)


def test_a_call_that_a_neighbours_coming_held_back_is_made_when_they_do_not_arrive() -> None:
    village, orders, _ = escalation.advance(until_coming(), OPENED, 0, ALL)
    village, _ = incidents.press_key(village, A, "s9", "coming", B)
    village, _, _ = done(village, 1_000)
    for order in orders[1:3]:  # the siren wailed and 网格员 was called; voice and SMS of the head of the group waited
        village = escalation.not_begun(village, order)
    assert done(village, 2_000)[1] == []
    lapsed, again, _ = done(village, 1_000 + 300_000)
    assert again == ["1 head3 voice", "1 head3 sms", "2 office voice"]
    assert done(lapsed, 1_001 + 300_000)[1] == []


# --- the runner ------------------------------------------------------------------------------------------------------


class Told:
    """An adapter that does as it is told, and what was reported."""

    deadline_s = 0.5
    at_once = False

    def __init__(self, channel: str, how: str = "done") -> None:
        self.channel, self.how = channel, how
        self.let_go = threading.Event()
        self.begun: list[str] = []

    def perform(self, order: Order, report: Callable[[Report], None]) -> Report:
        self.begun.append(order.key)
        if self.how == "hangs":
            self.let_go.wait()
        if self.how == "raises":
            raise OSError("no dial tone")
        return Report("done" if self.how == "hangs" else self.how)

    def health(self) -> str:
        return "" if self.how == "done" else f"it {self.how}"


class Reports:
    """Reports, in the order in which they came."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str]] = []
        self.changed = threading.Condition()

    def add(self, order: Order, report: Report) -> None:
        with self.changed:
            self.lines.append((order.key, report.state, report.why))
            self.changed.notify_all()

    def wait(self, many: int) -> list[tuple[str, str, str]]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.lines) >= many, 10)
            return sorted(self.lines)


def order(key: str, channel: str, what: str = "panic") -> Order:
    return Order(key, channel, "", A, what, "三组 7号", "g3", "", "zh")


def test_an_output_that_hangs_or_breaks_holds_up_no_other() -> None:
    told = Reports()
    hangs, raises, well = Told("siren", "hangs"), Told("sms", "raises"), Told("voice")
    runner = Runner((hangs, raises, well), lambda order: True, told.add)
    runner.start()
    runner.give([order("a", "siren"), order("b", "sms"), order("c", "voice"), order("d", "speaker")])
    assert told.wait(4) == [
        ("a", "failed", "given up after 0.5 s"),
        ("b", "failed", "no dial tone"),
        ("c", "done", ""),
        ("d", "failed", "this box has no speaker"),
    ]
    assert until("their health", lambda: runner.working() == {"voice"})
    hangs.let_go.set()
    runner.stop()


def test_one_that_hangs_is_stuck_until_it_comes_back_and_is_not_asked_again_and_again() -> None:
    class Liar(Told):
        asked = 0

        def health(self) -> str:
            self.asked += 1
            return ""

    told, liar = Reports(), Liar("voice", "hangs")
    runner = Runner((liar,), lambda order: True, told.add)
    runner.start()
    until("it is asked at the start", lambda: liar.asked == 1)
    runner.give([order("a", "voice"), order("b", "voice")])
    assert [line[1] for line in told.wait(2)] == ["failed", "failed"]  # each is tried, in its own time
    until("it is stuck", lambda: runner.faults() == {"voice": STUCK})
    assert (runner.working(), liar.asked) == (frozenset(), 1)
    liar.let_go.set()
    until("it works again", lambda: runner.working() == {"voice"})
    runner.stop()


def test_no_order_waits_for_the_question_whether_it_would_work() -> None:
    class Asked(Told):
        def health(self) -> str:
            self.let_go.wait(10)
            return ""

    told, adapter = Reports(), Asked("voice")
    adapter.deadline_s = 20
    runner = Runner((adapter,), lambda order: True, told.add)
    runner.start()
    runner.give([order("a", "voice")])
    assert told.wait(1) == [("a", "done", "")]
    adapter.let_go.set()
    runner.stop()


def test_fire_goes_first_and_what_is_not_wanted_any_more_is_not_begun() -> None:
    told = Reports()
    adapter = Told("voice", "hangs")
    runner = Runner((adapter,), lambda order: order.key != "late", told.add)
    fires = [order(f"fire {n}", "voice", "fire") for n in range(3)]
    runner.give([order("panic", "voice"), order("late", "voice"), *fires])
    adapter.let_go.set()
    runner.start()
    told.wait(5)
    assert adapter.begun == ["fire 0", "fire 1", "fire 2", "panic"]
    runner.stop()


def test_what_an_output_says_is_believed_only_where_it_is_an_end() -> None:
    told = Reports()
    runner = Runner((Told("voice", "rang"),), lambda order: True, told.add)
    runner.start()
    runner.give([order("a", "voice")])
    assert told.wait(1) == [("a", "failed", "it said 'rang'")]
    runner.stop()
