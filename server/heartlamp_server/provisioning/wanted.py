"""What may be wanted of a device by network, and whether it has it. Pure.

Only what cannot cut a device off: after a wrong Wi-Fi, address or link nobody would reach it again. The device judges
what hangs on it (`sensors`) by its own rules, and says where it refused them.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from heartlamp_protocol.device.kinds import KINDS, LAMPS
from heartlamp_protocol.device.limits import INTEGER_MAX

SENSING = tuple(kind for kind in KINDS if kind not in (*LAMPS, "button", "silent"))
BYTES_MAX = 700
"""Of all that is wanted as JSON: the statement fits what a lamp may carry (docs/protocol.md, Limits)."""
_NAME = re.compile("[a-z][a-z0-9_]{0,23}")
_LANG = re.compile("[a-z0-9-]{1,16}")

State = Literal["none", "unable", "waits", "done", "refused"]


class Wrong(ValueError):
    """`zh`, `en`: what is wrong, for people."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def check(kind: str, asked: Mapping[str, Any]) -> None:
    """`asked`: name -> value, None takes the wish away. Raises Wrong."""
    if not asked:
        raise Wrong("没有要设的项目", "nothing is asked for")
    for name, value in asked.items():
        rule = _RULES.get(name)
        if rule is None:
            said, known = name if _NAME.fullmatch(name) else "?", ", ".join(_RULES)  # a name may hold half a character
            raise Wrong(f"不能远程设置 {said}，只能设 {known}", f"{said} is not set by network: {known} are")
        kinds, good, zh, en = rule
        if kind not in kinds:
            raise Wrong(f"这类设备没有 {name}", f"a {kind} has no {name}")
        if value is not None and not good(value):
            raise Wrong(f"{name} 应为{zh}", f"{name} must be {en}")
    if len(json.dumps(asked, separators=(",", ":"))) > BYTES_MAX:
        raise Wrong(f"设置超过 {BYTES_MAX} 字节", f"that is more than {BYTES_MAX} bytes")


def settable(kind: str) -> list[str]:
    return [name for name, (kinds, *_) in _RULES.items() if kind in kinds]


def state(ver: int, reported: int | None) -> State:
    """`ver`: of what is wanted, 0 nothing ever was; `reported`: what the device said, None: its program says nothing of
    settings."""
    if ver == 0:
        return "none"
    if reported is None:
        return "unable"
    if abs(reported) != ver:
        return "waits"
    return "done" if reported > 0 else "refused"


def _is_lang(value: object) -> bool:
    return isinstance(value, str) and _LANG.fullmatch(value) is not None


def _is_sensors(value: object, deep: bool = True) -> bool:
    if not isinstance(value, dict):
        return False
    good = all(_is_number(one) or (deep and _is_sensors(one, False)) for one in value.values())
    return good and all(_NAME.fullmatch(name) for name in value)


def _is_number(value: object) -> bool:
    return type(value) is int and abs(value) <= INTEGER_MAX


# name -> (kinds that have it, whether it is good, what it must be: 中文, English)
_RULES = {
    "lang": (LAMPS, _is_lang, "提示音文件夹名：a-z 0-9 和连字符", "the folder of the prompts: a-z 0-9 and hyphens"),
    "sensors": (
        SENSING,
        _is_sensors,
        '按探测器分组的整数，例如 {"heat":{"fire_mc":62000}}',
        'whole numbers by sensor, for example {"heat":{"fire_mc":62000}}',
    ),
}
