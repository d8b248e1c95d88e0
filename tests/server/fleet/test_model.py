"""What a device needs today, and the way past all of them."""

from datetime import UTC, datetime, timedelta
from itertools import groupby

import pytest
from heartlamp_server.fleet.model import TODO, WEAK_DBM, Known, Stop, last_drill, route, todo, value
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
BEAT = NOW - timedelta(seconds=20)


def lamp(kind: str = "lamp", seen: datetime | None = BEAT, called: datetime | None = NOW, **said: int) -> Known:
    beat = {"version": 10000} | said
    return Known("lamp1", kind, seen, called, {name: (BEAT, number) for name, number in beat.items()})


def codes(known: Known) -> list[str]:
    return [code for code, _ in todo(known, NOW)]


def test_a_well_lamp_needs_nothing() -> None:
    assert codes(lamp(rssi_dbm=-60, battery_mv=3900, drill_ms=5)) == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"battery_low": 1}, "battery_low"),
        ({"update_refused": 5}, "update_failed"),
        ({"cert_dates_wrong": 1}, "clock_wrong"),
        ({"tamper": 1}, "tampered"),
        ({"key_stuck": 1}, "stuck_key"),
        ({"rssi_dbm": WEAK_DBM - 1}, "link_weak"),
    ],
)
def test_each_word_of_a_heartbeat_has_its_errand(said: dict[str, int], code: str) -> None:
    assert codes(Known("lamp1", "lamp", BEAT, NOW, dict(lamp().said) | {n: (BEAT, v) for n, v in said.items()})) == [
        code
    ]
    assert code in TODO


def test_what_a_later_heartbeat_left_out_is_over() -> None:
    known = lamp()
    stale = Known("lamp1", "lamp", BEAT, NOW, {**known.said, "key_stuck": (BEAT - timedelta(hours=1), 1)})
    assert (codes(stale), value(stale.said, "key_stuck")) == ([], None)
    opened = Known("lamp1", "lamp", BEAT, NOW, {**known.said, "tamper": (BEAT + timedelta(seconds=3), 1)})
    assert codes(opened) == ["tampered"]  # said at once, between two heartbeats


def test_silence_counts_by_the_kind() -> None:
    hour = NOW - timedelta(hours=1)
    assert codes(lamp(seen=hour)) == ["offline"]
    assert codes(lamp("button", seen=hour)) == []
    assert codes(lamp(seen=None)) == ["offline"]


def test_a_month_without_a_press_asks_for_a_drill_of_what_has_a_key() -> None:
    long_ago = NOW - timedelta(days=31)
    assert codes(lamp(called=long_ago)) == ["no_drill"]
    assert codes(lamp(called=long_ago, drill_ms=1000)) == []
    assert last_drill(lamp(called=None, drill_ms=-1)) is None
    for kind in ("smoke", "silent"):
        assert codes(lamp(kind, seen=NOW, called=None)) == []


def test_the_way_goes_from_house_to_nearest_house_village_by_village() -> None:
    stops = [
        Stop("b2", "2号", "乙村", 120.3, 28.0),
        Stop("b1", "1号", "乙村", 120.21, 28.0),
        Stop("a1", "1号", "甲村", 120.0, 28.0),
        Stop("a3", "3号", "甲村", None, None),
        Stop("a2", "2号", "甲村", 120.1, 28.0),
    ]
    assert route(stops) == ["b1", "b2", "a2", "a1", "a3"]  # 乙 sorts before 甲; 甲村 is entered at its nearer end


@given(
    st.lists(
        st.builds(
            Stop,
            st.text("abc", min_size=1, max_size=6),
            st.just("n"),
            st.sampled_from(["x", "y"]),
            st.none() | st.floats(73, 135),
            st.none() | st.floats(18, 54),
        ),
        max_size=12,
        unique_by=lambda s: s.site,
    )
)
def test_the_way_leads_past_everybody_once_and_through_each_village_once(stops: list[Stop]) -> None:
    order = route(stops)
    assert sorted(order) == sorted(s.site for s in stops)
    village = {s.site: s.village for s in stops}
    entered = [name for name, _ in groupby(village[site] for site in order)]
    assert len(entered) == len(set(entered))
