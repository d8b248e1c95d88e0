"""A day of bad radio in seconds: the whole device application in virtual time (on_device/bad_day.py)."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.firmware.conftest import ENVIRONMENT, MICROPYTHON

SCRIPT = Path(__file__).parent / "on_device/bad_day.py"
GROWTH_B = 4_096  # between two hours without an event in hand; the heap breathes by about half of it


def day(kind: str, hours: int, *more: str) -> dict[str, Any]:
    seed = random.randrange(1 << 30)
    command = [str(MICROPYTHON), "-X", "heapsize=16M", str(SCRIPT), str(seed), kind, str(hours), *more]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, f"seed {seed}: {done.stderr}{done.stdout}"
    result: dict[str, Any] = json.loads(done.stdout)
    print("seed", seed, result)
    return result


@pytest.mark.parametrize("kind", ["lamp", "button"])
def test_a_day_of_bad_radio_loses_nothing_and_leaks_nothing(kind: str) -> None:
    result = day(kind, 24)
    assert result["presses"] > 20
    assert result["connections"] > 50
    assert result["lost"] == 0
    assert result["silent_ms"] == 0
    heap = result["heap"]
    assert len(heap) > 6
    half = len(heap) // 2
    assert min(heap[half:]) - min(heap[:half]) < GROWTH_B, heap
    assert result["erases"] <= 0.15 * result["presses"] + 24, "more than 0.15 a record and one an hour"
    print("erases a record", round(result["erases"] / result["presses"], 3))


def test_the_lamp_has_much_to_tell_on_such_a_day() -> None:
    """Else the promise above would be cheap."""
    assert day("lamp", 24)["told_ms"] > 60_000


def test_a_device_at_rest_spares_its_flash() -> None:
    result = day("lamp", 24, "--rest")
    assert result["presses"] == 0
    assert result["erases"] <= 24, "more than one an hour"


def test_who_trusts_a_broker_loses() -> None:
    assert day("lamp", 24, "--trust-broker")["lost"] > 0
