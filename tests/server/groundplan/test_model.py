"""A plan is read strictly: all of it, or a reason for each feature."""

import math
import random
from typing import Any

import pytest
from heartlamp_server.groundplan.model import FEATURES_MAX, middle, read, write

from tests.server.groundplan.drawn import at, feature, house, village


def collection(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def test_a_village_is_taken_as_it_was_drawn_and_given_back_the_same() -> None:
    sites = [f"s{n}" for n in range(8)]
    features, wrong = read(village(sites), sites)
    assert wrong == []
    assert [f.site for f in features if f.kind == "house"] == sites
    assert read(write(features), sites) == (features, [])


def test_a_house_stands_in_its_middle() -> None:
    [drawn], _ = read(collection(house("s1", 0, 0, 20, 10)), ["s1"])
    longitude, latitude = at(10, 5)
    assert middle(drawn) == pytest.approx((longitude, latitude), abs=1e-6)


WRONG: list[tuple[Any, str]] = [
    (feature("castle", "Point", at(0, 0)), "kind must be one of"),
    (feature("road", "Point", at(0, 0)), "a road must be a LineString"),
    (feature("landmark", "Point", at(0, 0)), "a landmark without a name"),
    (feature("landmark", "Point", at(0, 0), name="井", site="s1"), "only a house has a site"),
    (feature("house", "Point", at(0, 0), site="s9"), "the village has no site s9"),
    (feature("house", "Point", [28.1, 120.5]), "longitude comes first"),
    (feature("house", "Point", [math.nan, 28.1]), "a coordinate must be"),
    (feature("house", "Point", ["120.5", "28.1"]), "a coordinate must be"),
    (feature("house", "Point", [True, False]), "a coordinate must be"),
    (feature("house", "Polygon", [[at(0, 0), at(9, 0), at(9, 9), at(0, 9)]]), "its ring is not closed"),
    (feature("house", "Polygon", [[at(0, 0), at(9, 0), at(0, 0)]]), "too few points"),
    (feature("house", "Polygon", []), "exactly one ring"),
    (feature("road", "LineString", [at(0, 0)]), "too few points"),
    (feature("landmark", "Point", at(0, 0), name="长" * 41), "name is too long"),
    ({"type": "Feature", "geometry": None}, "properties or geometry is missing"),
    ("a feature", "properties or geometry is missing"),
]


@pytest.mark.parametrize(("bad", "why"), WRONG)
def test_each_bad_feature_has_its_number_and_reason_and_nothing_is_taken(bad: Any, why: str) -> None:
    features, [wrong] = read(collection(house("s1", 0, 0), bad), ["s1"])
    assert features == ()
    assert wrong.feature == 2
    assert why in wrong.en
    assert any("\u4e00" <= c <= "\u9fff" for c in wrong.zh)


def test_nobody_has_two_houses() -> None:
    _, [wrong] = read(collection(house("s1", 0, 0), house("s1", 40, 0)), ["s1"])
    assert (wrong.feature, wrong.en) == (2, "site s1 is feature 1 too")


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ([], "not a FeatureCollection"),
        ({"type": "FeatureCollection"}, "no list of features"),
        (collection(*[{}] * (FEATURES_MAX + 1)), f"more than {FEATURES_MAX} features"),
        (collection() | {"crs": {"properties": {"name": "EPSG:4490"}}}, "not WGS-84"),
        (collection(house("", 0, 0), house("", 60_000, 0)), "km across"),
    ],
)
def test_the_plan_as_a_whole_is_judged_too(document: Any, why: str) -> None:
    features, [wrong] = read(document, [])
    assert (features, wrong.feature) == ((), 0)
    assert why in wrong.en


def test_whatever_is_thrown_at_it_is_taken_or_has_a_reason() -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    rng = random.Random(seed)
    junk: list[Any] = [None, 1, -1.5, 1e400, "x", [], {}, [[]], [0, 0], [[0, 0], [1, 1]], {"kind": "house"}, True]
    for _ in range(3000):
        row = feature(rng.choice(["house", "road", "water", "landmark", "muster"]), "Point", at(0, 0), name="井")
        part = rng.choice([row, row["properties"], row["geometry"]])
        part[rng.choice(list(part))] = rng.choice(junk)
        features, wrong = read(collection(row), [])
        assert bool(features) != bool(wrong)
