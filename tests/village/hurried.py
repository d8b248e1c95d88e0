"""A gateway on a machine that a test puts to sleep: `python hurried.py <file> <config>`.

The file holds, as 8 bytes, how many ms the machine has slept so far. The clock that goes on in sleep (BOOTTIME) and the
date are ahead by so much; what the kernel lets a process wait for passes as ever, as it does around a real sleep.
Everything else is the gateway as it is installed.
"""

import mmap
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

SLEPT = struct.Struct("<q")


class Sleep:
    """The test's end of the file. `path` must not exist."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(SLEPT.pack(0))
        with path.open("r+b") as file:
            self._slept = mmap.mmap(file.fileno(), SLEPT.size)

    def now(self) -> int:
        """BOOTTIME of that machine, ms."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000 + self._ms()

    def until(self, at: int) -> None:
        """Sleeps until `at`, as of `now`, where that is still to come."""
        ahead = at - self.now()
        if ahead > 0:
            self._slept[:] = SLEPT.pack(self._ms() + ahead)

    def _ms(self) -> int:
        return int(SLEPT.unpack(self._slept)[0])


def put_to_sleep(path: Path) -> None:
    """From now on this process's machine has slept so long as the file says."""
    with path.open("rb") as file:
        slept = mmap.mmap(file.fileno(), SLEPT.size, access=mmap.ACCESS_READ)

    def ms() -> int:
        return int(SLEPT.unpack(slept)[0])

    exact: Callable[[int], int] = time.clock_gettime_ns
    rough: Callable[[int], float] = time.clock_gettime
    date: Callable[[], float] = time.time
    time.clock_gettime_ns = lambda clock: exact(clock) + ms() * 1_000_000 * (clock == time.CLOCK_BOOTTIME)
    time.clock_gettime = lambda clock: rough(clock) + ms() / 1000 * (clock == time.CLOCK_BOOTTIME)
    time.time = lambda: date() + ms() / 1000


if __name__ == "__main__":
    put_to_sleep(Path(sys.argv[1]))
    from heartlamp_gateway.__main__ import main

    sys.argv[:] = ["heartlamp-gateway", "run", "--config", sys.argv[2]]
    main()
