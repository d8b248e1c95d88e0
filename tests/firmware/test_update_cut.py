"""Updates on real littlefs and NVS, cut off at every operation of their flash: what starts then, starts whole."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from tests.firmware import bundles
from tests.firmware.conftest import ENVIRONMENT, MICROPYTHON, on_device

SHARDS = 4
WRONG = ("half", "unstartable", "older", "lost", "reformatted", "unfinished")


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two good bundles, one that is good but never confirmed, one signed by a stranger, one with a spoilt file."""
    good = [bundles.pack(bundles.program(version), version) for version in (10100, 10200, 10300)]
    stranger = generate_private_key(public_exponent=65537, key_size=3072)
    forged = bundles.pack(bundles.program(10400), 10400, stranger)
    spoilt = bundles.pack(bundles.program(10500), 10500)
    spoilt = spoilt._replace(data=spoilt.data[:-700] + b"\0" + spoilt.data[-699:])
    made = [b._asdict() | {"data": b.data.hex(), "bad": b in (forged, spoilt)} for b in (*good, forged, spoilt)]
    path = tmp_path_factory.mktemp("update") / "bundles.json"
    path.write_text(json.dumps({"modulus": bundles.modulus(), "bundles": made}))
    return path


def cut(bundles: Path, shard: int, shards: int, *arguments: str) -> dict[str, Any]:
    result: dict[str, Any] = on_device("update_cut.py", bundles, shard, shards, *arguments, heap="24M", timeout=600)
    return result


@pytest.mark.parametrize("shard", [0, *(pytest.param(n, marks=pytest.mark.prove) for n in range(1, SHARDS))])
def test_whatever_is_cut_a_whole_copy_starts_and_nothing_promised_is_lost(five: Path, shard: int) -> None:
    """Also carried to its end, every second time: the update goes on where the flash says."""
    result = cut(five, shard, SHARDS, "--resume", "2")
    assert result["cuts"] >= 300
    assert result["resumed"] >= 150
    assert not any(result[wrong] for wrong in WRONG)
    assert {"rom", "a", "b", "a on trial", "b on trial"} == set(result["started"])


def test_whatever_block_of_the_flash_rots_a_whole_copy_starts(five: Path) -> None:
    """Events and copies in that block are lost; the device is not."""
    seed = random.randrange(1 << 30)
    result = cut(five, 0, 1, "--rot", str(seed))
    assert result["cuts"] == 360
    assert (result["half"], result["unstartable"]) == (0, 0), f"seed {seed}"
    assert result["reformatted"] > 0


def test_the_order_of_writing_alone_keeps_half_a_copy_from_starting(five: Path) -> None:
    """boot.py looks at no file here: what NVS names is whole."""
    result = cut(five, 0, 2, "--trust")
    assert (result["half"], result["unstartable"]) == (0, 0)


def test_this_test_can_fail(five: Path) -> None:
    """The trial set before it was verified: half a copy would start, if boot.py did not look."""
    careless = cut(five, 0, 1, "--trust", "--trial-too-early")
    assert careless["half"] + careless["unstartable"] > 0
    looking = cut(five, 0, 1, "--trial-too-early")
    assert (looking["half"], looking["unstartable"]) == (0, 0)


@pytest.mark.prove
@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_cut_is_carried_to_its_end(five: Path, shard: int) -> None:
    """In smaller pieces, so that there are twice as many."""
    result = cut(five, shard, SHARDS, "--resume", "1", "--small-pieces")
    assert result["cuts"] > 600
    assert result["resumed"] == result["cuts"]
    assert not any(result[wrong] for wrong in WRONG)


def test_a_board_whose_flash_is_dead_alarms_from_ram() -> None:
    script = Path(__file__).parent / "on_device/dead_flash.py"
    command = [str(MICROPYTHON), str(script)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"slot": "rom", "safe": 0, "stored": [0], "due": 1}
