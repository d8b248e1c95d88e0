"""When a battery device sleeps, and what a cell's voltage means."""

from heartlamp.rules import keys
from heartlamp.rules.battery import CRITICAL_MV, FULL_DBM, LOW_MV, is_low, transmit_dbm
from heartlamp.rules.sleep import AWAKE_MS, NAP_FIRST_MS, NAP_MOST_MS, TRYING_MS, nap_ms
from heartlamp_protocol.device.kinds import BATTERY_MS
from hypothesis import given
from hypothesis import strategies as st


def test_it_sleeps_to_the_next_heartbeat_once_it_has_spoken() -> None:
    assert nap_ms(AWAKE_MS - 1, 0, spoke=True, held=False, naps=0) is None
    assert nap_ms(AWAKE_MS, 0, spoke=True, held=False, naps=0) == BATTERY_MS


def test_with_an_event_that_nobody_has_it_stays_up_for_the_second_path_and_then_naps_longer_and_longer() -> None:
    assert nap_ms(TRYING_MS - 1, 0, spoke=True, held=True, naps=0) is None
    naps = [nap_ms(TRYING_MS, 0, spoke=True, held=True, naps=n) for n in range(7)]
    assert naps == [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]


def test_a_heartbeat_that_did_not_get_out_is_tried_again_before_it_is_missed() -> None:
    assert nap_ms(TRYING_MS, 0, spoke=False, held=False, naps=0) == NAP_MOST_MS


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.booleans(), st.booleans(), st.integers(0, 1000))
def test_it_never_sleeps_right_after_something_happened(now: int, at: int, spoke: bool, held: bool, naps: int) -> None:
    ms = nap_ms(now, at, spoke, held, naps)
    assert ms is None or (now - at >= AWAKE_MS and NAP_FIRST_MS <= ms <= BATTERY_MS)
    if held and ms is not None:
        assert ms <= NAP_MOST_MS


def test_a_low_cell_is_told_and_an_almost_empty_one_speaks_softly() -> None:
    assert (is_low(LOW_MV), is_low(LOW_MV - 1), is_low(None)) == (False, True, False)
    assert transmit_dbm(None) == transmit_dbm(CRITICAL_MV) == FULL_DBM
    assert transmit_dbm(CRITICAL_MV - 1) < FULL_DBM


def test_a_key_that_is_held_for_a_minute_hangs() -> None:
    line, _ = keys.edge(keys.Line(), 1, 5)
    assert not keys.is_stuck(line, 5 + keys.STUCK_MS - 1)
    assert keys.is_stuck(line, 5 + keys.STUCK_MS)
    assert not keys.is_stuck(keys.edge(line, 0, 99)[0], 10**9)
