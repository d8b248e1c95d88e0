"""The time series in InfluxDB, through influxdb-client: written as line protocol to /api/v2/write, read as InfluxQL
from /query, which 1.8, 2 and 3 all speak.

Nobody waits for it: points are put into a bounded buffer, and a task writes them. So readings that wait are lost with
the process, and where InfluxDB is away for long the oldest are dropped and counted. Alarms never come here.

A device and a name are written percent-encoded: what is left can end no literal, tag or line. Ids and names as the
protocol has them stay as they are.
"""

import asyncio
import hashlib
import json
import logging
import re
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote

import psycopg
import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException

from heartlamp_server.config import Influx
from heartlamp_server.database import kept_days
from heartlamp_server.database.pool import Database
from heartlamp_server.telemetry.model import Health, Point, Sample, SeriesAway, day_of

log = logging.getLogger("heartlamp.telemetry")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST, _LAST = datetime(1678, 1, 1, tzinfo=UTC), datetime(2262, 1, 1, tzinfo=UTC)  # what 64 bits of ns hold
_AT_ONCE = 5000  # points in one request
_REMEMBERED = 200_000  # readings in each of two generations; a gateway offers again within a minute
_RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0)
_TIMEOUT_MS = (2_000, 10_000)  # to connect, to answer
_READERS = 4
_CLOSE_SECONDS = 3.0
_NO_ORG = "-"  # 1.8 and 3 have none
_EMPTY = "%"  # which quoting gives for nothing else: a tag has no empty value
_TROUBLE = (OSError, urllib3.exceptions.HTTPError)


class InfluxSeries:
    """Implements model.TimeSeries. `days`: how long a reading is kept."""

    def __init__(self, settings: Influx, days: int) -> None:
        self._settings, self._days = settings, days
        self._buffer: deque[bytes] = deque()
        self._bytes = 0
        self._dropped = 0
        self._why = ""
        self._wake = asyncio.Event()
        self._seen: tuple[set[bytes], set[bytes]] = (set(), set())
        self._reading = asyncio.Semaphore(_READERS)
        self._forgot = _EPOCH
        self._made: InfluxDBClient | None = None

    # --- writing ----------------------------------------------------------------------------------------------------

    async def write(self, conn: psycopg.AsyncConnection[Any], points: Sequence[Point]) -> None:
        batch: set[bytes] = set()
        for p in points:
            key = _key(p)
            if key in self._seen[0] or key in self._seen[1]:
                continue
            batch.add(key)
            if _FIRST < p.at < _LAST and -(2**63) <= p.value < 2**63:
                self._put(line(p))
            else:
                self._dropped += 1
        self._remember(batch)
        self._wake.set()

    def _put(self, made: bytes) -> None:
        self._buffer.append(made)
        self._bytes += len(made)
        self._trim()

    def _trim(self) -> None:
        while self._bytes > self._settings.buffer_bytes:
            self._bytes -= len(self._buffer.popleft())
            self._dropped += 1

    def _remember(self, keys: set[bytes]) -> None:
        self._seen[0].update(keys)
        if len(self._seen[0]) > _REMEMBERED:
            self._seen = (set(), self._seen[0])

    async def run(self, database: Database) -> None:
        failed = 0
        while True:
            if not self._buffer:
                self._wake.clear()
                await self._wake.wait()
            try:
                await self._flush()
                if failed:
                    log.warning("InfluxDB is there again; %d readings were dropped meanwhile or before", self._dropped)
                failed, self._why = 0, ""
            except Exception as error:
                if not failed:
                    strange = not isinstance(error, SeriesAway)
                    log.warning(
                        "InfluxDB is away, readings wait; alarms are not concerned: %s", error, exc_info=strange
                    )
                self._why = str(error) or type(error).__name__
                await asyncio.sleep(_RETRY_SECONDS[min(failed, len(_RETRY_SECONDS) - 1)])
                failed += 1

    async def _flush(self) -> None:
        """The oldest of what waits. Raises SeriesAway, and then it goes on waiting."""
        batch = [self._buffer.popleft() for _ in range(min(_AT_ONCE, len(self._buffer)))]
        self._bytes -= sum(map(len, batch))
        try:
            self._dropped += await asyncio.to_thread(self._send, batch)
        except BaseException:
            self._buffer.extendleft(reversed(batch))
            self._bytes += sum(map(len, batch))
            self._trim()
            raise

    def _send(self, batch: list[bytes]) -> int:
        """How many it would not have, whatever happens: what is refused alone must not hold back the rest."""
        try:
            writer = self._client().write_api(write_options=SYNCHRONOUS)
            writer.write(self._settings.bucket, self._settings.org or _NO_ORG, b"\n".join(batch))
            return 0
        except ApiException as error:
            if error.status not in (400, 413, 422):
                raise SeriesAway(_said(error)) from error
            if len(batch) > 1:
                half = len(batch) // 2
                return self._send(batch[:half]) + self._send(batch[half:])
            log.error("InfluxDB refused a reading, which is dropped: %s", _said(error))
            return 1
        except _TROUBLE as error:
            raise SeriesAway(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                while self._buffer:
                    await self._flush()
        except (SeriesAway, TimeoutError):
            log.warning("%d readings that waited for InfluxDB are lost", len(self._buffer))

    def health(self) -> Health:
        return Health("influx", not self._why, len(self._buffer), self._dropped, self._why)

    # --- reading ----------------------------------------------------------------------------------------------------

    async def range(
        self, conn: psycopg.AsyncConnection[Any], device: str, name: str, since: datetime, until: datetime
    ) -> list[tuple[datetime, int]]:
        where = f"{_is('device', device)} AND {_is('name', name)} AND {_between(since, until)}"
        once: dict[tuple[Any, ...], tuple[datetime, int]] = {}
        for _, (at, value, boot, seq) in await self._ask(f'SELECT "value", "boot", "seq" FROM "reading" WHERE {where}'):
            once.setdefault((boot, seq), (_moment(at), int(value)))  # offered again, after a restart of ours
        return list(once.values())

    async def sampled(
        self, conn: psycopg.AsyncConnection[Any], device: str, since: datetime, until: datetime, seconds: int
    ) -> dict[str, list[Sample]]:
        found: dict[str, list[Sample]] = {}
        rows = await self._ask(
            'SELECT min("value"), max("value"), mean("value"), count("value") FROM "reading" '
            f"WHERE {_is('device', device)} AND {_between(since, until)} "
            f'GROUP BY time({int(seconds)}s), "name" fill(none)'
        )
        for tags, (at, low, high, mean, many) in rows:
            if many:
                sample = Sample(_moment(at), int(low), int(high), float(mean), int(many))
                found.setdefault(_plain(tags["name"]), []).append(sample)
        return found

    async def newest(
        self, conn: psycopg.AsyncConnection[Any], devices: Sequence[str], names: Sequence[str]
    ) -> dict[tuple[str, str], tuple[datetime, int]]:
        if not names:
            return {}
        which = " OR ".join(_is("name", name) for name in names)
        rows = await self._ask(f'SELECT last("value") FROM "reading" WHERE {which} GROUP BY "device", "name"')
        found = {
            (_plain(tags["device"]), _plain(tags["name"])): (_moment(at), int(value)) for tags, (at, value) in rows
        }
        wanted = set(devices)
        return {key: value for key, value in found.items() if key[0] in wanted}

    async def upkeep(self, conn: psycopg.AsyncConnection[Any], now: datetime) -> None:
        """InfluxDB 3 has no DELETE: there the bucket's own retention does it, and this says so."""
        if day_of(now) == self._forgot:
            return
        self._forgot = day_of(now)
        kept = await kept_days.days(conn, "readings", self._days)
        old = _nanoseconds(self._forgot - timedelta(days=kept))
        try:
            await self._ask(f'DELETE FROM "reading" WHERE time < {old}', method="POST")
        except SeriesAway as error:
            log.warning(
                "InfluxDB did not delete readings of more than %d days: %s. If it never does, give the bucket that "
                "retention.",
                kept, error,
            )  # fmt: skip

    async def _ask(self, query: str, method: str = "GET") -> list[tuple[dict[str, str], list[Any]]]:
        """(tags, values) of each row. Raises SeriesAway."""
        async with self._reading:
            return await asyncio.to_thread(lambda: list(self._rows(query, method)))

    def _rows(self, query: str, method: str) -> Iterator[tuple[dict[str, str], list[Any]]]:
        settings = self._settings
        try:
            reply = self._client().api_client.call_api(  # type: ignore[no-untyped-call]
                "/query",
                method,
                query_params=[("db", settings.database), ("epoch", "ns"), ("q", query)],
                header_params={"Accept": "application/json"},
                _preload_content=False,
                _return_http_data_only=True,
                _request_timeout=_TIMEOUT_MS,
            )
            answer = json.loads(reply.data)
        except ApiException as error:
            raise SeriesAway(_said(error)) from error
        except (*_TROUBLE, ValueError) as error:
            raise SeriesAway(f"{type(error).__name__}: {error}") from error
        for result in (answer, *answer.get("results", ())):
            if "error" in result:
                raise SeriesAway(str(result["error"])[:200])
            for series in result.get("series", ()):
                for values in series.get("values", ()):
                    yield series.get("tags", {}), values

    def _client(self) -> InfluxDBClient:
        if self._made is None:
            s = self._settings
            self._made = InfluxDBClient(
                s.url, token=s.token, org=s.org or _NO_ORG, timeout=_TIMEOUT_MS, enable_gzip=True
            )
        return self._made


def line(p: Point) -> bytes:
    """One point in line protocol. The last three digits of its time tell readings of the same microsecond apart."""
    tags = f"reading,device={_safe(p.device)},name={_safe(p.name)}"
    fields = f'value={p.value}i,boot="{_safe(p.boot)}",seq={p.seq}i'
    return f"{tags} {fields} {_nanoseconds(p.at) + int.from_bytes(_key(p)[:2]) % 1000}".encode()


def _key(p: Point) -> bytes:
    return hashlib.blake2b(f"{p.device} {p.name} {p.boot} {p.seq}".encode(errors="replace"), digest_size=8).digest()


@lru_cache(100_000)
def _safe(text: str) -> str:
    return quote(text, safe="", errors="replace") or _EMPTY


def _plain(text: str) -> str:
    return "" if text == _EMPTY else unquote(text)


def _is(tag: str, text: str) -> str:
    """Nothing of the text can end the literal: see _safe."""
    safe = _safe(text)
    assert re.fullmatch(r"[\w.~%-]+", safe, re.ASCII)
    return f"\"{tag}\" = '{safe}'"


def _between(since: datetime, until: datetime) -> str:
    return f"time >= {_nanoseconds(since)} AND time < {_nanoseconds(until)}"


def _nanoseconds(at: datetime) -> int:
    return (min(max(at.astimezone(UTC), _FIRST), _LAST) - _EPOCH) // _MICROSECOND * 1000


def _moment(nanoseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)


def _said(error: ApiException) -> str:
    return f"HTTP {error.status}: {str(error.body or error.reason)[:200].strip()}"
