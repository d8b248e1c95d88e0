"""Duty rosters: who is on call, when nobody is, and that swaps, absences and holidays change what they say alone."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from heartlamp_server.responder.roster.model import (
    DAYS,
    Absence,
    Roster,
    Shift,
    Swap,
    faults,
    gaps,
    kind_of,
    on_call,
    overlaps,
    spans,
    unknown_years,
)
from hypothesis import given, settings
from hypothesis import strategies as st

CHINA = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 3, 2)
HOUR = 60


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """China's time, on a day of March 2026."""
    return datetime(2026, 3, day, hour, minute, tzinfo=CHINA)


def roster(*shifts: Shift, **more: object) -> Roster:
    return Roster(7, "operator", "值班", shifts, **more)  # type: ignore[arg-type]


DAY = Shift("白班", 8 * HOUR, 20 * HOUR, (("值班员一",), ("值班员二",)), MONDAY)
NIGHT = Shift("夜班", 20 * HOUR, 8 * HOUR, (("值班员三", "值班员四"),), MONDAY)
OFFICE = Shift("工作日", 9 * HOUR, 17 * HOUR, (("村干部",),), MONDAY, days=frozenset(("work",)))


def called(it: Roster, now: datetime) -> tuple[str, ...]:
    return on_call([it], 7, "operator", now)


def test_a_night_shift_goes_on_after_midnight_and_belongs_to_the_day_it_began_on() -> None:
    duty = roster(DAY, NIGHT)
    assert called(duty, at(2, 19, 59)) == ("值班员一",)
    assert called(duty, at(2, 20)) == ("值班员三", "值班员四")
    assert called(duty, at(3, 7, 59)) == ("值班员三", "值班员四")
    assert called(duty, at(3, 8)) == ("值班员二",)
    assert called(duty, at(4, 8)) == ("值班员一",)


def test_before_the_first_day_and_after_the_last_nobody_is_on_call() -> None:
    duty = roster(Shift("一天", 0, 0, (("值班员一",),), MONDAY, last_day=MONDAY))
    assert called(duty, at(2, 0)) == called(duty, at(2, 23, 59)) == ("值班员一",)
    assert called(duty, at(3, 0)) == called(duty, datetime(2026, 3, 1, 23, 59, tzinfo=CHINA)) == ()


def test_a_week_long_turn_changes_hands_each_monday() -> None:
    weekly = roster(Shift("周班", 0, 0, (("值班员一",), ("值班员二",)), MONDAY, turn_days=7))
    assert called(weekly, at(8, 23)) == ("值班员一",)
    assert called(weekly, at(9, 0)) == ("值班员二",)


def test_a_public_holiday_is_no_work_day_and_a_worked_sunday_is_one() -> None:
    calendar = {date(2026, 3, 4): "holiday", date(2026, 3, 8): "work"}
    duty = roster(OFFICE, calendar=calendar)
    assert called(duty, at(3, 10)) == ("村干部",)
    assert called(duty, at(4, 10)) == ()
    assert called(duty, at(7, 10)) == ()
    assert called(duty, at(8, 10)) == ("村干部",)
    assert kind_of(date(2026, 3, 8), {}) == "rest"


def test_a_swap_is_for_one_day_and_one_shift() -> None:
    swap = Swap("夜班", MONDAY, "值班员三", "值班员一")
    duty = roster(DAY, NIGHT, swaps=(swap,))
    assert called(duty, at(3, 2)) == ("值班员一", "值班员四")
    assert called(duty, at(4, 2)) == ("值班员三", "值班员四")
    assert faults(duty) == []
    assert faults(roster(DAY, NIGHT, swaps=(Swap("夜班", MONDAY, "值班员二", "值班员一"),)))


def test_who_is_away_is_not_called_and_the_gap_is_told() -> None:
    away = Absence("值班员一", at(2, 10), at(2, 12))
    duty = roster(DAY, NIGHT, absences=(away,))
    assert called(duty, at(2, 11)) == ()
    (gap,) = gaps(spans(duty, at(2, 8), at(9, 8)))
    assert (gap.since, gap.until, gap.shifts) == (at(2, 10), at(2, 12), ("白班",))


def test_a_level_without_a_weekend_shift_has_a_gap_each_weekend() -> None:
    found = gaps(spans(roster(OFFICE), at(2, 9), at(9, 9)))
    assert len(found) == 5
    assert found[-1].since == at(6, 17)
    assert found[-1].until == at(9, 9)
    assert overlaps(spans(roster(DAY, OFFICE), at(2, 0), at(3, 0)))[0].shifts == ("白班", "工作日")
    assert overlaps(spans(roster(DAY, NIGHT), at(2, 9), at(9, 9))) == []


def test_a_year_without_holidays_entered_is_told() -> None:
    duty = roster(OFFICE, calendar={date(2026, 10, 1): "holiday"})
    assert unknown_years(duty, datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)) == [2027]


def test_another_area_or_role_calls_nobody_of_this_one() -> None:
    assert on_call([roster(DAY)], 8, "operator", at(2, 9)) == ()
    assert on_call([roster(DAY)], None, "operator", at(2, 9)) == ()
    assert on_call([roster(DAY)], 7, "commander", at(2, 9)) == ()
    both = [roster(DAY), roster(Shift("后备", 0, 0, (("值班员九", "值班员一"),), MONDAY))]
    assert on_call(both, 7, "operator", at(2, 9)) == ("值班员一", "值班员九")


def test_another_zone_goes_by_its_own_wall_also_where_clocks_are_changed() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    duty = roster(Shift("夜班", 20 * HOUR, 8 * HOUR, (("值班员一",),), date(2026, 3, 1)), zone=berlin)
    spring = datetime(2026, 3, 29, 7, 59, tzinfo=berlin)  # the night that has an hour less
    assert called(duty, spring) == ("值班员一",)
    assert called(duty, spring + timedelta(minutes=1)) == ()


def test_nonsense_is_told_before_it_is_saved() -> None:
    empty = Shift("空", 0, 0, ((),), MONDAY)
    never = Shift("无", 0, 0, (("值班员一",),), MONDAY, weekdays=frozenset(), last_day=date(2026, 1, 1))
    assert len(faults(roster(empty, never, never))) == 1 + 2 * 3


# --- any roster -----------------------------------------------------------------------------------------------------

PEOPLE = ["值班员一", "值班员二", "值班员三", "值班员四"]
START = datetime(2026, 3, 1, 16, tzinfo=UTC)  # Monday's midnight in China


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    shifts = []
    for n in range(draw(st.integers(1, 3))):
        turns = draw(
            st.lists(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=2, unique=True), min_size=1, max_size=3)
        )
        shifts.append(
            Shift(
                f"班{n}",
                draw(st.integers(0, 1439)),
                draw(st.integers(0, 1439)),
                tuple(map(tuple, turns)),
                MONDAY - timedelta(days=draw(st.integers(0, 10))),
                frozenset(draw(st.sets(st.integers(1, 7), min_size=1))),
                frozenset(draw(st.sets(st.sampled_from(DAYS), min_size=1))),
                draw(st.integers(1, 8)),
            )
        )
    days = [MONDAY + timedelta(days=n) for n in range(-1, 9)]
    calendar = draw(st.dictionaries(st.sampled_from(days), st.sampled_from(("holiday", "work"))))
    moments = st.integers(0, 7 * 24 * 60).map(lambda m: START + timedelta(minutes=m))
    away = draw(st.lists(st.tuples(st.sampled_from(PEOPLE), moments, moments), max_size=3))
    absences = tuple(Absence(p, min(a, b), max(a, b) + timedelta(minutes=1)) for p, a, b in away)
    return roster(*shifts, absences=absences, calendar=calendar)


def by_hand(duty: Roster, now: datetime) -> tuple[str, ...]:
    """On call, minute by minute and without any cleverness: walks every shift of every day until it meets `now`."""
    local = now.astimezone(CHINA).replace(tzinfo=None)
    found: list[str] = []
    for back in (1, 0):
        day = local.date() - timedelta(days=back)
        for shift in duty.shifts:
            kind = duty.calendar.get(day, "work" if day.weekday() < 5 else "rest")
            if day < shift.first_day or day.weekday() + 1 not in shift.weekdays or kind not in shift.days:
                continue
            length = (shift.ends - shift.starts) % 1440 or 1440
            begun = datetime(day.year, day.month, day.day) + timedelta(minutes=shift.starts)
            if 0 <= (local - begun).total_seconds() < length * 60:
                number = (day - shift.first_day).days // shift.turn_days
                found += shift.turns[number % len(shift.turns)]
    away = {a.person for a in duty.absences if a.since <= now < a.until}
    return tuple(dict.fromkeys(p for p in found if p not in away))


@settings(max_examples=150, deadline=None)
@given(rosters(), st.integers(0, 7 * 24 * 60 - 1))
def test_on_call_is_what_anybody_would_find_by_hand(duty: Roster, minute: int) -> None:
    now = START + timedelta(minutes=minute)
    assert called(duty, now) == by_hand(duty, now)


@settings(max_examples=100, deadline=None)
@given(rosters())
def test_the_spans_of_a_week_cover_it_whole_and_each_says_what_holds_all_through_it(duty: Roster) -> None:
    end = START + timedelta(days=7)
    found = spans(duty, START, end)
    assert found[0].since == START
    assert found[-1].until == end
    for one, after in pairwise(found):
        assert one.until == after.since
        assert (one.shifts, one.people) != (after.shifts, after.people)
    for span in found:
        length = (span.until - span.since) / timedelta(minutes=1)
        for part in (0, 0.5, (length - 1) / length):
            assert called(duty, span.since + (span.until - span.since) * part) == span.people
    empty = sum(((s.until - s.since) for s in gaps(found)), timedelta())
    minutes = sum(1 for m in range(0, 7 * 24 * 60, 60) if not by_hand(duty, START + timedelta(minutes=m)))
    assert minutes == 0 or empty > timedelta()


@settings(max_examples=60, deadline=None)
@given(rosters(), st.sampled_from(PEOPLE), st.integers(0, 7 * 24 * 60 - 1))
def test_an_absence_takes_away_one_person_and_nobody_else(duty: Roster, person: str, minute: int) -> None:
    now = START + timedelta(minutes=minute)
    away = Absence(person, now, now + timedelta(minutes=1))
    without = roster(*duty.shifts, absences=(*duty.absences, away), calendar=duty.calendar)
    assert called(without, now) == tuple(p for p in called(duty, now) if p != person)


@pytest.mark.parametrize("minutes", [0, 1, 719, 1439])
def test_a_shift_that_ends_when_it_begins_is_a_whole_day(minutes: int) -> None:
    duty = roster(Shift("全天", minutes, minutes, (("值班员一",),), MONDAY))
    assert gaps(spans(duty, at(3, 0), at(9, 0))) == []
