"""Space on the disk that alarms have for themselves: a file that is given up when there is no other."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from heartlamp_gateway.say import log

EACH_S = 5.0
RESERVE_BYTES = 16_000_000  # about as many alarms as a village has in a year
SPARE_BYTES = 500_000  # beside it


class Room:
    """`folder`: of the alarm file; `size`: bytes kept back. `short` is read by who may do without a disk: telemetry
    goes first, before an alarm meets a full one. Before the reserve a small spare is given up, of which nobody is
    told: on a full disk the loss of the reserve, which everybody sees, is not to tell of a silent alarm."""

    def __init__(self, folder: Path, size: int = RESERVE_BYTES) -> None:
        self._folder, self._path, self._size = folder, folder / "reserve", size
        self._spare = folder / "spare"
        self.short = False
        self._wrong = ""

    def give_up(self) -> bool:
        """An alarm found the disk full. True: there is room now that was not there before."""
        self.short = True
        with contextlib.suppress(OSError):
            self._spare.unlink()
            return True
        try:
            self._path.unlink()
        except OSError:
            return False
        log.error("the disk is full: the reserve is given up for alarms, readings leave the disk; free it")
        return True

    def is_kept(self) -> bool:
        """Whether the reserve is there, and whole."""
        try:
            return self._path.stat().st_size == self._size
        except OSError:
            return False

    def free(self) -> int:
        """Bytes that anybody may use. Raises OSError."""
        found = os.statvfs(self._folder)
        return found.f_bavail * found.f_frsize

    def run(self, pause: Callable[[float], bool], alive: Callable[[], None]) -> None:
        """`pause(seconds)`: waits, True when we stop."""
        while not pause(EACH_S):
            alive()
            self.look()

    def look(self) -> None:
        """Makes the reserve where there is room for it twice, and says whether there is any for readings."""
        try:
            free = self.free()
            if not self.is_kept() and free >= 2 * self._size:
                self._make(self._path, self._size)
                free = self.free()
            if not self._spare.exists() and free >= 2 * self._size:
                self._make(self._spare, SPARE_BYTES)
        except OSError as wrong:
            if str(wrong) != self._wrong:
                log.error("no reserve for alarms on the disk: %s", wrong)
            self._wrong = str(wrong)
            self.short = not self.is_kept()
            return
        self._wrong = ""
        enough = self._size * 2 if self.short else self._size
        short = not self.is_kept() or free < enough
        if short != self.short:
            log.warning("the disk is %s", "nearly full: readings leave it" if short else "free again for readings")
        self.short = short

    def _make(self, path: Path, size: int) -> None:
        file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(file, 0, size)
            os.ftruncate(file, size)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(file)
