import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.modem.rig import Box


@pytest.fixture
def box() -> Iterator[Box]:
    """A bus, ModemManager's stand-in on it with one modem, and the adapters; their logs are printed on failure."""
    with tempfile.TemporaryDirectory(prefix="hl-modem-") as folder:
        made = Box(Path(folder))
        try:
            yield made.start()
        finally:
            made.close()
            print((made.folder / "service.log").read_text(errors="replace"))
