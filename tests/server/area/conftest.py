from pathlib import Path

import pytest

from tests.server.area.zone import Zone
from tests.server.county import County


@pytest.fixture
def zone(county: County, tmp_path: Path) -> Zone:
    return Zone(county, tmp_path)
