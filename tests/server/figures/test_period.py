"""The county's own days and months."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from heartlamp_server.figures.history import History
from heartlamp_server.figures.period import Kind, NoPeriod, Period, local_day, period, year_before
from hypothesis import given
from hypothesis import strategies as st

BEIJING = ZoneInfo("Asia/Shanghai")
days = st.dates(date(2001, 1, 1), date(2199, 12, 31))
kinds = st.sampled_from(("day", "week", "month", "year"))


def test_a_month_is_of_the_county_and_not_of_greenwich() -> None:
    since, until = period("month", date(2026, 9, 30)).moments(BEIJING)
    assert since.astimezone(UTC) == datetime(2026, 8, 31, 16, tzinfo=UTC)
    assert until.astimezone(UTC) == datetime(2026, 9, 30, 16, tzinfo=UTC)
    assert local_day(datetime(2026, 9, 30, 16, tzinfo=UTC), BEIJING) == date(2026, 10, 1)
    assert local_day(datetime(2026, 9, 30, 15, 59, 59, 999999, tzinfo=UTC), BEIJING) == date(2026, 9, 30)


def test_a_zone_with_summer_time_loses_no_hour() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    since, until = period("day", date(2026, 3, 29)).moments(berlin)
    assert until.astimezone(UTC) - since.astimezone(UTC) == timedelta(hours=23)


@given(kinds, days, days)
def test_periods_meet_and_every_day_is_in_exactly_one(kind: Kind, one: date, other: date) -> None:
    a, b = period(kind, one), period(kind, other)
    assert a.first <= one <= a.last
    assert a == b or a.last < b.first or b.last < a.first
    assert period(kind, a.first) == a == period(kind, a.last)
    assert a.days in {"day": (1,), "week": (7,), "month": range(28, 32), "year": (365, 366)}[kind]


@given(kinds, st.dates(date(2002, 1, 1), date(2199, 12, 31)))
def test_last_years_is_of_the_same_kind_and_a_year_before(kind: Kind, day: date) -> None:
    before, now = year_before(period(kind, day)), period(kind, day)
    assert before.kind == kind
    assert timedelta(days=357) <= now.first - before.first <= timedelta(days=371)


def test_last_years_borders() -> None:
    assert year_before(period("day", date(2024, 2, 29))).first == date(2023, 2, 28)
    assert year_before(period("month", date(2025, 2, 1))) == period("month", date(2024, 2, 29))
    assert year_before(period("week", date(2020, 12, 31))).first == date(2019, 12, 23)  # 2020 has a 53rd week
    assert year_before(period("range", date(2026, 1, 5), date(2026, 1, 9))) == Period(
        "range", date(2025, 1, 5), date(2025, 1, 9)
    )


def test_no_period_ends_before_it_begins() -> None:
    with pytest.raises(NoPeriod):
        period("range", date(2026, 1, 9), date(2026, 1, 5))
    with pytest.raises(NoPeriod):
        period("day", date(1999, 1, 9))


def test_where_a_site_lay_on_a_day() -> None:
    county, town, other, village, group, grid = range(1, 7)
    since, moved = date(2026, 1, 1), date(2026, 6, 1)
    parents: dict[int, list[tuple[date, int | None]]] = {
        county: [(since, None)], town: [(since, county)], other: [(since, county)],
        village: [(since, town), (moved, other)], group: [(since, village)],
    }  # fmt: skip
    history = History(parents, {group: [(since, moved, grid)]}, {"s1": [(since, group)]})
    assert history.areas("s1", date(2026, 5, 31)) == (group, village, town, county, grid)
    assert history.areas("s1", moved) == (group, village, other, county)
    assert history.areas("s1", date(2019, 1, 1)) == (group, village, town, county)  # the first version, and no grid yet
    assert history.areas("s2", moved) == ()
