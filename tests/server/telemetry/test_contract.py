"""What every store of readings does, on a real PostgreSQL and on a real InfluxDB alike."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from heartlamp_server.telemetry.model import Sample, sample_seconds

from tests.server.telemetry.kept import NOON, Kept, after

ALWAYS = (after(-86400), after(86400))


def test_what_is_written_can_be_read_in_order_and_within_its_time(kept: Kept) -> None:
    kept.write(kept.point(60, 3), kept.point(0, 1), kept.point(30.25, -2), kept.point(30.25, 7, name="rssi_dbm"))
    assert kept.range("temp_mc", *ALWAYS) == [(NOON, 1), (after(30.25), -2), (after(60), 3)]
    assert kept.range("temp_mc", NOON, after(60)) == [(NOON, 1), (after(30.25), -2)], "until is not in it"
    assert kept.range("temp_mc", after(0.001), after(30)) == []
    assert kept.range("rssi_dbm", *ALWAYS) == [(after(30.25), 7)]
    assert kept.range("battery_mv", *ALWAYS) == []


def test_a_reading_offered_again_counts_once(kept: Kept) -> None:
    one = kept.point(0, 21500, seq=4)
    kept.write(one, one)
    kept.write(replace(one, at=one.at + timedelta(milliseconds=3)))  # its age was reckoned anew
    kept.write(replace(one, seq=5), replace(one, boot="ffff0000"))  # others, of the same moment
    assert [value for _, value in kept.range("temp_mc", *ALWAYS)] == [21500] * 3
    assert kept.sampled(NOON, after(3600), 3600)["temp_mc"][0].many == 3
    kept.restart()
    kept.write(replace(one, at=one.at - timedelta(milliseconds=3)))
    assert [value for _, value in kept.range("temp_mc", *ALWAYS)] == [21500] * 3, "nor after a restart of the county"


def test_two_readings_of_one_moment_are_two(kept: Kept) -> None:
    kept.write(*(kept.point(0, n, seq=n) for n in range(5)))
    assert sorted(value for _, value in kept.range("temp_mc", *ALWAYS)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("value", [0, -1, 2**53 - 1, -(2**53) + 1, 2**63 - 1, -(2**63)])
def test_whole_numbers_stay_exact(kept: Kept, value: int) -> None:
    kept.write(kept.point(0, value))
    assert kept.range("temp_mc", *ALWAYS) == [(NOON, value)]


def test_times_stay_exact_to_the_microsecond(kept: Kept) -> None:
    kept.write(kept.point(0.000001, 1), kept.point(0.999999, 2))
    assert [at for at, _ in kept.range("temp_mc", *ALWAYS)] == [after(0.000001), after(0.999999)]
    beijing = datetime.fromisoformat(NOON.isoformat()).astimezone(UTC)
    assert len(kept.range("temp_mc", beijing, after(1))) == 2


@pytest.mark.parametrize("year", [1, 1677, 1970, 2262, 9999])
def test_no_time_of_a_point_makes_it_fail(kept: Kept, year: int) -> None:
    odd = replace(kept.point(0, 1), at=datetime(year, 6, 1, tzinfo=UTC))
    kept.write(odd, kept.point(0, 2, seq=1))
    assert kept.range("temp_mc", *ALWAYS) == [(NOON, 2)]


def test_samples_are_lowest_highest_mean_and_how_many(kept: Kept) -> None:
    kept.write(*(kept.point(at, at // 60) for at in range(0, 7200, 60)), kept.point(5, -61, name="rssi_dbm"))
    assert kept.sampled(NOON, after(7200), 3600) == {
        "rssi_dbm": [Sample(NOON, -61, -61, -61.0, 1)],
        "temp_mc": [Sample(NOON, 0, 59, 29.5, 60), Sample(after(3600), 60, 119, 89.5, 60)],
    }
    short = kept.sampled(after(1800), after(5400), 3600)["temp_mc"]
    assert short == [Sample(NOON, 30, 59, 44.5, 30), Sample(after(3600), 60, 89, 74.5, 30)], "begins where time does"
    assert kept.sampled(after(90000), after(99000), 3600) == {}


def test_empty_samples_are_left_out(kept: Kept) -> None:
    kept.write(kept.point(0, 5), kept.point(36000, 6))
    assert [s.at for s in kept.sampled(NOON, after(40000), 600)["temp_mc"]] == [NOON, after(36000)]


def test_the_newest_of_each_name(kept: Kept) -> None:
    other = replace(kept.point(0, 77), device=f"{kept.device}x")
    kept.write(kept.point(0, 1, "version"), kept.point(60, 2, "version"), kept.point(0, 3, "on_trial"), other)
    assert kept.newest([kept.device], ["version", "on_trial", "held"]) == {
        (kept.device, "version"): (after(60), 2),
        (kept.device, "on_trial"): (NOON, 3),
    }
    both = kept.newest([kept.device, other.device, "nobody"], ["temp_mc", "version"])
    assert sorted(both.values(), key=lambda found: found[1]) == [(after(60), 2), (NOON, 77)]
    assert kept.newest([], ["version"]) == {}
    assert kept.newest([kept.device], []) == {}


NASTY = [
    "' OR 1=1 --",
    "x' ; DROP DATABASE county; --",
    "'; DROP TABLE reading; --",
    'a"b',
    "a\\",
    "a\\'",
    "a,device=other",
    "a b",
    "a=b",
    "a\nreading,device=forged,name=temp_mc value=1i",
    "温度 ℃",
    "%s",
    "%27",
    "$1",
    "=~ /.*/",
    "*",
    "",
]


@pytest.mark.parametrize("text", NASTY)
def test_no_name_is_taken_for_a_command(kept: Kept, text: str) -> None:
    """Nothing with such a name comes past ingest; the store does not rely on it."""
    plain = kept.point(0, 1)
    kept.write(plain, kept.point(1, 2, name=text), replace(kept.point(2, 3), device=text, boot=text))
    assert kept.range(text, *ALWAYS) == [(after(1), 2)]
    assert (after(2), 3) in kept.range("temp_mc", *ALWAYS, of=text)
    assert kept.range("temp_mc", *ALWAYS) == [(NOON, 1)]
    assert set(kept.sampled(NOON, after(60), 60)) == {"temp_mc", text}
    assert kept.newest([kept.device], [text]) == {(kept.device, text): (after(1), 2)}
    assert kept.range("temp_mc", *ALWAYS, of="forged") == []


def test_old_readings_are_forgotten(kept: Kept) -> None:
    now = datetime.now(UTC)
    old, young = kept.point(0, 1), kept.point(60, 2)
    kept.write(replace(old, at=now - timedelta(days=92)), replace(young, at=now - timedelta(days=88)))
    kept.do(lambda conn: kept.series.upkeep(conn, now))
    assert [value for _, value in kept.range("temp_mc", now - timedelta(days=100), now)] == [2]
    kept.do(lambda conn: kept.series.upkeep(conn, now))  # again, nothing
    kept.write(replace(old, at=now - timedelta(days=91), seq=9))  # late, and still no error
    assert kept.series.health().dropped == 0


def test_a_sample_is_as_long_as_a_screen_needs() -> None:
    assert sample_seconds(3600, 300) == 30
    assert sample_seconds(30 * 86400, 300) == 3 * 3600
    assert sample_seconds(366 * 86400, 1) == 86400
    assert sample_seconds(1, 2000) == 1
