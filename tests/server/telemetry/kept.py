"""One store of readings under test, in an event loop of its own."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import psycopg
from heartlamp_server.telemetry.model import Point, Sample, TimeSeries

T = TypeVar("T")
NOON = (datetime.now(UTC) - timedelta(days=2)).replace(hour=12, minute=0, second=0, microsecond=0)


class Kept:
    """`device`: an id that no other test has."""

    def __init__(self, conninfo: str, make: Callable[[], TimeSeries]) -> None:
        self._conninfo, self._make = conninfo, make
        self._runner = asyncio.Runner()
        self.series = make()
        self.device = f"lamp{secrets.token_hex(5)}"

    def restart(self) -> None:
        """Another process: nothing of its memory is left."""
        self.series = self._make()

    def do(self, work: Callable[[psycopg.AsyncConnection[Any]], Awaitable[T]]) -> T:
        """In a transaction."""

        async def whole() -> T:
            connected = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
            async with connected as conn, conn.transaction():
                return await work(conn)

        return self._runner.run(whole())

    def write(self, *points: Point) -> None:
        self.do(lambda conn: self.series.write(conn, points))
        self._runner.run(self.series.close())  # written, where it is not yet

    def range(self, name: str, since: datetime, until: datetime, of: str | None = None) -> list[tuple[datetime, int]]:
        device = self.device if of is None else of
        return self.do(lambda conn: self.series.range(conn, device, name, since, until))

    def sampled(self, since: datetime, until: datetime, seconds: int) -> dict[str, list[Sample]]:
        return self.do(lambda conn: self.series.sampled(conn, self.device, since, until, seconds))

    def newest(self, devices: Sequence[str], names: Sequence[str]) -> dict[tuple[str, str], tuple[datetime, int]]:
        return self.do(lambda conn: self.series.newest(conn, devices, names))

    def point(self, at: float, value: int, name: str = "temp_mc", boot: str = "a1b2c3d4", seq: int = -1) -> Point:
        """`at`: seconds after NOON; `seq`: of its reading, by default one for each time."""
        when = NOON + timedelta(seconds=at)
        return Point(self.device, name, when, value, boot, int(at * 1000) if seq < 0 else seq)

    def end(self) -> None:
        self._runner.close()


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)
