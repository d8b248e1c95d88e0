import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.rig.village import Rig


@pytest.fixture
def rig() -> Iterator[Rig]:
    """A village that runs; its logs are printed when the test fails."""
    with tempfile.TemporaryDirectory(prefix="hl-") as folder:
        made = Rig(Path(folder))
        try:
            yield made.start()
        finally:
            made.close()
            print((made.folder / "gateway.log").read_text())
