"""Ports for the programs under test, which must be written down before they start."""

import random
import socket

_BELOW_EPHEMERAL = range(16_000, 32_000)  # the kernel gives none of these to whoever connects while a part is dead
_held: list[socket.socket] = []


def free_port() -> int:
    """A port of 127.0.0.1 that is free, and that no other test process on this machine is given while ours lives."""
    while True:
        port = random.SystemRandom().choice(_BELOW_EPHEMERAL)
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0heartlamp port {port}")
            with socket.create_server(("127.0.0.1", port)):
                pass
        except OSError:
            claim.close()
            continue
        _held.append(claim)
        return port
