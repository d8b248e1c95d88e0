"""The port to the time series: what every store of readings must do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import psycopg

from heartlamp_server.database.pool import Database

SAME_MINUTES = 10  # a reading offered again has the same age but for a few ms; so far back and ahead it is looked for


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


@dataclass(frozen=True, slots=True)
class Sample:
    """What there is of one name from `at` on, for as long as a sample is: lowest, highest, mean, how many."""

    at: datetime
    low: int
    high: int
    mean: float
    many: int


@dataclass(frozen=True, slots=True)
class Health:
    """`well`: readings are written and can be read; `waiting`: points that are not written yet; `dropped`: points given
    up since the start, because too many waited or the store would not have them; `why`: it is not well, or ""."""

    store: str
    well: bool
    waiting: int = 0
    dropped: int = 0
    why: str = ""


class SeriesAway(Exception):
    """Readings cannot be looked up now. Alarms are not concerned."""


class TimeSeries(Protocol):
    async def write(self, conn: psycopg.AsyncConnection[Any], points: Sequence[Point]) -> None:
        """Keeps the points, each once however often it is offered. `conn`: the batch's transaction, for a store that
        can take part in it. No time of a point makes it fail, nor does a store that is away."""

    async def range(
        self, conn: psycopg.AsyncConnection[Any], device: str, name: str, since: datetime, until: datetime
    ) -> list[tuple[datetime, int]]:
        """(at, value) with since <= at < until, oldest first. Raises SeriesAway."""

    async def sampled(
        self, conn: psycopg.AsyncConnection[Any], device: str, since: datetime, until: datetime, seconds: int
    ) -> dict[str, list[Sample]]:
        """Of every name of the device: a sample for each `seconds` in which there is something, counted from 1970 on,
        oldest first. Raises SeriesAway."""

    async def newest(
        self, conn: psycopg.AsyncConnection[Any], devices: Sequence[str], names: Sequence[str]
    ) -> dict[tuple[str, str], tuple[datetime, int]]:
        """(device, name) -> the newest (at, value), for those that there are. Raises SeriesAway."""

    async def upkeep(self, conn: psycopg.AsyncConnection[Any], now: datetime) -> None:
        """Every hour: makes room for what comes, forgets what is old enough."""

    async def run(self, database: Database) -> None:
        """For ever."""

    async def close(self) -> None:
        """Writes what waits, if it can be done in seconds."""

    def health(self) -> Health: ...


_STEPS = (1, 10, 30, 60, 300, 600, 900, 1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)


def sample_seconds(span: float, samples: int) -> int:
    """How long a sample is, that `span` seconds have at most `samples`, where days are short enough for that."""
    return next((step for step in _STEPS if span <= step * samples), _STEPS[-1])


def day_of(at: datetime) -> datetime:
    """Its first moment, UTC."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
