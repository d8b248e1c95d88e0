"""Re-zoning as a rule: whatever is decided, what was is kept and the tree stays one. Pure."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from heartlamp_server.area import code
from heartlamp_server.area.rezone import Decision, Effects, Facts, Refused, create, decide
from heartlamp_server.area.tree import Node, Tree
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.server.area.tables import DAY, tree

JUNE = date(2026, 6, 1)


def done(there: Tree, facts: Facts | None = None, **decision: object) -> Effects:
    return decide(there, Decision(**{"day": JUNE, **decision}), facts or Facts())  # type: ignore[arg-type]


def why(there: Tree, facts: Facts | None = None, **decision: object) -> str:
    with pytest.raises(Refused) as refused:
        done(there, facts, **decision)
    return str(refused.value).split(" · ")[1]


def test_a_village_that_gets_another_code_takes_its_groups_along() -> None:
    effects = done(tree(), area=3, code="990101001209", name="东山村")
    assert [(n.id, n.name, n.code, n.valid_from) for n in effects.nodes] == [
        (3, "东山村", "990101001209", JUNE),
        (5, "一组", "990101001209001", JUNE),
    ]
    assert effects.touched == {3}


def test_codes_below_wait_with_a_village_that_has_none_yet() -> None:
    effects = done(tree(), area=3, code="")
    assert {(n.id, n.code) for n in effects.nodes} == {(3, ""), (5, "")}


def test_a_group_that_moves_is_still_heard_by_the_gateway_that_its_devices_know() -> None:
    effects = done(tree(), area=6, parent=4)
    assert [(n.id, n.parent) for n in effects.nodes] == [(6, 4)]
    assert effects.also == {6: (3,)}
    assert {3, 4} <= effects.touched
    assert len(effects.notes) == 1


def test_and_when_it_moves_back_nothing_is_left_over() -> None:
    there = tree()
    done(there, area=6, parent=4)
    effects = done(there, Facts(also={6: (3,)}), area=6, parent=3, day=JUNE + timedelta(1))
    assert effects.also == {6: (4,)}  # those that were provisioned meanwhile
    assert 3 not in effects.also[6]


def test_a_group_leaves_a_grid_that_is_not_where_it_goes() -> None:
    there = tree()
    there.put(Node(8, 3, "grid", False, "第一网格", "", DAY))
    there.put(Node(9, 2, "grid", True, "城关警格", "", DAY))
    effects = done(there, Facts(grids=((8, False), (9, True))), area=6, parent=4)
    assert effects.leaves == [(6, False)]


def test_a_village_becomes_part_of_another_and_names_that_clash_are_told_apart() -> None:
    there = tree()
    there.put(Node(7, 4, "group", False, "一组", "990101001202001", DAY))
    effects = done(there, area=3, into=4)
    assert {(n.id, n.parent, n.name, n.code) for n in effects.nodes if n.level == "group"} == {
        (5, 4, "东村一组", ""),
        (6, 4, "二组", ""),
    }
    assert (there.nodes[3].ended, effects.merged) == (JUNE, {3: 4})
    assert any("东村一组" in note for note in effects.notes)
    assert effects.sites == [(3, 4)]


def test_groups_of_two_villages_become_one_and_both_gateways_hear_it() -> None:
    there = tree()
    there.put(Node(7, 4, "group", False, "一组", "", DAY))
    effects = done(there, area=5, into=7)
    assert (effects.sites, effects.also) == ([(5, 7)], {7: (3,)})


@pytest.mark.parametrize(
    ("decision", "reason"),
    [
        ({"area": 99}, "no such area, or it is no more"),
        ({"area": 3}, "nothing would change"),
        ({"area": 3, "name": "西村"}, "there is a 西村 here already"),
        ({"area": 3, "name": "  "}, "the name is empty or longer than 60"),
        ({"area": 3, "code": "990101001202"}, "西村 has this code"),
        ({"area": 3, "code": "9901010012"}, "a code of a village has 12 digits, this has 10"),
        ({"area": 3, "parent": 1}, "a village is in no county"),
        ({"area": 3, "parent": 5}, "a village is in no group"),
        ({"area": 5, "parent": 4}, "it does not begin with 990101001202, the code of where it is"),
        ({"area": 3, "into": 3}, "it can only become part of another area of its level"),
        ({"area": 3, "into": 2}, "it can only become part of another area of its level"),
        (
            {"area": 3, "into": 4, "name": "新村"},
            "it can be changed, become part of another or end: one at a time",
        ),
        ({"area": 3, "ends": True}, "东村 still has areas, sites or a gateway"),
        (
            {"area": 3, "name": "东山村", "day": date(2026, 2, 1)},
            "东村 is so since 2026-03-01: it cannot be changed from an earlier day",
        ),
    ],
)
def test_what_cannot_be_says_why(decision: dict[str, object], reason: str) -> None:
    assert why(tree(), None, **decision) == reason


def test_what_is_not_empty_does_not_end() -> None:
    assert "sites" in why(tree(), Facts(occupied=True), area=6, ends=True)
    assert done(tree(), area=6, ends=True).nodes[0].ended == JUNE


def test_a_new_area_must_have_its_place() -> None:
    made = create(tree(), "group", False, 4, "五组", "９９０１０１００１２０２００５", JUNE)
    assert made.code == "990101001202005"
    for level, police, parent, name in (
        ("group", False, 2, "五组"),
        ("village", False, None, "北村"),
        ("village", False, 2, "东村"),
        ("group", True, 3, "五组"),
        ("hamlet", False, 3, "五组"),
    ):
        with pytest.raises(Refused):
            create(tree(), level, police, parent, name, "", JUNE)
    assert create(tree(), "grid", True, 2, "警格", "", JUNE).police


def test_a_decision_survives_being_written_down() -> None:
    decision = Decision(3, JUNE, name="东山村", into=None)
    assert Decision.from_json(decision.to_json()) == decision


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_after_any_decisions_the_tree_is_one_and_every_name_and_code_is_one_areas(data: st.DataObject) -> None:
    there = tree()
    for id, parent in ((7, 4), (10, 4)):
        there.put(Node(id, parent, "group", False, f"{id}组", f"99010100120200{id % 10}", DAY))
    versions = {id: [node] for id, node in there.nodes.items()}
    day = JUNE
    for _ in range(data.draw(st.integers(1, 8))):
        alive = [id for id, n in there.nodes.items() if n.ended is None]
        area = data.draw(st.sampled_from(alive))
        say = data.draw(st.sampled_from(["name", "code", "parent", "into", "ends"]))
        value: object = True
        if say == "name":
            value = data.draw(st.sampled_from(["一组", "二组", "东村", "新村"]))
        elif say == "code":
            value = data.draw(st.sampled_from(["", "990101001203", "990101001201007", "990101002"]))
        elif say in ("parent", "into"):
            value = data.draw(st.sampled_from(alive))
        day += timedelta(days=data.draw(st.integers(0, 2)))
        trial = Tree(there.nodes.values())
        extra = {"code": ""} if say == "parent" else {}
        try:
            effects = decide(trial, Decision(area, day, **{say: value, **extra}), Facts())  # type: ignore[arg-type]
        except Refused:
            continue
        there = trial
        for node in effects.nodes:
            versions[node.id].append(node)
    live = [n for n in there.nodes.values() if n.ended is None]
    assert len({(n.parent, n.level, n.police, n.name) for n in live}) == len(live)
    assert len([n.code for n in live if n.code]) == len({n.code for n in live if n.code})
    for node in live:
        assert there.path(node.id)[0].level == "county"
        if node.parent is not None:
            assert there.nodes[node.parent].ended is None
            assert there.nodes[node.parent].level in code.PARENTS[node.level]
    for known in versions.values():
        days = [n.valid_from for n in known]
        assert days == sorted(days)
        assert known[-1] == there.nodes[known[-1].id] or replace(known[-1], ended=None) == known[-1]
