"""The wall clock. No age and no timer of ours depends on it; hours of policies and people who read logs do."""

import time

from heartlamp_gateway.clock import boottime
from heartlamp_gateway.kernel_clock import discipline
from heartlamp_gateway.rules.dates import SET_FROM
from heartlamp_gateway.rules.health import FAULT, OK, WARN, Health

NAME = "clock"
JUMP_MS = 30_000


def judge(now_s: float, jumped_ms: int, synchronised: bool) -> Health:
    """`now_s`: seconds since 1970; `jumped_ms`: how far it moved against BOOTTIME since the last look."""
    if now_s < SET_FROM:
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
        return judge(now, jumped, discipline()[0])
