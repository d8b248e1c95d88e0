"""What may sound at which hour."""

import pytest
from heartlamp_gateway.rules.loudness import Night, may_sound, urgency

NIGHT = Night()
MIDNIGHT, NOON = 0, 12 * 60


@pytest.mark.parametrize("what", ["fire", "flood", "gas", "slope"])
@pytest.mark.parametrize("minute", [MIDNIGHT, NOON, None])
def test_what_endangers_the_village_wakes_it_at_any_hour(what: str, minute: int | None) -> None:
    assert may_sound(what, minute, NIGHT)


def test_a_call_for_help_sounds_by_day_and_stays_with_the_groups_lamps_by_night() -> None:
    assert may_sound("panic", NOON, NIGHT)
    assert not may_sound("panic", MIDNIGHT, NIGHT)


def test_where_nobody_knows_the_time_it_may_be_night() -> None:
    assert not may_sound("panic", None, NIGHT)


@pytest.mark.parametrize("minute", [MIDNIGHT, NOON, None])
def test_a_silent_alarm_never_sounds(minute: int | None) -> None:
    assert not may_sound("silent", minute, NIGHT)
    assert not may_sound("silent", minute, Night(0, 0))


def test_a_drill_wakes_nobody() -> None:
    assert may_sound("fire", NOON, NIGHT, drill=True)
    assert not may_sound("fire", MIDNIGHT, NIGHT, drill=True)
    assert not may_sound("fire", None, NIGHT, drill=True)


def test_the_night_begins_at_its_first_minute_and_ends_before_its_last() -> None:
    assert [may_sound("panic", m, NIGHT) for m in (1319, 1320, 359, 360)] == [True, False, False, True]
    noon_rest = Night(12 * 60, 14 * 60)
    assert [may_sound("panic", m, noon_rest) for m in (719, 720, 839, 840)] == [True, False, False, True]
    assert all(may_sound("panic", m, Night(0, 0)) for m in range(24 * 60))


def test_danger_goes_before_a_call_and_a_call_before_a_drill() -> None:
    assert urgency("fire") == urgency("flood") > urgency("panic") > urgency("fire", drill=True) == urgency("test")
