"""What a refused update (device/reasons.py) means, for technicians. Not on the device: it has no RAM for texts."""

from typing import NamedTuple

from heartlamp_protocol.device import reasons


class Refusal(NamedTuple):
    """`name`: as in the device's trace and docs/protocol.md."""

    name: str
    english: str
    chinese: str


REFUSALS = {
    reasons.SIGNATURE: Refusal("signature", "not signed by the key this device trusts", "签名不是本设备信任的密钥所签"),
    reasons.BOARD: Refusal("board", "made for other boards", "不适用于本设备的主板"),
    reasons.KIND: Refusal("kind", "made for other kinds of device", "不适用于本类设备"),
    reasons.TOO_OLD: Refusal(
        "too_old", "not newer than what runs, and not signed as a way back", "不比现有版本新，也未签为退回版本"
    ),
    reasons.ROLLED_BACK: Refusal(
        "rolled_back", "it ran, got no receipt in time, and the device went back", "试运行未按时得到回执，已退回原版本"
    ),
    reasons.TRUNCATED: Refusal("truncated", "ends before its manifest says so", "文件不完整，比清单所列的短"),
    reasons.DAMAGED: Refusal("damaged", "a file differs from its manifest", "有文件与清单不符"),
    reasons.NO_ROOM: Refusal(
        "no_room", "does not fit beside what must be kept for alarms", "空间不足，报警所需的空间不能占用"
    ),
    reasons.MICROPYTHON: Refusal(
        "micropython", "needs a newer MicroPython than the board has", "需要更新的 MicroPython"
    ),
    reasons.MALFORMED: Refusal(
        "malformed", "no bundle, or a manifest that makes no sense", "不是升级包，或清单无法读懂"
    ),
    reasons.TOO_FAR: Refusal("too_far", "another version must be installed before it", "须先安装中间版本"),
    reasons.NO_KEY: Refusal("no_key", "this device was given no key to trust updates by", "本设备没有可信的升级密钥"),
}


def refusal(code: int) -> Refusal:
    """Of a heartbeat's `update_refused`; also of one that a newer device made up."""
    unknown = Refusal(f"reason {code}", "a reason that this tool does not know", "本工具不认识的原因")
    return REFUSALS.get(code, unknown)
