"""Orders: every act at every stage, for every hat."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from heartlamp_server.matter.catalogue import shipped
from heartlamp_server.matter.life import Refused
from heartlamp_server.matter.order import ACTS, ENDED, NEEDS, OPEN, STAGES, TABLE, Order, Step, act

from tests.server.matter.cases import NOW

WORDS: dict[str, dict[str, Any]] = {
    "note": {"words": "敲后门"},
    "give_back": {"why": "临时有事"},
    "not_done": {"why": "没有送到"},
    "confirm": {"said": "satisfied"},
}
WAYS = {
    "ordered": (),
    "offered": ("offer",),
    "taken": ("offer", "take"),
    "done": ("offer", "take", "done"),
    "confirmed": ("offer", "take", "done", "confirm"),
    "cancelled": ("cancel",),
}
BY = {"field": "网格员一", "centre": "值班员", "volunteer": "志愿者甲"}
OWNER = {"offer": "field", "take": "volunteer", "done": "volunteer", "confirm": "field", "cancel": "field"}


def ordered() -> Order:
    service = shipped().services["V01"]
    return Order(id=3, service=service, site="s1", area=1, words="降压药", ordered_by="网格员一", ordered_at=NOW)


def step(name: str, hat: str, by: str = "", **more: Any) -> Step:
    return Step(name, by or BY[hat], frozenset((hat,)), **(WORDS.get(name, {}) | more))


def at(stage: str) -> Order:
    order = ordered()
    for name in WAYS[stage]:
        order, _ = act(order, step(name, OWNER[name]), NOW)
    assert order.stage == stage
    return order


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("hat", BY)
def test_an_act_goes_where_the_table_says_or_is_refused(name: str, stage: str, hat: str) -> None:
    rule, order = TABLE[name], at(stage)
    if stage in rule.stages and hat in rule.by:
        after, line = act(order, step(name, hat), NOW)
        assert after.stage == (rule.to or stage)
        assert (line.act, line.by) == (name, BY[hat])
    else:
        with pytest.raises(Refused):
            act(order, step(name, hat), NOW)


@pytest.mark.parametrize(("name", "need"), [(name, need) for name, rule in TABLE.items() for need in rule.needs])
def test_what_an_act_needs_must_be_said(name: str, need: str) -> None:
    nothing: dict[str, Any] = {need: ""}
    with pytest.raises(Refused, match=NEEDS[need][1].split(",")[0]):
        act(at(TABLE[name].stages[0]), replace(step(name, TABLE[name].by[0]), **nothing), NOW)


def test_every_word_has_a_name() -> None:
    assert set(TABLE) | {"order"} == set(ACTS)
    assert set(OPEN) | set(ENDED) == set(STAGES)


def test_the_first_one_has_it() -> None:
    with pytest.raises(Refused, match="somebody was first"):
        act(at("taken"), step("take", "volunteer", "志愿者乙"), NOW)
    for name in ("done", "give_back"):
        with pytest.raises(Refused, match="have not taken it"):
            act(at("taken"), step(name, "volunteer", "志愿者乙"), NOW)


def test_an_offer_by_name_is_for_those_named() -> None:
    order, _ = act(ordered(), step("offer", "centre", to=("志愿者乙",)), NOW)
    with pytest.raises(Refused, match="offered to others"):
        act(order, step("take", "volunteer"), NOW)
    assert act(order, step("take", "volunteer", "志愿者乙"), NOW)[0].taken_by == "志愿者乙"


def test_what_is_given_back_is_for_everybody_there_again() -> None:
    order, _ = act(ordered(), step("offer", "centre", to=("志愿者甲",)), NOW)
    order, _ = act(order, step("take", "volunteer"), NOW)
    order, _ = act(order, step("give_back", "volunteer"), NOW)
    assert (order.stage, order.offered_to, order.given_back) == ("offered", (), ("志愿者甲",))
    assert act(order, step("take", "volunteer", "志愿者乙"), NOW)[0].stage == "taken"


def test_who_did_it_writes_down_nobodys_thanks() -> None:
    order, _ = act(at("offered"), Step("take", "网格员一", frozenset(("field", "volunteer"))), NOW)
    order, _ = act(order, Step("done", "网格员一", frozenset(("field", "volunteer"))), NOW)
    for name in ("confirm", "not_done"):
        with pytest.raises(Refused, match="the own work"):
            act(order, step(name, "field"), NOW)
    assert act(order, step("confirm", "centre", said="not_reached"), NOW)[0].said == "not_reached"


def test_an_order_is_late_when_it_was_wanted_by_now() -> None:
    order = replace(at("taken"), wanted_by=NOW + timedelta(hours=1))
    assert not order.is_late(NOW)
    assert order.is_late(NOW + timedelta(hours=1))
    assert not replace(order, done_by="志愿者甲").is_late(NOW + timedelta(days=1))
    assert not at("taken").is_late(NOW + timedelta(days=999))
