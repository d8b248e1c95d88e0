"""The stores that the contract of the time series is tested on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from heartlamp_server.telemetry.influx import InfluxSeries
from heartlamp_server.telemetry.store import PostgresSeries

from tests.server.telemetry.influx import DAEMON, InfluxDB
from tests.server.telemetry.kept import Kept


@pytest.fixture(scope="session")
def migrated(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture(scope="session")
def influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    if not DAEMON.exists():
        pytest.skip("InfluxDB is not unpacked: sh bootstrap/influxdb.sh")
    database = InfluxDB(tmp_path_factory.mktemp("influx"))
    database.start()
    yield database
    database.stop()


@pytest.fixture(params=["postgresql", "influx"])
def kept(request: pytest.FixtureRequest, migrated: str) -> Iterator[Kept]:
    if request.param == "postgresql":
        made = Kept(migrated, lambda: PostgresSeries(90))
    else:
        settings = request.getfixturevalue("influxdb").settings()
        made = Kept(migrated, lambda: InfluxSeries(settings, 90))
    yield made
    made.end()


@pytest.fixture
def own_influxdb(tmp_path: Path) -> Iterator[InfluxDB]:
    """To be killed."""
    if not DAEMON.exists():
        pytest.skip("InfluxDB is not unpacked: sh bootstrap/influxdb.sh")
    database = InfluxDB(tmp_path / "influx")
    database.start()
    yield database
    database.stop()
