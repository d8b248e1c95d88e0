# mypy: ignore-errors
"""Runs on MicroPython: asyncio by a clock of our own. Where every task waits, the clock jumps to the next of them.

Nothing waits for a real socket or file here. Import it before anything starts a loop.
"""

import time
from asyncio import core

_TICKS = time.ticks_add(0, -1)  # the largest value that ticks take before they begin anew


class Clock:
    ms = time.ticks_ms()  # the task queue's own "now" is the real one: it must not lie ahead of ours


class _Queue:
    """Instead of the loop's queue of sockets."""

    def __init__(self):
        self.map = {}

    def queue_read(self, stream):
        raise OSError("no real stream in virtual time")

    queue_write = remove = queue_read

    def wait_io_event(self, ms):
        if ms > 0:
            Clock.ms += ms


def begin():
    core.ticks = lambda: Clock.ms & _TICKS
    core.IOQueue = _Queue
    core.new_event_loop()
