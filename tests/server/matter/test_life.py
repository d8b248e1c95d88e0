"""The written table: every act at every stage, for every hat; and the page that shows it."""

import itertools
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from heartlamp_server.matter import acts, life, page
from heartlamp_server.matter.forms import ActForm, LimitView, MatterView, possible
from heartlamp_server.matter.life import ACTS, AWAITED, BY, LIMITS, NEEDS, OPEN, STAGES, TABLE, Refused
from heartlamp_server.matter.model import Longer, Matter, Said

from tests.server.matter.cases import CALENDAR, DISPUTE, HATS, NOW, at, do, raised, said

PEOPLE = {"field": "网格员二", "centre": "值班员", "unit": "部门乙", "supervisor": "指挥员"}
BACK = {
    ("note", stage): stage for stage in STAGES
} | {
    ("uphold", "returned"): "whistled",
    ("ask_longer", "reported_in"): "reported_in",
    ("grant", "reported_in"): "reported_in",
    ("refuse", "reported_in"): "reported_in",
    ("redo", "handled"): "reported_in",
    ("redo", "verified"): "reported_in",
    ("reopen", "closed"): "whistled",
    ("reopen", "declined"): "raised",
}  # fmt: skip
"""(act, stage) -> where it goes when the table says that it follows, for a matter that came by the shortest way."""


def ready(stage: str, act: str) -> Matter:
    matter = at(stage, DISPUTE if act == "withdraw" and stage not in ("declined", "closed") else at(stage).report.kind)
    if act in ("grant", "refuse") and stage == "reported_in":
        assert matter.running is not None
        matter = replace(matter, longer=Longer(matter.running.due_at + timedelta(hours=1), "等配件", "部门甲", NOW))
    return matter


@pytest.mark.parametrize(("act", "stage"), list(itertools.product([a for a in TABLE if a != "climb"], STAGES)))
def test_an_act_goes_where_the_table_says_or_is_refused(act: str, stage: str) -> None:
    rule, matter = TABLE[act], ready(stage, act)
    for hat, person in PEOPLE.items():
        wanted = Said(
            **{n: getattr(said(matter, act, person), n) for n in Said.__slots__} | {"hats": frozenset((hat,))}
        )
        if stage in rule.stages and hat in rule.by:
            after, line = acts.act(matter, wanted, NOW + timedelta(minutes=1), CALENDAR)
            assert after.stage == (rule.to or BACK[act, stage]), (act, stage)
            assert (line.act, line.by, line.hat) == (act, person, hat)
            assert (after.running is None) == (after.stage not in OPEN)
        else:
            with pytest.raises(Refused):
                acts.act(matter, wanted, NOW, CALENDAR)


@pytest.mark.parametrize(
    ("act", "need"), [(act, need) for act, rule in TABLE.items() for need in rule.needs if need != "proof"]
)
def test_what_an_act_needs_must_be_said(act: str, need: str) -> None:
    stage = TABLE[act].stages[0]
    matter, person = ready(stage, act), PEOPLE[TABLE[act].by[-1]]
    missing: dict[str, Any] = {need: None if need == "until" else ""}
    without = replace(said(matter, act, person), **missing)
    with pytest.raises(Refused, match=NEEDS[need][1]):
        acts.act(matter, without, NOW, CALENDAR)


def test_every_word_of_the_table_has_a_name_and_every_open_stage_is_waited_for() -> None:
    assert set(TABLE) | {"raise"} == set(ACTS)
    for rule in TABLE.values():
        assert set(rule.stages) <= set(STAGES)
        assert rule.to in (*STAGES, "")
        assert set(rule.needs) <= set(NEEDS)
        assert set(rule.by) <= set(BY)
    assert set(AWAITED) == set(OPEN)
    assert set(AWAITED.values()) == set(LIMITS)
    for zh, en in (*STAGES.values(), *ACTS.values(), *LIMITS.values()):
        assert zh
        assert en


def test_the_api_knows_the_same_acts_stages_and_words() -> None:
    def literal(model: type, field: str) -> set[str]:
        return set(model.model_fields[field].annotation.__args__)  # type: ignore[attr-defined]

    assert literal(ActForm, "act") == set(TABLE) - {"climb"}
    assert literal(ActForm, "how") - {""} == set(life.HOW)
    assert literal(ActForm, "said") - {""} == set(life.SAID)
    assert literal(MatterView, "stage") == set(STAGES)
    assert literal(LimitView, "name") == set(LIMITS)


def test_who_may_do_something_is_told_so() -> None:
    assert possible(at("whistled"), HATS["部门甲"]) == ["note", "withdraw", "report_in", "return"]
    assert possible(at("closed"), HATS["网格员一"]) == ["note"]


def test_the_page_shows_the_tables_of_the_code() -> None:
    shown = (Path(__file__).parents[3] / "docs" / "matters.md").read_text(encoding="utf-8")
    renew = "paste what `python -m heartlamp_server.matter.page` prints into docs/matters.md"
    for table in (page.life_table(), page.limits_table(), page.order_table(), page.catalogue_table()):
        assert table in shown, renew


def test_nobody_judges_the_own_work_nor_that_of_the_own_department() -> None:
    settled = do(raised(), "settle", "网格员一")
    with pytest.raises(Refused, match="neither verify nor close"):
        do(settled, "verify", "网格员一")
    verified = do(settled, "verify", "网格员二")
    handled = at("handled")
    both = replace(said(handled, "verify", "部门乙"), hats=frozenset(("unit", "centre")))
    with pytest.raises(Refused, match="neither verify nor close"):
        acts.act(handled, both, NOW, CALENDAR)
    assert do(verified, "close", "值班员").said == "satisfied"


def test_the_proof_that_the_catalogue_asks_for_is_needed() -> None:
    matter = at("reported_in", DISPUTE)
    with pytest.raises(Refused, match="document"):
        do(matter, "handle", "部门甲", document="")
    with pytest.raises(Refused, match="photos are needed: 1"):
        do(at("reported_in"), "handle", "部门甲", photos=())
    handled = do(matter, "handle", "部门甲", photos=())
    with pytest.raises(Refused, match="the household itself"):
        do(handled, "verify", "网格员二", how="telephone")


def test_a_dispute_is_mediated_when_a_party_asks_and_as_long_as_it_wants() -> None:
    with pytest.raises(Refused, match="only when a party asks"):
        raised(DISPUTE, asked=False)
    for source in ("incident", "api"):
        with pytest.raises(Refused, match="only when a party asks"):
            raised(DISPUTE, source=source)
    withdrawn = do(at("reported_in", DISPUTE), "withdraw", "网格员二")
    assert withdrawn.stage == "withdrawn"
    assert {one.ended for one in withdrawn.limits} == {"met", "void"}
    with pytest.raises(Refused, match="not on a party's request"):
        do(at("reported_in"), "withdraw", "网格员二")
