"""The wall clock. No age and no timer of ours depends on it; hours of policies and people who read logs do."""

import ctypes
import os
import time

from heartlamp_gateway.clock import boottime
from heartlamp_gateway.rules.health import FAULT, OK, WARN, Health

NAME = "clock"
MADE = 1_735_689_600  # 2025-01-01: this program is younger
JUMP_MS = 30_000
UNSYNCHRONISED = 0x0040  # STA_UNSYNC of adjtimex(2)
TIME_ERROR = 5


class _Timex(ctypes.Structure):
    """struct timex of Linux, as far as `status`; the rest is room for the kernel to write to."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


def is_synchronised() -> bool:
    """The kernel's word: somebody (chrony, systemd-timesyncd, ntpd) disciplines this clock. Raises OSError."""
    asked = _Timex()
    libc = ctypes.CDLL(None, use_errno=True)
    state = libc.adjtimex(ctypes.byref(asked))  # modes 0: only reads, needs no right
    if state < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return state != TIME_ERROR and not asked.status & UNSYNCHRONISED


def judge(now_s: float, jumped_ms: int, synchronised: bool) -> Health:
    """`now_s`: seconds since 1970; `jumped_ms`: how far it moved against BOOTTIME since the last look."""
    if now_s < MADE:
        return Health(
            NAME,
            FAULT,
            "时钟从未校准，按时段的规则不可靠。请接通网络校时，或装上时钟电池。",
            "The clock was never set, rules by the hour cannot hold: let it reach a time server, or fit a battery.",
        )
    if abs(jumped_ms) >= JUMP_MS:
        by = jumped_ms // 1000
        return Health(NAME, WARN, f"时钟刚跳动了 {by} 秒，请核对时间。", f"The clock just jumped by {by} s: check it.")
    if not synchronised:
        return Health(
            NAME,
            WARN,
            "时钟未与时间服务器同步，会慢慢走偏。请检查网络和校时服务。",
            "The clock follows no time server and drifts: check the network and the time service.",
        )
    return Health(NAME, OK, "时钟已同步。", "The clock is synchronised.")


class Date:
    def __init__(self) -> None:
        self._offset: int | None = None

    def look(self) -> Health:
        now = time.time()
        offset = int(now * 1000) - boottime()
        jumped = 0 if self._offset is None else offset - self._offset
        self._offset = offset
        return judge(now, jumped, is_synchronised())
