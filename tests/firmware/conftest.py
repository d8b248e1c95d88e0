"""Real parts: a broker with TLS and a county CA, virtual boards on MicroPython, and a village that answers them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from heartlamp_tech.virtual_board import VirtualBoard

from tests.firmware.parts import BoardMaker, Broker, Certificates, Village, config

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "firmware/app"))  # the device's pure rules run here too


MICROPYTHON = REPO / ".tools/bin/micropython"
ENVIRONMENT = os.environ | {"MICROPYPATH": f"{REPO / 'protocol'}:{REPO / 'firmware/app'}:.frozen"}


def on_device(script: str, *arguments: object, heap: str = "16M", told: str = "", timeout: float = 110) -> Any:
    """Runs tests/firmware/on_device/<script> on MicroPython, `told` on its stdin; the JSON that it prints. `heap`: as
    of -X heapsize; timeout: s."""
    file = Path(__file__).parent / "on_device" / script
    done = subprocess.run(
        [str(MICROPYTHON), "-X", f"heapsize={heap}", str(file), *map(str, arguments)],
        input=told,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    print(script, arguments, done.stdout.strip(), done.stderr.strip())
    assert done.returncode == 0, f"{script} {arguments}: {done.stderr}"
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def broker(certificates: Certificates, tmp_path: Path) -> Iterator[Broker]:
    with Broker(certificates.good, tmp_path) as broker:
        yield broker


@pytest.fixture
def village(broker: Broker, certificates: Certificates) -> Iterator[Village]:
    with Village(broker, certificates.ca) as village:
        yield village


@pytest.fixture
def make_board(certificates: Certificates, tmp_path: Path) -> Iterator[BoardMaker]:
    """make_board(broker, dev="lamp0a1b", kind="lamp"): a provisioned board, not started."""
    boards = []

    def make(broker: Broker, dev: str = "lamp0a1b", kind: str = "lamp", **more: object) -> VirtualBoard:
        board = VirtualBoard(MICROPYTHON, REPO, tmp_path / f"{dev}.flash")
        board.provision(config(broker, certificates.ca, dev, kind) | more)
        boards.append(board)
        return board

    yield make
    for board in boards:
        board.kill()
        assert "Traceback" not in board.complaints(), board.complaints()


@pytest.fixture
def lamp(village: Village, make_board: BoardMaker) -> VirtualBoard:
    """A lamp that is connected, and whose ask the village has answered."""
    board = make_board(village.broker)
    board.start()
    board.wait_show("working")
    return board
