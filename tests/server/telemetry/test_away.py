"""InfluxDB is away, full or of another opinion: readings wait, the oldest are dropped and counted, alarms go on."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from heartlamp_server.config import Influx
from heartlamp_server.telemetry.influx import InfluxSeries, line
from heartlamp_server.telemetry.model import SeriesAway

from tests.server.county import County
from tests.server.telemetry.influx import InfluxDB
from tests.server.telemetry.kept import NOON, Kept
from tests.server.test_readings import values


@pytest.fixture
def small(own_influxdb: InfluxDB, migrated: str) -> Iterator[Kept]:
    """With room for some fifty points."""
    made = Kept(migrated, lambda: InfluxSeries(own_influxdb.settings(buffer_bytes=5000), 90))
    yield made
    made.end()


def always(kept: Kept) -> list[int]:
    found = kept.range("temp_mc", NOON - timedelta(days=900), NOON + timedelta(days=1))
    return [value for _, value in found]


def test_what_waited_is_written_when_it_is_there_again(own_influxdb: InfluxDB, small: Kept) -> None:
    small.write(small.point(0, 0))
    own_influxdb.kill()
    for n in range(1, 6):
        small.write(small.point(n, n))
    with pytest.raises(SeriesAway):
        always(small)
    assert small.series.health().waiting == 5
    own_influxdb.start()
    small.write(small.point(6, 6))
    assert always(small) == list(range(7))
    assert small.series.health().waiting == 0


def test_too_much_drops_the_oldest_and_counts_it(own_influxdb: InfluxDB, small: Kept) -> None:
    own_influxdb.kill()
    points = [small.point(n, n) for n in range(200)]
    room = 5000 // len(line(points[-1]))
    small.write(*points)
    health = small.series.health()
    assert health.waiting + health.dropped == 200
    assert health.waiting in (room, room + 1)
    own_influxdb.start()
    small.write()
    assert always(small) == list(range(200))[-health.waiting :]


def test_one_that_is_refused_holds_back_no_other(own_influxdb: InfluxDB, small: Kept) -> None:
    """A field that is a text in InfluxDB already takes no number there: of all points of that week."""
    old = NOON - timedelta(days=400)
    text = f'reading,device={small.device},name=temp_mc value="text" {int(old.timestamp())}000000000'
    port = own_influxdb._port
    httpx.post(f"http://127.0.0.1:{port}/write", params={"db": "county"}, content=text).raise_for_status()
    bad = replace(small.point(0, 99), at=old)
    small.write(small.point(1, 1), bad, small.point(2, 2), small.point(3, 3))
    found = small.range("temp_mc", NOON, NOON + timedelta(days=1))
    assert [value for _, value in found] == [1, 2, 3]
    assert (small.series.health().dropped, small.series.health().waiting) == (1, 0)


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_whatever_else_it_answers_nothing_is_given_up(own_influxdb: InfluxDB, small: Kept, status: int) -> None:
    own_influxdb.refuse(status)
    small.write(small.point(0, 5))
    assert small.series.health().waiting == 1
    own_influxdb.refuse(0)
    small.write()
    assert always(small) == [5]
    assert "precision=ns" in own_influxdb.written[-1]
    assert "bucket=county" in own_influxdb.written[-1]


def test_a_store_that_hangs_holds_up_no_writer(migrated: str) -> None:
    """It takes connections and says nothing."""

    async def work() -> float:
        held: list[asyncio.StreamWriter] = []
        silent = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        series = InfluxSeries(Influx(f"http://127.0.0.1:{port}", "b", "b"), 90)
        task = asyncio.create_task(series.run(None))  # type: ignore[arg-type]
        point = Kept(migrated, lambda: series).point(0, 1)
        began = time.perf_counter()
        for n in range(1000):
            await series.write(None, [replace(point, seq=n)])  # type: ignore[arg-type]
            await asyncio.sleep(0)
        took = time.perf_counter() - began
        task.cancel()
        silent.close()
        for writer in held:
            writer.transport.abort()
        return took

    assert asyncio.run(work()) < 1


@pytest.fixture
def with_influx(own_influxdb: InfluxDB, new_database: Callable[[], str], tmp_path: Path) -> Iterator[County]:
    county = County(tmp_path / "county", new_database())
    county.make()
    (county.folder / "influx.token").write_text("duty:secret\n")
    rest, _, _ = county.config.read_text().partition("[telemetry]")
    county.config.write_text(
        f'{rest}[telemetry]\nstore = "influx"\nurl = "{own_influxdb.url}"\nbucket = "county/autogen"\n'
        'token_file = "influx.token"\n'
    )
    county.start()
    yield county
    county.stop()


def until(what: Callable[[], Any], seconds: float = 20.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


@pytest.mark.prove
def test_a_county_with_influxdb_takes_alarms_in_when_it_is_away(with_influx: County, own_influxdb: InfluxDB) -> None:
    village, operator = with_influx.village(), with_influx.account()
    lamp = village.lamps[0]
    village.send(lamp.reading([("version", 10100), ("rssi_dbm", -61)]), to="readings")
    until(lambda: values(operator, lamp.id, "rssi_dbm") == [-61])
    own_influxdb.kill()
    assert village.send(lamp.reading([("rssi_dbm", -62)]), to="readings")[0].verdict == "received"
    press = village.keys[0].press()
    began = time.monotonic()
    assert village.send(press)[0].verdict == "received"
    assert time.monotonic() - began < 2
    assert operator.card(press.id)["presses"] == 1
    health = until(lambda: (h := operator.get("readings/health"))["well"] or h)
    assert (health["store"], health["waiting"]) == ("influx", 1)
    refused = operator.http.get("/api/readings", params={"device": lamp.id, "name": "rssi_dbm"})
    assert refused.status_code == 503
    assert "alarms are not concerned" in refused.json()["error"]
    own_influxdb.start()
    until(lambda: operator.get("readings/health")["waiting"] == 0)
    assert values(operator, lamp.id, "rssi_dbm") == [-61, -62]
    page = operator.get("readings/device", device=lamp.id, hours=720)
    assert page["seconds"] == 3 * 3600
    assert (page["series"]["rssi_dbm"][-1]["low"], page["series"]["rssi_dbm"][-1]["high"]) == (-62, -61)
    assert with_influx.sql("SELECT count(*) FROM reading") == [(0,)]
    assert with_influx.cli("firmware", "list", "--config", with_influx.config).returncode == 0
    own_influxdb.kill()
    said = with_influx.cli("firmware", "list", "--config", with_influx.config, check=False)
    assert "cannot be looked up now" in said.stderr
