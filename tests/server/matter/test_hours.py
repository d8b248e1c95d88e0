"""When a limit ends: evenings, weekends, holidays, and weekends that are worked."""

from datetime import UTC, date, datetime, timedelta

import pytest
from heartlamp_server.matter.catalogue import Terms
from heartlamp_server.matter.hours import Calendar, after, between
from heartlamp_server.responder.roster.model import HOLIDAY, WORK, ZONE
from hypothesis import given
from hypothesis import strategies as st

# Around the National Day of 2026: holiday from Thursday to Wednesday, a Sunday before and a Saturday after are worked.
DAYS = {date(2026, 10, d): HOLIDAY for d in range(1, 8)} | {date(2026, 9, 27): WORK, date(2026, 10, 10): WORK}
CALENDAR = Calendar(Terms(), DAYS)


def here(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("since", "hours", "time", "until"),
    [
        ("03-02 09:00", 2, "work", "03-02 11:00"),
        ("03-02 11:00", 2, "work", "03-02 14:30"),  # over noon
        ("03-02 17:00", 2, "work", "03-03 09:30"),  # over night
        ("03-06 17:00", 2, "work", "03-09 09:30"),  # over a weekend
        ("03-06 17:00", 2, "clock", "03-06 19:00"),
        ("03-07 03:00", 8, "work", "03-09 18:00"),  # a whistle at night counts from the morning
        ("09-30 17:00", 2, "work", "10-08 09:30"),  # over the holiday
        ("09-26 12:00", 8, "work", "09-27 18:00"),  # on the Sunday that is worked
        ("10-09 17:00", 2, "work", "10-10 09:30"),
        ("09-30 17:00", 24, "clock", "10-01 17:00"),
    ],
)
def test_a_limit_ends_as_anybody_would_reckon_it(since: str, hours: int, time: str, until: str) -> None:
    assert after(here(since), hours, time, CALENDAR) == here(until)
    late = between(here(since), here(until), time, CALENDAR)
    assert late == timedelta(hours=hours)


def minutes_of_work(since: datetime, until: datetime, calendar: Calendar) -> int:
    """The same, minute by minute."""
    found, now = 0, since
    while now < until:
        local = now.astimezone(ZONE)
        kind = calendar.days.get(local.date(), WORK if local.isoweekday() <= 5 else "rest")
        minute = local.hour * 60 + local.minute
        found += kind == WORK and any(a <= minute < b for a, b in calendar.terms.windows)
        now += timedelta(minutes=1)
    return found


@given(st.integers(0, 60 * 24 * 20), st.integers(1, 30))
def test_working_time_is_what_lies_in_the_windows(start: int, hours: int) -> None:
    since = datetime(2026, 9, 20, tzinfo=UTC) + timedelta(minutes=start)
    until = after(since, hours, "work", CALENDAR)
    assert minutes_of_work(since, until, CALENDAR) == hours * 60
    assert between(since, until, "work", CALENDAR) == timedelta(hours=hours)
    assert minutes_of_work(until - timedelta(minutes=1), until, CALENDAR) == 1  # not a minute later than need be


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from(["work", "clock"]))
def test_later_is_never_less(a: int, b: int, time: str) -> None:
    origin = datetime(2026, 9, 20, tzinfo=UTC)
    early, late = sorted((origin + timedelta(seconds=a), origin + timedelta(seconds=b)))
    assert after(early, 5, time, CALENDAR) <= after(late, 5, time, CALENDAR)
    assert between(late, early, time, CALENDAR) == timedelta()


def test_a_calendar_of_holidays_only_ends_all_the_same() -> None:
    never = Calendar(Terms(), {date(2026, 1, 1) + timedelta(days=n): HOLIDAY for n in range(4000)})
    assert after(here("03-02 09:00"), 1, "work", never) == here("03-02 10:00")
