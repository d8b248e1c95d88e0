"""Threads of ours without which the chain goes on: one that hangs ends nothing, and must be seen all the same."""

from collections.abc import Sequence

from heartlamp_gateway.rules.health import FAULT, OK, Health

NAME = "threads"


def judge(hanging: Sequence[str]) -> Health:
    if not hanging:
        return Health(NAME, OK, "网关的各部分都在动。", "Every part of the gateway moves.")
    which = ", ".join(hanging)
    return Health(
        NAME,
        FAULT,
        f"网关的这些部分卡住了：{which}。报警照常；请在方便时重启网关，并上报日志。",
        f"These parts of the gateway hang: {which}. Alarms go on; restart it when it suits, and send in its log.",
    )
