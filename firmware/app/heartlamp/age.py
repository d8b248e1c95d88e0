"""How long a detector has been at work, over restarts. There is no calendar on a device: it counts its own powered time
onto the age that its configuration began with, so a visit is asked for late by the power cuts, and never early."""

import os

EVERY_MS = 6 * 3_600_000  # four small writes a day; a restart forgets up to so much
A_DAY = 4


class Age:
    """`path`: of the file that counts."""

    def __init__(self, path: str, days: int) -> None:
        self._path = path
        self._days = days
        self._counted = 0
        self._next_at = 0

    def start(self, now: int) -> None:
        self._next_at = now + EVERY_MS
        try:
            with open(self._path) as f:
                self._counted = max(0, int(f.read()))
        except (OSError, ValueError):
            pass  # a new device, or a flash that forgot: it counts from what it was given

    def settle(self, now: int) -> int:
        """Returns when to look again."""
        if now >= self._next_at:
            self._next_at = now + EVERY_MS
            self._counted += 1
            try:
                with open(self._path + ".new", "w") as f:
                    f.write(str(self._counted))
                os.rename(self._path + ".new", self._path)
            except OSError:
                pass  # counted again after the next restart
        return self._next_at

    def days(self) -> int:
        return self._days + self._counted // A_DAY
