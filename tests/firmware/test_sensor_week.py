"""Detectors and probes through days of good and bad weather in seconds (on_device/sensor_week.py)."""

import random

from tests.firmware.conftest import on_device


def test_sensors_live_through_wild_days_within_their_memory_and_come_to_rest() -> None:
    seed = random.randrange(1 << 30)
    result = on_device("sensor_week.py", seed, 4)
    assert result["alarms"] > 4
    heap = result["heap"]
    assert max(heap[1:]) - heap[0] < 4_096, heap
    assert result["most_an_hour"] <= 200
    assert result["looks_at_rest"] <= 500, "an hour at rest is not spent looking"
    assert result["erases_a_half_day"] <= 12, "one an hour"
    assert result["age_days"] == 4
