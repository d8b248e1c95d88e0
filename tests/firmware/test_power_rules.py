"""When a battery device sleeps, and what a cell's voltage means."""

import json
from types import SimpleNamespace

from heartlamp.parts.keys import Part as Keys
from heartlamp.rules import keys
from heartlamp.rules.battery import CRITICAL_MV, FULL_DBM, LOW_MV, is_low, transmit_dbm
from heartlamp.rules.sleep import (
    AGES_MOST,
    AWAKE_MS,
    MEMORY,
    NAP_FIRST_MS,
    NAP_MOST_MS,
    TRYING_MS,
    ages,
    nap_ms,
    remembered,
)
from heartlamp_protocol.device.kinds import BATTERY_MS
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware.conftest import on_device


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


def test_a_full_outbox_sleeps_with_the_ages_of_the_newest() -> None:
    kept = ages([(f"lamp0a1b-{n:016x}", 86_400_000 - n) for n in range(200)])
    assert sorted(kept) == [f"lamp0a1b-{n:016x}" for n in range(200 - AGES_MOST, 200)]
    wifi = {"ssid": "村" * 10, "bssid": "0" * 12, "ip": ["192.168.100.100"] * 4}
    relay = [11, {f"lamp0a{n:02x}": "0" * 12 for n in range(4)}]
    data = remembered({"ages": kept, "wifi": wifi, "relay": relay, "naps": 9, "drill": 10**10, "held": ["red"]})
    assert len(data) <= MEMORY
    assert json.loads(data)["ages"] == kept


@given(st.integers(0, 200), st.integers(0, 2_000))
def test_whatever_it_would_remember_fits_and_the_press_comes_first(events: int, name: int) -> None:
    kept = {"ages": {f"{n:025x}": n for n in range(events)}, "wifi": {"ssid": "村" * name}, "held": ["red"], "naps": 3}
    data = remembered(kept)
    assert len(data) <= MEMORY
    assert {name: json.loads(data)[name] for name in ("held", "naps")} == {"held": ["red"], "naps": 3}


def held_key(kept: dict[str, object], level: int) -> tuple[Keys, SimpleNamespace]:
    hal = SimpleNamespace(now=0, kept=kept, level=lambda pin: level)
    hal.clock = lambda: hal.now
    return Keys(hal, SimpleNamespace()), hal


def test_who_holds_a_key_keeps_it_awake_until_the_key_hangs() -> None:
    part, hal = held_key({}, 1)
    assert not part.awake()
    part.edge("green", 1, 0, 0)
    hal.now = keys.STUCK_MS - 1
    assert part.awake()
    hal.now = keys.STUCK_MS
    assert not part.awake()
    assert part.values() == [("key_stuck", 1)]


def test_a_key_that_hung_before_the_sleep_and_still_does_is_told_again() -> None:
    assert held_key({"held": ["red"]}, 1)[0].values() == [("key_stuck", 1)]
    assert held_key({"held": ["red"]}, 0)[0].values() == held_key({"held": []}, 1)[0].values() == [("key_stuck", 0)]


def test_a_board_that_cannot_sleep_stays_with_its_links_and_a_press_ends_the_long_naps() -> None:
    never, sometimes, naps, after_a_press = on_device("sleepless.py")
    assert never == 0
    assert 1 <= sometimes <= 60_000 // AWAKE_MS, "each time it stays for as long as after a press"
    assert (naps, after_a_press) == (7, 0)
