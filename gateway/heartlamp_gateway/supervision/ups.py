"""The UPS, through NUT's network protocol: upsd on TCP 3493, `LIST VAR <ups>` (networkupstools.org, net-protocol)."""

import shlex
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from heartlamp_gateway.rules.health import ABSENT, FAULT, OK, WARN, Health

NAME = "ups"
TIMEOUT_S = 3.0
LINES_MAX = 1_000
CHARGE_LOW = 30  # of a hundred, where the UPS itself says nothing


@dataclass(frozen=True, slots=True)
class Door:
    """Of [ups]: `name` as in ups.conf."""

    name: str
    host: str = "127.0.0.1"
    port: int = 3493


class UpsError(Exception):
    """upsd answered, and has nothing good to say."""


def judge(values: Mapping[str, str]) -> Health:
    """`values`: NUT's variables; ups.status is a list of OL OB LB RB CHRG DISCHRG BYPASS OFF OVER ALARM FSD."""
    status = set(values.get("ups.status", "").split())
    charge, runtime = _number(values.get("battery.charge")), _number(values.get("battery.runtime"))
    left = f"{charge} %" if charge is not None else "?"
    left += f" / {runtime // 60} min" if runtime is not None else ""
    if not status:
        return Health(NAME, FAULT, "UPS 没有报告状态，请检查连线。", "The UPS reports no state: look at its cable.")
    if "OFF" in status:
        return Health(NAME, FAULT, "UPS 输出已关闭，请打开。", "The output of the UPS is off: switch it on.")
    if status & {"LB", "FSD"}:
        return Health(
            NAME,
            FAULT,
            f"停电且 UPS 电池将尽（{left}）：网关即将断电。请立即接上发电机或其他电源。",
            f"Power is out and the battery is nearly empty ({left}): the gateway will go off. Connect other power now.",
        )
    if "RB" in status:
        return Health(NAME, FAULT, "UPS 电池已坏，请更换电池。", "The battery of the UPS is worn out: replace it.")
    if "OB" in status:
        low = charge is not None and charge < CHARGE_LOW
        return Health(
            NAME,
            FAULT if low else WARN,
            f"停电，网关由 UPS 供电，剩余 {left}。停电不止一会儿就请接上发电机。",
            f"Power is out, the gateway runs on its UPS, {left} left. Fetch a generator if it lasts.",
        )
    if "BYPASS" in status or "OVER" in status:
        return Health(
            NAME,
            WARN,
            "UPS 旁路或过载，停电时不起作用。请减载。",
            "The UPS is bypassed or overloaded: take load off it.",
        )
    if "OL" not in status:
        return Health(NAME, WARN, f"UPS 状态不明：{' '.join(sorted(status))}", f"UPS: {' '.join(sorted(status))}")
    return Health(NAME, OK, f"市电正常，电池 {left}。", f"On mains, battery {left}.")


def absent() -> Health:
    return Health(NAME, ABSENT, "没有配置 UPS。", "No UPS is configured.")


def look(door: Door | None) -> Health:
    if door is None:
        return absent()
    try:
        return judge(ask(door))
    except UpsError as wrong:
        return Health(
            NAME, FAULT, f"upsd 报告：{wrong}。请检查 UPS 连线和驱动。", f"upsd says {wrong}: look at cable and driver."
        )
    except OSError as wrong:
        return Health(
            NAME,
            FAULT,
            f"连不上 upsd：{wrong}。请检查 NUT 服务。",
            f"upsd cannot be reached: {wrong}. See whether the NUT service runs.",
        )


def ask(door: Door) -> dict[str, str]:
    """NUT's variables of this UPS. Raises OSError, or UpsError with upsd's own word (DATA-STALE, UNKNOWN-UPS, …)."""
    values: dict[str, str] = {}
    with socket.create_connection((door.host, door.port), TIMEOUT_S) as sock:
        sock.settimeout(TIMEOUT_S)
        sock.sendall(f"LIST VAR {door.name}\n".encode())
        with sock.makefile("r", encoding="utf-8", errors="replace") as lines:
            for _ in range(LINES_MAX):
                line = lines.readline(4096)
                if not line:
                    raise UpsError("nothing more in the middle of its answer")
                words = _words(line)
                if words[:1] == ["ERR"]:
                    raise UpsError(" ".join(words[1:]))
                if words[:2] == ["END", "LIST"]:
                    break
                if words[:1] == ["VAR"] and len(words) == 4:
                    values[words[2]] = words[3]
        sock.sendall(b"LOGOUT\n")
    return values


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        raise UpsError("what makes no sense") from None


def _number(text: str | None) -> int | None:
    try:
        return None if text is None else int(float(text))
    except ValueError:
        return None
