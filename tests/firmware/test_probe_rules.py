"""Thermometer, tilt and rain: what is a fire, what is a sliding slope, and what is only a broken probe."""

import math
import random

import pytest
from heartlamp.rules import heat, probe, rain, telemetry, tilt
from hypothesis import given
from hypothesis import strategies as st

HOUR = 3_600_000


class Room:
    """A thermometer; times in seconds, degrees Celsius."""

    def __init__(self, limits: heat.Limits | None = None) -> None:
        self.limits = limits or heat.Limits()
        self.heat = heat.begin(0)
        self.fires: list[int] = []
        self.now = 0

    def sample(self, celsius: float | None) -> "Room":
        mc = None if celsius is None else round(celsius * 1000)
        self.heat, fire = heat.take(self.heat, self.limits, mc, self.now * 1000)
        if fire:
            self.fires.append(self.now)
        self.now += heat.SAMPLE_MS // 1000
        return self

    def stays(self, celsius: float, seconds: int) -> "Room":
        for _ in range(0, seconds, 10):
            self.sample(celsius + random.choice((0, 0.0625)))
        return self

    def rises(self, since: float, per_minute: float, seconds: int) -> "Room":
        for s in range(0, seconds, 10):
            self.sample(since + per_minute * s / 60)
        return self


def test_a_hot_room_is_a_fire_once_and_again_after_it_cooled() -> None:
    room = Room().stays(21, 600)
    start = room.now
    room.rises(21, 3, 660).rises(54, 2, 240)
    assert len(room.fires) == 1
    assert room.fires[0] - start >= 660
    room.stays(54, 600).stays(58, 60)
    assert len(room.fires) == 1, "54 °C is no calm"
    room.rises(54, -3, 300).stays(39, 300).rises(39, 4, 600)
    assert len(room.fires) == 2


def test_a_fast_rise_is_a_fire_long_before_it_is_hot() -> None:
    room = Room().stays(25, 300)
    start = room.now
    room.rises(25, 10, 120)
    assert room.fires, "10 °C a minute"
    print("fire after", room.fires[0] - start, "s")
    assert 60 <= room.fires[0] - start <= 90


def test_a_slow_rise_is_a_fire_only_where_it_becomes_hot() -> None:
    room = Room().stays(25, 300)
    start = room.now
    room.rises(25, 3, 900)
    assert len(room.fires) == 1
    hot = (57 - 25) / 3 * 60
    assert hot <= room.fires[0] - start <= hot + 20


def test_a_cold_room_that_is_heated_is_no_fire() -> None:
    assert Room().stays(-5, 300).rises(-5, 12, 150).fires == []


def test_one_wild_value_is_no_fire_and_no_fault() -> None:
    room = Room().stays(21, 300).sample(85).stays(21, 300)
    assert room.fires == []
    assert room.heat.probe.fault == probe.FINE


def test_one_hot_sample_is_no_fire() -> None:
    assert Room().stays(46, 300).sample(58).stays(46, 300).fires == []


def test_a_flash_fire_that_jumps_is_believed_once_it_was_confirmed() -> None:
    room = Room().stays(21, 300)
    start = room.now
    for celsius in (70, 95, 110, 120, 121, 121):
        room.sample(celsius)
    assert len(room.fires) == 1
    assert room.fires[0] - start <= 40


@pytest.mark.parametrize("air", [120, 200, 300, 400, 600])
@pytest.mark.parametrize("slowness_s", [60, 90, 120])
def test_a_fire_that_outruns_the_probe_is_a_fire_and_no_broken_probe(air: int, slowness_s: int) -> None:
    """A probe that follows the air by so many seconds, and reads no more than it can."""
    room = Room().stays(20, 300)
    start = room.now
    for seconds in range(10, 120, 10):
        room.sample(20 + (air - 20) * (1 - math.exp(-seconds / slowness_s)))
    assert room.fires, "it burned, and nobody was told"
    assert room.fires[0] - start <= 60


def test_a_probe_whose_wire_burns_through_when_it_was_hot_is_no_comfort() -> None:
    room = Room().stays(20, 300).sample(80).sample(118).sample(None).sample(131)
    assert len(room.fires) == 1


def test_an_unplugged_probe_is_a_fault_and_no_fire_and_recovers() -> None:
    room = Room().stays(21, 300)
    for _ in range(6):
        room.sample(None)
    assert (room.fires, room.heat.probe.fault) == ([], probe.SILENT)
    room.stays(21, 300)
    assert room.heat.probe.fault == probe.FINE
    for _ in range(6):
        room.sample(-127)
    assert (room.fires, room.heat.probe.fault) == ([], probe.OUTSIDE)


def test_a_loose_wire_that_jumps_about_is_a_fault() -> None:
    room = Room().stays(21, 300)
    for _ in range(60):
        room.sample(90).sample(21)
    assert (room.fires, room.heat.probe.fault) == ([], probe.JUMPS)


def test_a_value_that_never_moves_is_a_fault_and_moves_on_as_a_good_one() -> None:
    room = Room()
    for _ in range(0, 49 * 3600, 10):
        room.sample(21)
    assert room.heat.probe.fault == probe.STUCK
    room.sample(21.0625)
    assert room.heat.probe.fault == probe.FINE


def test_frost_and_heat_are_said_with_hysteresis() -> None:
    room = Room().stays(5, 60)
    assert (room.heat.low, room.heat.high) == (False, False)
    assert room.stays(1.9, 20).heat.low
    assert room.stays(2.5, 20).heat.low
    assert not room.stays(3.1, 20).heat.low
    assert room.stays(25, 20).stays(40.5, 20).heat.high
    assert room.stays(39.5, 20).heat.high
    assert not room.stays(38.5, 20).heat.high


@given(st.lists(st.one_of(st.none(), st.integers(-200_000, 300_000)), max_size=80))
def test_no_history_of_samples_raises_or_grows(samples: list[int | None]) -> None:
    heated, tilted = heat.begin(0), tilt.begin(0)
    for n, sample in enumerate(samples):
        heated, _ = heat.take(heated, heat.Limits(), sample, n * 10_000)
        tilted, _ = tilt.take(tilted, 1000, sample, n * 10_000)
    assert len(heated.past) <= heat.SAMPLES_MOST
    assert len(tilted.means) <= tilt.MEANS_MOST


@given(st.lists(st.one_of(st.none(), st.integers(126_000, 300_000), st.integers(-300_000, -41_000)), max_size=80))
def test_what_no_probe_can_say_is_never_a_fire(samples: list[int | None]) -> None:
    heated = heat.begin(0)
    for n, sample in enumerate(samples):
        heated, fire = heat.take(heated, heat.Limits(), sample, n * 10_000)
        assert not fire


class Slope:
    def __init__(self, alarm_mdeg: int = 1000) -> None:
        self.alarm_mdeg = alarm_mdeg
        self.tilt = tilt.begin(0)
        self.alarms: list[int] = []
        self.now = 0

    def samples(self, mdegs: list[int]) -> "Slope":
        for mdeg in mdegs:
            self.tilt, alarm = tilt.take(self.tilt, self.alarm_mdeg, mdeg, self.now)
            if alarm:
                self.alarms.append(self.now)
            self.now += tilt.SAMPLE_MS
        return self

    def rests(self, mdeg: int, minutes: int) -> "Slope":
        return self.samples([mdeg + random.randint(-60, 60) for _ in range(minutes * 6)])


def test_a_goat_shakes_the_stake_and_a_slope_leaves_it_tilted() -> None:
    slope = Slope().rests(2000, 60).samples([9000, 500, 14_000, 3000]).rests(2000, 30)
    assert slope.alarms == []
    start = slope.now
    slope.rests(3500, 30)
    assert len(slope.alarms) == 1
    assert slope.alarms[0] - start <= 60_000
    slope.rests(3500, 120)
    assert len(slope.alarms) == 1, "where it stands now is where it stands"
    slope.rests(5000, 5)
    assert len(slope.alarms) == 2, "it moved on"


def test_a_days_sun_is_no_slide_and_a_creep_of_a_degree_an_hour_is() -> None:
    slope = Slope().rests(2000, 60)
    for minute in range(600):  # a quarter of a degree in ten hours
        slope.rests(2000 + minute // 2, 1)
    assert slope.alarms == []
    base = 2300
    for minute in range(70):
        slope.rests(base + minute * 18, 1)
    assert slope.alarms


class Sky:
    def __init__(self, limits: rain.Limits | None = None) -> None:
        self.limits = limits or rain.Limits()
        self.rain = rain.Rain(0)
        self.alarms: list[int] = []
        self.now = 0

    def rains(self, mm_per_hour: float, minutes: int) -> "Sky":
        tips = 0.0
        for _ in range(minutes * 60):
            tips += mm_per_hour * 1000 / self.limits.tip_um / 3600
            while tips >= 1:
                tips -= 1
                self.tip(self.now + 300 * int(tips))
            self.now += 1000
            self.rain, alarm, _ = rain.settle(self.rain, self.limits, self.now)
            if alarm:
                self.alarms.append(self.now)
        return self

    def tip(self, at: int) -> None:
        for level, late in ((1, 0), (0, 5), (1, 8), (0, 60)):  # the reed bounces
            self.rain = rain.edge(self.rain, self.limits, level, at + late)


def test_the_bucket_counts_what_falls_and_forgets_it_after_a_day() -> None:
    sky = Sky().rains(30, 120)
    assert abs(rain.fallen(sky.rain, 6) - 30_000) <= 6_000
    assert abs(rain.fallen(sky.rain, 144) - 60_000) <= 1_000
    sky.rains(0, 25 * 60)
    assert rain.fallen(sky.rain, 144) == 0
    assert len(sky.rain.slots) <= rain.SLOTS


def test_a_hundred_millimetres_in_three_hours_endanger_the_slope_once() -> None:
    sky = Sky().rains(40, 180)
    assert len(sky.alarms) == 1
    print("alarm after", sky.alarms[0] // 60_000, "min of 40 mm/h")
    assert 150 <= sky.alarms[0] // 60_000 <= 155


def test_half_of_it_is_enough_on_ground_that_is_wet_through() -> None:
    assert Sky().rains(20, 170).alarms == []
    sky = Sky().rains(6, 20 * 60).rains(20, 170)
    assert len(sky.alarms) == 1


def test_the_hour_of_zhengzhou_is_rain_and_a_chattering_reed_is_none() -> None:
    sky = Sky().rains(202, 60)
    assert sky.alarms
    assert rain.fault(sky.rain, sky.now) == 0
    sky = Sky()
    for second in range(600):
        for part in range(3):
            sky.tip(second * 1000 + part * 300)
        sky.rain, alarm, _ = rain.settle(sky.rain, sky.limits, second * 1000 + 999)
        assert not alarm
    assert rain.fault(sky.rain, 600_000) == 1


def test_a_bucket_that_hangs_on_its_reed_is_a_fault() -> None:
    sky = Sky()
    sky.rain = rain.edge(sky.rain, sky.limits, 1, 0)
    assert rain.fault(sky.rain, 599_999) == 0
    assert rain.fault(sky.rain, 600_000) == 2


def test_a_village_that_gets_its_power_back_does_not_speak_in_one_breath() -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    dice = random.Random(seed)
    at = sorted(telemetry.begin(0, dice.randrange(65536)).next_at for _ in range(300))
    assert max(sum(1 for a in at if a // 1000 == second) for second in range(31)) <= 30
    said = telemetry.say([("temp_mc", 21_000)], 0, dice.randrange(65536))
    assert 240_000 <= said.next_at <= 360_000


def test_a_change_is_told_soon_and_a_restless_value_not_all_the_time() -> None:
    steps = {"temp_mc": 1000}
    said = telemetry.say([("temp_mc", 21_000), ("temp_fault", 0)], 0, 32_768)
    assert not telemetry.due(said, [("temp_mc", 21_900), ("temp_fault", 0)], steps, 60_000)
    assert telemetry.due(said, [("temp_mc", 22_000), ("temp_fault", 0)], steps, 60_000)
    assert telemetry.due(said, [("temp_mc", 21_000), ("temp_fault", 1)], steps, 60_000)
    assert not telemetry.due(said, [("temp_mc", 99_000), ("temp_fault", 1)], steps, 29_999)
    count = 0
    for now in range(0, HOUR, 1000):
        values = [("temp_mc", 20_000 + now % 7000)]
        if telemetry.due(said, values, steps, now):
            said = telemetry.say(values, now, 32_768)
            count += 1
    assert count <= 120
