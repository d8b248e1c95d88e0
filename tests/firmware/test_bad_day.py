"""A day of bad radio in seconds: the whole device application in virtual time (on_device/bad_day.py)."""

import random
from typing import Any

import pytest

from tests.firmware.conftest import on_device

GROWTH_B = 4_096  # between two hours without an event in hand; the heap breathes by about half of it


def day(kind: str, hours: int, *more: str) -> dict[str, Any]:
    seed = random.randrange(1 << 30)
    result: dict[str, Any] = on_device("bad_day.py", seed, kind, hours, *more)
    return result


@pytest.mark.parametrize("kind", [pytest.param("lamp", marks=pytest.mark.prove), "button"])
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
    if kind == "lamp":
        assert result["told_ms"] > 60_000, "there was little to tell: the promise would be cheap"
    print("erases a record", round(result["erases"] / result["presses"], 3))


@pytest.mark.prove
def test_a_device_at_rest_spares_its_flash() -> None:
    result = day("lamp", 24, "--rest")
    assert result["presses"] == 0
    assert result["erases"] <= 24, "more than one an hour"


@pytest.mark.prove
def test_who_trusts_a_broker_loses() -> None:
    assert day("lamp", 24, "--trust-broker")["lost"] > 0
