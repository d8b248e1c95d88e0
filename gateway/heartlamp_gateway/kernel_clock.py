"""Whether something disciplines this box's clock (chrony, systemd-timesyncd, ntpd): the kernel knows best."""

import ctypes
import os

TIME_ERROR, STA_UNSYNC = 5, 0x40  # <sys/timex.h>


class _Timex(ctypes.Structure):
    """struct timex of Linux, as far as it is read here, and room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


def discipline() -> tuple[bool, float]:
    """(whether somebody does, by how many seconds it may be wrong). Raises OSError."""
    asked = _Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(asked))  # modes 0: only reads, needs no right
    if state < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return state != TIME_ERROR and not asked.status & STA_UNSYNC, asked.maxerror / 1_000_000
