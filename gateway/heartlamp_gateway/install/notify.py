"""What systemd is told: that we are ready, and that we live. Without systemd, nothing."""

import os
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager


def notify(text: str) -> bool:
    """sd_notify(3). False: nobody wants to know."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        try:
            sock.sendto(text.encode(), address)
        except OSError:
            return False
    return True


def watchdog_s() -> float:
    """How often systemd wants a sign of life, seconds; 0: never."""
    mine = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    text = os.environ.get("WATCHDOG_USEC", "")
    return int(text) / 1e6 if mine and text.isdigit() else 0.0


class Heart:
    """`lock`: what every part of the chain needs: while nobody gets it the village is not served, and systemd is to
    start us again. `pause(seconds)`: waits, True when we stop."""

    def __init__(self, lock: AbstractContextManager[object], pause: Callable[[float], bool]) -> None:
        self._lock, self._pause = lock, pause

    def run(self) -> None:
        notify("READY=1")
        every = watchdog_s() / 3
        while not self._pause(every or 3600.0):
            with self._lock:
                pass
            if every:
                notify("WATCHDOG=1")
        notify("STOPPING=1")
