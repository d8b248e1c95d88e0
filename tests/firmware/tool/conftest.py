"""The program as `make firmware` leaves it, built once for all of this folder."""

from pathlib import Path

import pytest
from heartlamp_tech.build import Built, build, lay_out

from tests.firmware.conftest import REPO
from tests.firmware.tool.parts import with_program


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """app/ and start/: bytecode."""
    made: Built = build(REPO)
    folder = tmp_path_factory.mktemp("firmware")
    lay_out(folder / "app", made.files)
    lay_out(folder / "start", made.start)
    return folder


@pytest.fixture(scope="session")
def made(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Flash files of a board with our program."""
    return with_program(tmp_path_factory.mktemp("made"), built)
