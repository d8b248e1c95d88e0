"""What alarms cost the flash; a day at rest is in test_bad_day.py."""

import json
import subprocess
from pathlib import Path

from tests.firmware.conftest import ENVIRONMENT, MICROPYTHON


def test_an_alarm_costs_at_most_fifteen_hundredths_of_an_erase() -> None:
    script = Path(__file__).parent / "on_device/wear.py"
    command = [str(MICROPYTHON), "-X", "heapsize=16M", str(script)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    each = (told["erases_add"] + told["erases_remove"]) / told["records"]
    print(told, "erases a record:", round(each, 3))
    assert 0 < each <= 0.15
