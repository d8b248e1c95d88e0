"""A virtual board on MicroPython's unix port.

Pins come as JSON lines on stdin, `{"pin":"red","level":1,"t":…}`, "t" being when it moved, ns since 1970 (without it:
when the line is read; a board that was busy would take two presses for one that bounces). Stdin's end or `{"quit":1}`
is the power going off. A line must be written in one go: the board reads it to its end once it has begun. What the
board shows, and a trace of what it did, go to stdout as JSON lines with "t", ns since 1970.
"""

import asyncio
import json
import os
import sys
import time
from asyncio import core


class Board:
    """`root`: where the flash is mounted; without one the board still alarms, from RAM."""

    def __init__(self, root: str) -> None:
        self.root = root

    def clock(self) -> int:
        """ms since some moment before this boot; never wraps, never set."""
        return time.ticks_ms()

    def stamp(self) -> int:
        return time.time_ns()

    def random(self, n: int) -> bytes:
        return os.urandom(n)

    async def guard(self) -> None:
        """A supervisor starts the process again; there is no watchdog to feed."""

    async def link(self) -> None:
        """The network is the machine's own."""

    async def edge(self, until: "int | None") -> "tuple | None":
        """(pin, level, ms, stamp) of the next edge; None at time `until`."""
        if until is None:
            await _readable(sys.stdin)
        else:
            try:
                await asyncio.wait_for_ms(_readable(sys.stdin), max(0, until - self.clock()))
            except asyncio.TimeoutError:
                return None
        line = sys.stdin.readline()
        at, stamp = self.clock(), self.stamp()
        if not line:
            raise SystemExit(0)
        try:
            said = json.loads(line)
            if said.get("quit"):
                raise SystemExit(0)
            late = max(0, stamp - said.get("t", stamp)) // 1_000_000
            return said["pin"], 1 if said["level"] else 0, at - late, stamp
        except (ValueError, KeyError, AttributeError, TypeError):
            self.trace("not understood", line=line[:80])
            return None

    def show(self, picture: dict) -> None:
        _print({"t": time.time_ns(), "show": picture})

    def trace(self, what: str, **fields) -> None:
        fields["trace"] = what
        if "t" not in fields:
            fields["t"] = time.time_ns()
        _print(fields)


def _print(fields: dict) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")  # one write, so that lines stay whole


async def _readable(stream):
    await _queue(stream)


def _queue(stream):
    yield core._io_queue.queue_read(stream)
