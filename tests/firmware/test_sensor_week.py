"""Detectors and probes through days of good and bad weather in seconds (on_device/sensor_week.py)."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

from tests.firmware.conftest import ENVIRONMENT, MICROPYTHON

SCRIPT = Path(__file__).parent / "on_device/sensor_week.py"


def test_sensors_live_through_wild_days_within_their_memory_and_come_to_rest() -> None:
    seed = random.randrange(1 << 30)
    command = [str(MICROPYTHON), "-X", "heapsize=16M", str(SCRIPT), str(seed), "4"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, f"seed {seed}: {done.stderr}{done.stdout}"
    result: dict[str, Any] = json.loads(done.stdout)
    print("seed", seed, result)
    assert result["alarms"] > 4
    heap = result["heap"]
    assert max(heap[1:]) - heap[0] < 4_096, heap
    assert result["most_an_hour"] <= 200
    assert result["looks_at_rest"] <= 500, "an hour at rest is not spent looking"
    assert result["erases_a_half_day"] <= 12, "one an hour"
    assert result["age_days"] == 4
