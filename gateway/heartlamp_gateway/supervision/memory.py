"""Our own memory: a leak must be seen before the kernel ends us."""

import os
from pathlib import Path

from heartlamp_gateway.rules.health import FAULT, OK, WARN, Health

NAME = "memory"
MUCH, TOO_MUCH = 200_000_000, 400_000_000  # bytes; a village of 300 devices needs less than 100 MB


def judge(resident: int) -> Health:
    mb = resident // 1_000_000
    if resident >= MUCH:
        state = FAULT if resident >= TOO_MUCH else WARN
        return Health(
            NAME,
            state,
            f"网关程序占用 {mb} MB 内存，超出正常。请在方便时重启并上报日志。",
            f"The gateway holds {mb} MB, more than it should. Restart it when it suits, and send in its log.",
        )
    return Health(NAME, OK, f"网关程序占用 {mb} MB 内存。", f"The gateway holds {mb} MB.")


def resident() -> int:
    """Bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def look() -> Health:
    return judge(resident())
