"""One PostgreSQL and one county for each worker; each test enrols a village of its own, so none disturbs another."""

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from heartlamp_server.database.embedded import Embedded
from heartlamp_server.database.migrate import migrate

from tests.server.county import County, Operator, Village


@pytest.fixture(scope="session")
def _databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Makes a database as the one of this name is: on DATABASE_URL where given, else on one embedded cluster."""
    given = os.environ.get("DATABASE_URL", "")
    embedded = None if given else Embedded(tmp_path_factory.mktemp("cluster") / "postgres")
    if embedded:
        embedded.ensure_running()
    server = embedded.conninfo if embedded else given
    made = []

    def make(like: str) -> str:
        name = f"heartlamp_{secrets.token_hex(4)}"
        with psycopg.connect(server, autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        made.append(name)
        return psycopg.conninfo.make_conninfo(server, dbname=name)

    yield make
    if embedded:
        embedded.stop()
    else:
        with psycopg.connect(server, autocommit=True) as conn:
            for name in made:
                conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def empty_database(_databases: Callable[[str], str]) -> Callable[[], str]:
    """For the schema's steps."""
    return lambda: _databases("template0")


@pytest.fixture(scope="session")
def new_database(_databases: Callable[[str], str]) -> Callable[[], str]:
    """With the newest schema, which is made once: every county that migrated anew would take two seconds to do so."""
    made = _databases("template0")
    migrate(made)
    return lambda: _databases(str(psycopg.conninfo.conninfo_to_dict(made)["dbname"]))


@pytest.fixture(scope="session")
def county(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    county = County(tmp_path_factory.mktemp("county"), new_database())
    county.make()
    county.start()
    yield county
    county.stop()


@pytest.fixture(scope="session")
def _account(county: County) -> Operator:
    return county.account()


@pytest.fixture
def operator(_account: Operator) -> Operator:
    """Signed in also where the tests between took longer than a session that nobody uses lasts."""
    if _account.http.get("/api/me").status_code == 401:
        _account.sign_in()
    return _account


@pytest.fixture
def village(county: County) -> Village:
    return county.village()


@pytest.fixture
def own_county(tmp_path: Path) -> Iterator[County]:
    """A county with an embedded PostgreSQL of its own, to be killed."""
    county = County(tmp_path, f"embedded:{tmp_path / 'postgres'}")
    county.make()
    county.start()
    yield county
    if county.process is not None and county.process.poll() is None:
        county.stop()
    Embedded(tmp_path / "postgres").stop()
