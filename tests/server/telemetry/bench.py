"""How many points a second become durable, beside a bare COPY of the same run, and how long a device's page of 30 days
takes: `python -m tests.server.telemetry.bench [DEVICES]`. Nothing is asserted: it is a figure of this machine."""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
from heartlamp_server.config import Influx
from heartlamp_server.database.embedded import Embedded
from heartlamp_server.database.migrate import migrate
from heartlamp_server.telemetry import hours
from heartlamp_server.telemetry.influx import InfluxSeries
from heartlamp_server.telemetry.model import Point, day_of
from heartlamp_server.telemetry.store import PostgresSeries

from tests.server.telemetry.influx import DAEMON, InfluxDB

Connection: TypeAlias = psycopg.AsyncConnection[Any]
NAMES = ["version", "rssi_dbm", "battery_mv", "uptime_s", "free_b", "temp_mc", "held", "slots_b", "paths", "resets"]
DEVICES, BEAT_SECONDS, READINGS_OF_A_BATCH = 6000, 30, 200
BEFORE = 1_000_000  # points that are there already
OPTIONS = "-c plan_cache_mode=force_generic_plan -c jit=off"  # as the server's pool


def batches(many: int, readings: int, seq: int) -> list[list[Point]]:
    """A heartbeat of each device in turn, every BEAT_SECONDS, ten values each."""
    start = datetime.now(UTC)  # not late: what is late is noted beside, which is another figure
    made = []
    for _ in range(many):
        batch = []
        for _ in range(readings):
            seq += 1
            at = start + timedelta(seconds=seq // DEVICES * BEAT_SECONDS)
            batch += [
                Point(f"lamp{seq % DEVICES:06x}", name, at, random.randrange(4000), "a1b2c3d4", seq) for name in NAMES
            ]
        made.append(batch)
    return made


async def bare(conn: Connection, points: list[Point]) -> None:
    async with conn.cursor() as cursor, cursor.copy("COPY reading FROM STDIN") as copy:
        for p in points:
            await copy.write_row((p.device, p.name, p.at, p.value, p.boot, p.seq))


async def rate(conn: Connection, write: Callable[[Connection, list[Point]], Awaitable[None]], work: Any) -> float:
    """Points a second, each batch committed."""
    began = time.perf_counter()
    for batch in work:
        async with conn.transaction():
            await write(conn, batch)
    return sum(map(len, work)) / (time.perf_counter() - began)


async def writing(conninfo: str) -> None:
    conn = await psycopg.AsyncConnection.connect(conninfo, autocommit=True, prepare_threshold=0, options=OPTIONS)
    async with conn:
        series = PostgresSeries(90)
        async with conn.transaction():
            await series.upkeep(conn, datetime.now(UTC))
        for batch in batches(BEFORE // 5000, 500, 0):
            await bare(conn, batch)
        await conn.execute("ANALYZE reading")
        seq = BEFORE
        for readings in (10, 50, 200, 500):
            many = max(10, 8000 // readings)
            found: dict[str, list[float]] = {"series": [], "bare": []}
            for _ in range(3):
                found["bare"].append(await rate(conn, bare, batches(many, readings, seq)))
                seq += many * readings
                found["series"].append(await rate(conn, series.write, batches(many, readings, seq)))
                seq += many * readings
            ours, floor = statistics.median(found["series"]), statistics.median(found["bare"])
            print(
                f"  {readings * len(NAMES):>5} points in a batch   {ours:>9,.0f} points/s   bare COPY {floor:>9,.0f}"
                f"   ratio {ours / floor:.2f}",
                flush=True,
            )


_FILL = """
INSERT INTO reading (device, name, at, value, boot, seq)
SELECT 'page' || d, 'name' || n || '_mv', t, (random() * 4000)::int, 'a1b2c3d4', extract(epoch FROM t)::bigint
FROM generate_series(%s::timestamptz, %s::timestamptz - interval '1 second', %s::interval) t,
    generate_series(1, %s) d, generate_series(1, 8) n
"""


async def looking(conninfo: str, devices: int) -> None:
    """One device that says eight values every 30 s for 30 days among others that say so every hour."""
    now = datetime.now(UTC)
    conn = await psycopg.AsyncConnection.connect(conninfo, autocommit=True, prepare_threshold=0, options=OPTIONS)
    async with conn:
        series = PostgresSeries(90)
        first = day_of(now) - timedelta(days=30)
        for day in (first + timedelta(days=n) for n in range(31)):
            end = min(day + timedelta(days=1), now)
            async with conn.transaction():
                await series.upkeep(conn, day)
            await conn.execute(_FILL, (day, end, "1 hour", devices))
            await conn.execute(_FILL.replace("'page'", "'busy'"), (day, end, "30 seconds", 1))
        await hours.rewind(conn, first)
        began = time.perf_counter()
        while await hours.roll(conn):
            pass
        print(f"  30 days of {devices} devices rolled up in {time.perf_counter() - began:.1f} s")
        await conn.execute("ANALYZE")
        for device, title in (("busy1", "a value every 30 s"), (f"page{devices // 2}", "a value every hour")):
            took = []
            for _ in range(20):
                began = time.perf_counter()
                found = await series.sampled(conn, device, now - timedelta(days=30), now, 3 * 3600)
                took.append((time.perf_counter() - began) * 1000)
            many = sum(map(len, found.values()))
            print(f"  page of 30 days, {title:<20} first {took[0]:>6.1f} ms, p50 {statistics.median(took):>6.1f} ms, "
                  f"{many} samples")  # fmt: skip


async def influx(settings: Influx) -> None:
    series = InfluxSeries(settings, 90)
    work = batches(50, 200, 0)
    began = time.perf_counter()
    for batch in work:
        await series.write(None, batch)  # type: ignore[arg-type]
    put = time.perf_counter() - began
    while series.health().waiting:
        await series.close()
    points = sum(map(len, work))
    took = time.perf_counter() - began
    print(f"  InfluxDB: {points / took:,.0f} points/s written, of which the batches waited for {put / took:.0%}")


def main(devices: int) -> None:
    with tempfile.TemporaryDirectory(prefix="heartlamp-series-") as folder:
        for part in (writing, lambda conninfo: looking(conninfo, devices)):
            embedded = Embedded(Path(folder) / part.__name__.strip("<>") / "postgres")
            embedded.ensure_running()
            try:
                migrate(embedded.conninfo)
                asyncio.run(part(embedded.conninfo))
            finally:
                embedded.stop()
        if DAEMON.exists():
            database = InfluxDB(Path(folder) / "influx")
            database.start()
            asyncio.run(influx(database.settings(buffer_bytes=64_000_000)))
            database.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
