"""What systemd is told: READY=1, WATCHDOG=1, STOPPING=1 (sd_notify(3)). Nothing, where it did not start us."""

import os
import socket


def notify(state: str) -> bool:
    """True: told. Never raises, never waits: a watchdog that cannot be told must not hold up what it watches."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
            sock.connect("\0" + address[1:] if address.startswith("@") else address)
            sock.send(state.encode())
    except OSError:
        return False
    return True
