"""The life of an incident: each row of the table, and whatever people may do in any order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from heartlamp_server.incident import acts, drill, handover, life, model
from heartlamp_server.incident.model import Change, Incident, Refused, answer, cancel, close, press
from heartlamp_server.incident.page import table
from heartlamp_server.incident.store import from_row, to_row
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE = {"device": "lamp0a1b", "kind": "lamp", "house": "三组 7号"}


def opened(what: str = "panic", id: str = "lamp0a1b-" + "0" * 16) -> Incident:
    return Incident(
        id=id,
        site="s1",
        what=what,
        place={"name": "三组 7号", "address": "", "landmark": "", "path": ["县", "镇", "村", "三组"]},
        opened_at=NOW,
        observed_at=NOW,
        heard_age_ms=3,
        last_press_at=NOW,
        lit_of=2,
        events=(id,),
    )


OTHER = opened(id="lamp0c2d-" + "1" * 16)

DO: dict[str, Callable[[Incident], Change]] = {
    "press": lambda i: press(i, "e2", NOW, NOW, SOURCE),
    "cancel": lambda i: cancel(i, "e3", NOW, SOURCE),
    "accept": lambda i: answer(i, "person:b", "乡镇值班员", "accepted", NOW),
    "dispatch": lambda i: acts.dispatch(i, "person:g", "网格员", "op", "值班员", NOW),
    "coming": lambda i: answer(i, "site:s9", "三组 9号", "coming", NOW),
    "arrived": lambda i: answer(i, "site:s5", "三组 5号", "arrived", NOW),
    "cannot": lambda i: answer(i, "person:h", "三组户长", "cannot", NOW),
    "handle": lambda i: acts.handle(i, "已送医", "网格员", NOW),
    "feedback": lambda i: acts.feedback(i, "平安", True, "值班员", NOW),
    "evaluate": lambda i: acts.evaluate(i, 5, "", "住户", NOW),
    "close": lambda i: close(i, "值班员", "arrived", NOW),
    "false": lambda i: acts.declare_false(i, "spoke_to", "网格员", "误碰", "值班员", NOW),
    "merge": lambda i: acts.merge(i, OTHER, "值班员", NOW),
    "part": lambda i: acts.part(i, "值班员", NOW),
    "reopen": lambda i: acts.reopen(i, "又打来电话", "值班员", NOW),
    "earnest": lambda i: drill.earnest(replace(i, drill=True), "值班员", NOW),
    "hand_over": lambda i: handover.offer(i, "119", "值班员", NOW),
    "hand_taken": lambda i: handover.take(i, "119", "2026-31", "2026-31", "三号台", "read_back", "值班员", NOW),
    "hand_declined": lambda i: handover.decline(given(i), "119", "占线", "值班员", NOW),
    "hand_ended": lambda i: handover.end(taken(i), "119", "已扑灭", True, "值班员", NOW),
}


def given(incident: Incident) -> Incident:
    return replace(incident, handovers=(model.Handover("119", handover.OFFERED, NOW, "值班员"),))


def taken(incident: Incident) -> Incident:
    return replace(incident, handovers=(model.Handover("119", handover.TAKEN, NOW, "值班员", "2026-31", taken_at=NOW),))


TO: dict[str, list[str]] = {
    life.REPORTED: [],
    life.ACCEPTED: ["accept"],
    life.DISPATCHED: ["dispatch"],
    life.COMING: ["dispatch", "coming"],
    life.ARRIVED: ["arrived"],
    life.HANDLED: ["arrived", "handle"],
    life.FEEDBACK: ["arrived", "handle", "feedback"],
    life.EVALUATED: ["arrived", "handle", "feedback", "evaluate"],
    life.CLOSED: ["arrived", "close"],
    life.FALSE: ["false"],
    life.MERGED: ["merge"],
}


def at(stage: str) -> Incident:
    incident = opened()
    for act in TO[stage]:
        incident, _ = DO[act](incident)
    assert incident.stage == stage
    return incident


def elsewhere(responder: model.Responder) -> model.Responder:
    return replace(responder, key=f"was {responder.key}", name=f"{responder.name}′", by="")


@pytest.mark.parametrize("stage", list(life.STAGES))
@pytest.mark.parametrize("act", [act for act in DO if act not in ("press", "cancel")])
def test_each_row_of_the_table_at_each_stage(act: str, stage: str) -> None:
    incident = at(stage)
    # Somebody else than who brought it there: what one responder may say next is another table.
    incident = replace(incident, responders=tuple(elsewhere(r) for r in incident.responders))
    if life.may(act, stage):
        changed, entry = DO[act](incident)
        assert entry.incident == incident.id
        if life.TABLE[act].to:
            assert changed.stage == life.TABLE[act].to
        assert from_row(to_row(changed)) == changed
    else:
        with pytest.raises(Refused) as refused:
            DO[act](incident)
        zh, en = refused.value.args
        assert zh
        assert en


def test_the_page_shows_the_table() -> None:
    assert table() in (ROOT / "docs" / "incident.md").read_text(encoding="utf-8")


def test_every_act_of_the_table_is_tried_here() -> None:
    assert set(life.TABLE) - {"note", "withdrawn", "late"} == set(DO)


@pytest.mark.parametrize("what", life.MUST_BE_SEEN)
@pytest.mark.parametrize("how", ["", "phone", "cancelled"])
def test_nobody_is_declared_false_unseen(what: str, how: str) -> None:
    with pytest.raises(Refused, match="spoke_to"):
        acts.declare_false(opened(what), how, "", "误碰", "值班员", NOW)


def test_what_the_only_one_who_came_takes_back_leads_back() -> None:
    incident, _ = acts.dispatch(opened(), "person:g", "网格员", "op", "值班员", NOW)
    assert (incident.stage, incident.answer, incident.who) == (life.DISPATCHED, "accepted", "值班员")
    incident, _ = answer(incident, "person:g", "网格员", "coming", NOW)
    assert (incident.stage, incident.answer, incident.who) == (life.COMING, "coming", "网格员")
    incident, _ = answer(incident, "person:g", "网格员", "cannot", NOW)
    assert (incident.stage, incident.answer) == (life.ACCEPTED, "accepted")


def test_who_is_late_is_not_coming_any_more_and_may_still_come() -> None:
    incident, _ = answer(opened(), "person:g", "网格员", "coming", NOW)
    late, entry = acts.late(incident, "person:g", NOW + timedelta(minutes=10))
    assert (late.stage, late.answer, entry.kind) == (life.REPORTED, "unanswered", "late")
    there, _ = answer(late, "person:g", "网格员", "arrived", NOW + timedelta(minutes=12))
    assert there.answer == "arrived"


def test_who_is_sent_takes_it_and_is_not_less_than_sent() -> None:
    incident, _ = acts.dispatch(opened(), "person:g", "网格员", "op", "值班员", NOW)
    incident, _ = answer(incident, "person:g", "网格员", "taken", NOW)
    assert incident.stage == life.DISPATCHED


def test_a_merged_one_shows_what_the_other_does_until_it_is_parted() -> None:
    main, _ = answer(OTHER, "person:p", "派出所", "coming", NOW)
    merged, entry = acts.merge(opened(), main, "值班员", NOW)
    assert (merged.answer, merged.who, merged.aver) == ("coming", "派出所", 1)
    assert entry.detail["into"] == main.id
    arrived, _ = answer(main, "person:p", "派出所", "arrived", NOW)
    assert acts.mirror(merged, arrived).answer == "arrived"
    assert acts.mirror(merged, main) is merged
    parted, _ = acts.part(merged, "值班员", NOW)
    assert (parted.stage, parted.answer) == (life.REPORTED, "none")


def test_nothing_goes_into_itself_or_into_what_is_over_or_follows() -> None:
    closed, _ = close(OTHER, "值班员", "arrived", NOW)
    for into in (opened(), closed, replace(OTHER, merged_into="x")):
        with pytest.raises(Refused, match="另一起"):
            acts.merge(opened(), into, "值班员", NOW)
    with pytest.raises(Refused, match="静默"):
        acts.merge(opened("silent"), OTHER, "值班员", NOW)


def test_what_is_reopened_is_nobodys_and_remembers_that_it_was() -> None:
    closed, _ = close(at(life.EVALUATED), "值班员", "arrived", NOW)
    again, _ = acts.reopen(closed, "又打来电话", "值班员", NOW)
    assert (again.stage, again.answer, again.closed_at, again.after, again.reopened) == (
        "reported",
        "none",
        None,
        {},
        1,
    )
    assert again.aver > closed.aver


def test_what_must_be_said_is_asked_for() -> None:
    refused: list[Callable[[], Change]] = [
        lambda: acts.handle(at(life.ARRIVED), " ", "网格员", NOW),
        lambda: acts.reopen(at(life.CLOSED), "", "值班员", NOW),
        lambda: acts.evaluate(at(life.HANDLED), 0, "", "住户", NOW),
        lambda: acts.evaluate(at(life.HANDLED), 6, "", "住户", NOW),
        lambda: acts.dispatch(opened(), "", "", "op", "值班员", NOW),
        lambda: acts.feedback(at(life.HANDLED), "", True, "值班员", NOW),
    ]
    for act in refused:
        with pytest.raises(Refused):
            act()
    silence, _ = acts.feedback(at(life.HANDLED), "", False, "值班员", NOW)  # and nothing is made of it
    assert silence.after[life.FEEDBACK]["reached"] is False


class Lives(RuleBasedStateMachine):
    """Whatever is done in whatever order, with time moved at will."""

    def __init__(self) -> None:
        super().__init__()
        self.incident = opened()
        self.main = OTHER
        self.now = NOW
        self.timeline: list[model.Entry] = []

    def does(self, change: Callable[[], Change]) -> None:
        before = self.incident
        try:
            self.incident, entry = change()
        except Refused:
            assert self.incident is before
            return
        self.timeline.append(entry)
        assert self.incident.aver >= before.aver, "a lamp ignores what is older"
        assert self.incident.rver >= before.rver
        if (self.incident.answer, self.incident.who) != (before.answer, before.who):
            assert self.incident.aver > before.aver, "a lamp would not be told"

    @rule(seconds=st.integers(-1_000_000, 1_000_000))
    def time_moves(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(act=st.sampled_from([a for a in DO if a not in ("press", "cancel")]))
    def somebody_acts(self, act: str) -> None:
        before = self.incident.stage
        self.does(lambda: DO[act](self.incident))
        if not life.may(act, before):
            assert self.incident.stage == before

    @rule(who=st.sampled_from("abc"), said=st.sampled_from(list(life.STATES)))
    def somebody_answers(self, who: str, said: str) -> None:
        self.does(lambda: answer(self.incident, f"person:{who}", who, said, self.now, who))

    @precondition(lambda self: self.incident.closed_at is None)
    @rule()
    def the_key_is_pressed_again(self) -> None:
        presses = self.incident.presses
        self.does(lambda: press(self.incident, f"e{presses}", self.now, None, SOURCE))
        assert self.incident.presses == presses + 1, "no press is swallowed"

    @precondition(lambda self: self.incident.closed_at is None)
    @rule()
    def it_was_a_mistake(self) -> None:
        stage, said = self.incident.stage, self.incident.answer
        self.does(lambda: cancel(self.incident, "c", self.now, SOURCE))
        assert (self.incident.stage, self.incident.answer) == (stage, said), "a cancel stops nothing"

    @invariant()
    def it_ends_only_seen(self) -> None:
        if self.incident.closed_at is not None:
            assert self.incident.closed_how in life.HOW_SEEN
            assert self.incident.closed_by

    @invariant()
    def the_lamp_says_no_more_than_somebody_did(self) -> None:
        if self.incident.merged_into or self.incident.closed_at:
            return
        states = set(self.incident.states)
        if self.incident.answer in ("coming", "arrived"):
            assert self.incident.answer in states
        if self.incident.answer == "accepted":
            assert states & {"accepted", "asked", "taken"}

    @invariant()
    def it_can_be_kept(self) -> None:
        assert from_row(to_row(self.incident)) == self.incident


Lives.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
test_whatever_people_do = Lives.TestCase
