"""A box whose wall clock is wrong, by libfaketime: gateway and broker believe it, the rest of the machine does not."""

from datetime import timedelta
from pathlib import Path

import pytest

_SLEEP = """import threading, time
time.sleep = lambda seconds: (threading.Event().wait(seconds), None)[1]
"""
"""libfaketime before 0.9.11 takes the end of a sleep by the monotonic clock for a date though told to leave that clock
alone (its issue 426), so Python's sleep fails with EINVAL: another way to wait, that it does not touch."""


class WrongClock:
    """`env`: for the processes of the box; `set`: by how much they are wrong from now on, also while they run."""

    def __init__(self, file: Path) -> None:
        libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        if not libraries:
            pytest.fail("libfaketime is missing: sh bootstrap/system.sh browser")
        self._file = file
        self.set(timedelta())
        beside = file.with_name("python")
        beside.mkdir()
        (beside / "sitecustomize.py").write_text(_SLEEP)
        self.env = {
            "LD_PRELOAD": str(libraries[0]),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "1",  # seconds until they notice
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # nor BOOTTIME: a box's hands may be moved, its age not
            "NO_FAKE_STAT": "1",
            "PYTHONPATH": str(beside),
        }

    def set(self, by: timedelta) -> None:
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{by.total_seconds():+.0f}")
        beside.replace(self._file)
