from pathlib import Path

import pytest

from tests.server.area.zone import Zone
from tests.server.county import County, Operator


@pytest.fixture
def zone(county: County, tmp_path: Path) -> Zone:
    return Zone(county, tmp_path)


@pytest.fixture
def operator(county: County) -> Operator:
    """Who may also change what is here."""
    return county.more_than("administrator")
