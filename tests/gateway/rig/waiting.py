"""Waiting for something that will happen, never for a time to pass."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Board:
    """Where threads of the rig pin what they saw; a test waits until it finds what it expects."""

    def __init__(self) -> None:
        self._changed = threading.Condition()

    def __enter__(self) -> "Board":
        self._changed.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self._changed.notify_all()
        self._changed.release()

    def wait(self, what: str, find: Callable[[], T | None], seconds: float = 30.0) -> T:
        """`find` is asked at every change until it gives something true. Raises AssertionError after `seconds`."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                found = find()
                if found:
                    return found
                left = deadline - time.monotonic()
                assert left > 0, f"waited {seconds} s in vain for: {what}"
                self._changed.wait(min(left, 0.5))


def until(what: str, find: Callable[[], T | None], seconds: float = 30.0) -> T:
    """For what lives in another process or file and tells nobody: asked every 10 ms."""
    deadline = time.monotonic() + seconds
    while True:
        found = find()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for: {what}"
        time.sleep(0.01)
