"""The port to the time series: what every store of readings must do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import psycopg


@dataclass(frozen=True, slots=True)
class Point:
    """One value. `name` ends with its unit (`_mv`, `_dbm`, `_b`, `_mc`, `_ms`); `boot`, `seq`: the reading it was in,
    so that a reading offered twice counts once."""

    device: str
    name: str
    at: datetime
    value: int
    boot: str
    seq: int


class TimeSeries(Protocol):
    async def write(self, conn: psycopg.AsyncConnection[Any], points: Sequence[Point]) -> None:
        """Keeps the points, each once however often it is offered. `conn`: the batch's transaction, for a store that
        can take part in it. No time of a point makes it fail."""

    async def range(
        self, conn: psycopg.AsyncConnection[Any], device: str, name: str, since: datetime, until: datetime
    ) -> list[tuple[datetime, int]]:
        """(at, value) with since <= at < until, oldest first."""
