import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.gateway.install.place import Box, Village
from tests.server.conftest import _databases, county, new_database
from tests.server.county import County

__all__ = ["_databases", "county", "new_database"]


@pytest.fixture
def village(county: County) -> Iterator[Village]:
    made = Village(county)
    yield made
    made.close()


@pytest.fixture
def box() -> Iterator[Callable[[], Box]]:
    """Makes boxes; their gateways are ended, and their logs printed when the test fails."""
    made: list[Box] = []
    with tempfile.TemporaryDirectory(prefix="hl-") as folder:

        def make() -> Box:
            made.append(Box(Path(folder) / str(len(made))))
            return made[-1]

        yield make
        for each in made:
            each.gateway.kill()
            if each.gateway.log.exists():
                print(each.folder.name, each.gateway.log.read_text())
