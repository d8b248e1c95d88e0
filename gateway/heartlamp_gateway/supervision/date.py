"""The wall clock. No age and no timer of ours depends on it; hours of policies and people who read logs do."""

import time
from collections.abc import Callable

from heartlamp_gateway.clock import boottime
from heartlamp_gateway.kernel_clock import discipline
from heartlamp_gateway.rules.dates import SET_FROM
from heartlamp_gateway.rules.health import FAULT, OK, WARN, Health

NAME = "clock"
JUMP_MS = 30_000
APART_S = 300  # from the county's: more than any answer is under way


def is_apart(ahead_s: float | None) -> bool:
    return ahead_s is not None and abs(ahead_s) >= APART_S


def judge(now_s: float, jumped_ms: int, synchronised: bool, ahead_s: float | None = None) -> Health:
    """`now_s`: seconds since 1970; `jumped_ms`: how far it moved against BOOTTIME since the last look; `ahead_s`: of
    the county's clock, None where it was not heard."""
    if now_s < SET_FROM:
        return Health(
            NAME,
            FAULT,
            "时钟从未校准，按时段的规则不可靠。请接通网络校时，或装上时钟电池。",
            "The clock was never set, rules by the hour cannot hold: let it reach a time server, or fit a battery.",
        )
    if ahead_s is not None and is_apart(ahead_s):
        zh, en = ("快", "ahead of") if ahead_s > 0 else ("慢", "behind")
        hours = abs(ahead_s) / 3600
        return Health(
            NAME,
            FAULT,
            f"时钟比县里{zh} {hours:.1f} 小时，按时段的规则不可靠；报警照常。请核对时间和校时服务。",
            f"The clock is {hours:.1f} hours {en} the county's: rules by the hour cannot hold, alarms go on as ever."
            " Check the date and the time service.",
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
    """`ahead_s(now)`: as of Contact."""

    def __init__(self, ahead_s: Callable[[float], float | None] = lambda now: None) -> None:
        self._ahead_s = ahead_s
        self._offset: int | None = None

    def look(self) -> Health:
        now = time.time()
        offset = int(now * 1000) - boottime()
        jumped = 0 if self._offset is None else offset - self._offset
        self._offset = offset
        return judge(now, jumped, discipline()[0], self._ahead_s(now))
