"""A browser in front of a real county: its server, its database, its villages."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.console.browse import STATIC, chromium
from tests.console.stage import Stage
from tests.server.conftest import _databases, new_database
from tests.server.conftest import county as real_county
from tests.server.county import County

__all__ = ["_databases", "county", "new_database", "real_county"]


@pytest.fixture(scope="session")
def county(real_county: County) -> County:
    return real_county


@pytest.fixture(scope="session")
def stage(county: County) -> Stage:
    assert (STATIC / "wall.html").is_file(), "the console is not built; run `make console`"
    return Stage(county)


@pytest.fixture(scope="module")  # it keeps an event loop in this thread: away before another file's tests
def browser(stage: Stage) -> Iterator[Browser]:
    with chromium() as started:
        yield started
