"""How wrong passwords slow the next try down, and whom they leave alone."""

from datetime import UTC, datetime, timedelta

import pytest
from heartlamp_server.responder.guess import FORGOTTEN, LIMITS, Guessed, places, wait, wrong
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("place", LIMITS)
def test_the_first_ones_are_free_and_each_further_one_waits_twice_as_long(place: str) -> None:
    limit, guessed, now, waits = LIMITS[place], None, NOW, []
    for _ in range(limit.free + 8):
        pause = wait(place, guessed, now)
        waits.append(pause)
        now += timedelta(seconds=pause)
        assert wait(place, guessed, now) == 0
        guessed = wrong(guessed, now)
    assert waits[: limit.free] == [0] * limit.free
    grown = [min(limit.most, limit.first * 2**n) for n in range(8)]
    assert waits[limit.free :] == pytest.approx(grown)


@pytest.mark.parametrize("place", LIMITS)
@given(count=st.integers(0, 10_000), ago=st.floats(0, 3 * FORGOTTEN.total_seconds()))
def test_nobody_waits_longer_than_the_most_and_nothing_is_remembered_for_ever(
    place: str, count: int, ago: float
) -> None:
    guessed = Guessed(count, NOW - timedelta(seconds=ago))
    pause = wait(place, guessed, NOW)
    assert 0 <= pause <= LIMITS[place].most
    if ago >= FORGOTTEN.total_seconds():
        assert pause == 0
        assert wrong(guessed, NOW) == Guessed(1, NOW)


def test_a_clock_that_was_set_back_makes_nobody_wait_for_ever() -> None:
    guessed = Guessed(50, NOW + timedelta(days=3))
    assert wait("both", guessed, NOW) <= LIMITS["both"].most + timedelta(days=3).total_seconds()
    assert wait("both", guessed, NOW + timedelta(days=3, hours=7)) == 0


def test_a_known_browser_is_counted_by_itself_alone() -> None:
    assert places("op", "10.0.0.1", b"cookie") == {"browser": b"cookie"}


def test_others_are_counted_by_name_by_address_and_by_both() -> None:
    one, other_name, other_address = (
        places("op", "10.0.0.1", None),
        places("oq", "10.0.0.1", None),
        places("op", "10.0.0.2", None),
    )
    assert set(one) == {"both", "name", "address"}
    assert one["address"] == other_name["address"]
    assert one["name"] == other_address["name"]
    assert len({one["both"], other_name["both"], other_address["both"]}) == 3
    assert len({*one.values(), *other_name.values(), *other_address.values()}) == 7


def test_a_whole_ipv6_network_counts_as_one_and_mapped_ipv4_as_itself() -> None:
    assert places("op", "2001:db8::1", None) == places("op", "2001:db8::ffff:2", None)
    assert places("op", "2001:db8::1", None) != places("op", "2001:db8:0:1::1", None)
    assert places("op", "::ffff:10.0.0.1", None) == places("op", "10.0.0.1", None)
    assert places("op", "fe80::1%eth0", None) == places("op", "fe80::2", None)
    assert "address" in places("op", "", None)
