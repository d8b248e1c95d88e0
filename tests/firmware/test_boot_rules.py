"""What starts, and what a start, a receipt, a crash or a spoilt slot changes about it."""

import random

import pytest
from heartlamp.rules import boot
from heartlamp.rules.boot import State
from heartlamp_protocol.device import reasons


def installed() -> State:
    """A device whose slot a earned its receipt long ago."""
    state = State()
    state.good, state.a = "a", "a1" * 8
    return state


def tried(state: State) -> State:
    return boot.on_trial(state, boot.free_slot(state), "b2" * 8, 10200)


def starts(state: State, times: int) -> State:
    for _ in range(times):
        state = boot.begin(state, False)
    return state


def test_a_new_device_starts_the_copy_of_the_firmware_image() -> None:
    assert boot.order(boot.begin(boot.read(None), False)) == ["rom"]


@pytest.mark.parametrize("spoilt", [b"", b"nonsense", b"[]", b"7", b'{"good":"c"}', b'{"good":7,"starts":"x"}', b"{"])
def test_a_spoilt_state_is_a_new_devices(spoilt: bytes) -> None:
    assert boot.order(boot.begin(boot.read(spoilt), False)) == ["rom"]


def test_the_state_comes_back_as_it_was_written() -> None:
    state = tried(installed())
    assert boot.write(boot.read(boot.write(state))) == boot.write(state)
    assert len(boot.write(state)) < 400


def test_a_trial_is_paid_for_before_it_starts_and_goes_back_when_it_earned_nothing() -> None:
    state = tried(installed())
    for left in range(boot.TRIES - 1, -1, -1):
        state = boot.begin(state, False)
        assert (boot.order(state), state.tries) == (["b", "a", "rom"], left)
    state = boot.begin(state, False)
    assert boot.order(state) == ["a", "rom"]
    assert (state.refused, state.refused_version) == (reasons.ROLLED_BACK, 10200)
    assert not boot.safe(state)


def test_a_receipt_makes_the_trial_good_and_the_one_before_stays_at_hand() -> None:
    state = boot.confirmed(boot.begin(tried(installed()), False))
    assert boot.order(boot.begin(state, False)) == ["b", "a", "rom"]
    assert state.refused == 0


def test_a_trial_that_nvs_lost_makes_nothing_good() -> None:
    assert boot.order(boot.confirmed(installed())) == ["a", "rom"]


def test_three_starts_without_health_are_safe_mode() -> None:
    state = starts(installed(), boot.STARTS)
    assert boot.order(state) == ["a", "rom"]
    state = boot.begin(state, False)
    assert boot.safe(state)
    assert boot.order(state) == ["rom"]
    state.starts = 0  # boot_state.settle(): it was left
    assert boot.order(boot.begin(state, False)) == ["a", "rom"]


def test_a_button_that_sleeps_and_wakes_never_gets_into_safe_mode() -> None:
    state = boot.begin(installed(), False)
    for _ in range(100):
        state = boot.begin(state, True)
        assert not boot.safe(state)


def test_a_battery_device_leaves_safe_mode_after_so_many_orderly_sleeps() -> None:
    state = starts(installed(), boot.STARTS + 1)
    for _ in range(boot.SAFE_WAKES):
        state = boot.begin(state, True)
        assert boot.safe(state)
    assert not boot.safe(boot.begin(state, True))


def test_a_spoilt_slot_gives_way_to_the_other_and_then_to_rom() -> None:
    state = boot.confirmed(boot.begin(tried(installed()), False))
    state = boot.broken(state, "b")
    assert boot.order(state) == ["a", "rom"]
    state = boot.broken(state, "a")
    assert boot.order(state) == ["rom"]
    assert (state.good, state.lost) == ("rom", 2)


def test_a_spoilt_trial_is_refused_and_takes_nothing_with_it() -> None:
    state = boot.broken(boot.begin(tried(installed()), False), "b")
    assert boot.order(state) == ["a", "rom"]
    assert (state.refused, state.lost) == (reasons.DAMAGED, 0)


def test_an_update_never_touches_what_starts() -> None:
    for good in ("rom", "a", "b"):
        state = State()
        state.good = good
        assert boot.free_slot(state) != good


def test_an_alarm_that_nobody_hears_shortens_the_trial() -> None:
    assert not boot.must_go_back(None)
    assert not boot.must_go_back(20_000)
    assert boot.must_go_back(boot.ALARM_MS)
    state = boot.begin(boot.given_up(boot.begin(tried(installed()), False)), False)
    assert boot.order(state) == ["a", "rom"]
    assert state.refused == reasons.ROLLED_BACK
    assert not boot.trial_over(boot.TRIAL_MS - 1)
    assert boot.trial_over(boot.TRIAL_MS)


def test_whatever_happens_a_good_slot_or_rom_is_in_the_order_and_no_slot_without_a_name() -> None:
    """Random histories."""
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(300):
        state = State()
        for n in range(60):
            deed = chance.randrange(9)
            slot = chance.choice(("a", "b"))
            if deed < 3:
                state = boot.begin(state, chance.random() < 0.3)
            elif deed == 3 and state.trial:
                state = boot.confirmed(state)
            elif deed == 4:
                state = boot.broken(state, slot)
            elif deed == 5:
                state = boot.emptied(state, boot.free_slot(state))
            elif deed == 6:
                state = boot.on_trial(state, boot.free_slot(state), f"{n:016x}", n)
            elif deed == 7:
                state = boot.reformatted(state) if chance.random() < 0.1 else boot.given_up(state)
            else:
                state = boot.read(boot.write(state))
            order = boot.order(state)
            assert order[-1] == "rom", seed
            assert len(set(order)) == len(order), seed
            assert all(state.id_of(slot) for slot in order[:-1]), seed
            assert state.good == "rom" or state.id_of(state.good), seed
            assert state.trial != state.good, seed
            assert boot.free_slot(state) != state.good, seed
