"""Figures by themselves: percentiles, shares and denominators."""

from collections.abc import Sequence
from datetime import UTC, datetime

from heartlamp_server.figures import definition
from heartlamp_server.figures.definition import FEW, FIGURES, Around, Value, facts_of, percentile, values
from heartlamp_server.figures.fact import Fact, Flags, Times
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 9, 1, tzinfo=UTC)
WHATS = ("panic", "fire", "gas", "flood", "slope", "silent")
flags = st.builds(
    Flags,
    what=st.sampled_from(WHATS),
    drill=st.booleans(),
    merged=st.booleans(),
    ended=st.sampled_from(("", "closed", "false")),
    arrived=st.sampled_from(("", "claimed", "proven")),
    reopened=st.booleans(),
    seen=st.sampled_from(("", "arrived", "spoke_to")),
    other=st.booleans(),
    rung=st.booleans(),
    accept_in_time=st.booleans(),
    coming_in_time=st.booleans(),
    arrive_in_time=st.booleans(),
    said=st.sampled_from(("satisfied", "unsatisfied", "words", "silent")),
)
ms = st.none() | st.integers(0, 10**8)
facts = st.lists(st.builds(Fact, st.text(), st.just("s"), st.just(NOW), flags, st.builds(Times, ms, ms, ms, ms)))


@given(st.lists(st.integers(0, 10**9), min_size=1), st.sampled_from((0.5, 0.9)))
def test_a_percentile_is_a_measured_value_that_enough_are_not_above(found: list[int], share: float) -> None:
    p = percentile(found, share)
    assert p in found
    assert sum(v <= p for v in found) >= share * len(found)
    assert sum(v < p for v in found) < share * len(found)


def test_percentiles_of_nothing_are_nothing_not_zero() -> None:
    assert percentile([], 0.5) is None
    assert values(facts_of([]))["accept.p50"] == Value(None, 0)


@given(facts)
def test_no_share_is_above_its_denominator_and_drills_count_nowhere(found: Sequence[Fact]) -> None:
    told = values(facts_of(found))
    for name, figure in FIGURES.items():
        value, of = told[name].value, told[name].of
        if figure.unit in ("count", "share") and of is not None and value is not None:
            assert 0 <= value <= of, name
    assert told == values(facts_of([f for f in found if not f.flags.drill]))


@given(facts)
def test_parts_make_the_whole(found: Sequence[Fact]) -> None:
    told = values(facts_of(found))

    def part(*names: str) -> int:
        return sum(told[name].value or 0 for name in names)

    own = [f for f in found if not f.flags.drill and not f.flags.merged]
    assert part("alarms") == len(own) == part(*(f"alarms.{what}" for what in WHATS))
    assert part("said.satisfied", "said.unsatisfied", "said.words", "said.silent") == part("completed")
    assert {told[name].of for name in FIGURES if name.startswith("said.")} == {told["completed"].value}
    assert part("arrived.proven", "arrived.claimed") == part("arrived")
    assert part("on_time") <= min(part(f"on_time.{of}") for of in ("accept", "coming", "arrive"))


@given(facts)
def test_what_is_of_a_few_houses_is_not_said_in_a_group_and_counts_are(found: Sequence[Fact]) -> None:
    whole, small = values(facts_of(found)), values(facts_of(found), "group")
    assert small == values(facts_of(found), "grid")
    for name, figure in FIGURES.items():
        of = whole[name].of
        hidden = figure.house and of is not None and 0 < of < FEW
        assert small[name] == (Value(None, None, True) if hidden else whole[name])
    assert small["alarms"] == whole["alarms"]
    assert not small["completed"].few


def test_silence_is_not_satisfaction() -> None:
    ended = [
        Fact("a", "s", NOW, Flags("panic", ended="closed", said=said), Times()) for said in ("satisfied", "silent")
    ]
    assert values(facts_of(ended))["said.satisfied"] == Value(1, 2)


def test_what_stands_around_incidents() -> None:
    around = Around(heard_of=100, heard=93, sites=50, unproven=2, drilled=25, cards=3, cards_fen=9000)
    told = values(facts_of([], around))
    assert (told["online"], told["drilled"], told["unproven"]) == (Value(93, 100), Value(25, 50), Value(2, 50))
    assert told["cards.cost"] == Value(9000, 3)


def test_every_figure_is_explained_in_both_languages() -> None:
    assert len(FIGURES) >= 45
    for figure in FIGURES.values():
        assert all((figure.zh, figure.en, figure.how_zh, figure.how_en))
        assert figure.unit in ("count", "share", "ms", "fen", "MB")
    assert set(definition.TIMES) == {"accept", "dispatch", "arrive", "close"}
