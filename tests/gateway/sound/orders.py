"""Orders as the village's plan gives them, and a clock that stands."""

from array import array
from collections.abc import Callable

from heartlamp_gateway.outputs.adapter import Order, Report

DAY, NIGHT = 12 * 60, 2 * 60


def order(what: str = "fire", **other: object) -> Order:
    fields: dict[str, object] = {
        "key": "k1", "channel": "speaker", "address": "", "incident": "gwliu1-0011223344556677", "what": what,
        "place": "三组 7号", "group": "03", "name": "", "lang": "zh", "drill": 0,
    }  # fmt: skip
    return Order(**(fields | other))  # type: ignore[arg-type]


def at(minute: int | None) -> Callable[[], int | None]:
    return lambda: minute


def nobody(_: Report) -> None:
    pass


def ramp(ms: int, slope: int = 37) -> "array[int]":
    """A sound that is nowhere like itself: each sample tells where it is."""
    return array("h", [(i * slope) % 24_000 - 12_000 for i in range(16 * ms)])
