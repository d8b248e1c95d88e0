"""What an ESP32 board is, for a technician; loaded when one asks."""

import os
import sys
from binascii import hexlify

from machine import unique_id


def about(board) -> dict:
    """As hal/unix/board.py says."""
    return {
        "board": os.uname().machine,
        "micropython": ".".join([str(n) for n in sys.implementation.version[:3]]),
        "mac": hexlify(unique_id(), ":").decode(),
        "capabilities": [name for name in ("nvs", "radio", "camera") if getattr(board, name)() is not None],
    }
