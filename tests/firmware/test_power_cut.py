"""The outbox on real littlefs, cut off at every operation of its flash."""

import json
import subprocess
from pathlib import Path

from tests.firmware.conftest import ENVIRONMENT, MICROPYTHON


def cut(*arguments: str) -> dict[str, int]:
    script = Path(__file__).parent / "on_device/power_cut.py"
    done = subprocess.run(
        [str(MICROPYTHON), "-X", "heapsize=16M", str(script), *arguments],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, int] = json.loads(done.stdout)
    print(arguments, result)
    return result


def test_no_cut_loses_a_stored_event_or_brings_back_a_received_one() -> None:
    result = cut()
    assert result["cuts"] > 300
    assert (result["lost"], result["returned"], result["unmountable"]) == (0, 0, 0)


def test_this_test_can_fail() -> None:
    """A record promised before its file is closed is lost at some cuts."""
    assert cut("--promise-early")["lost"] > 0
