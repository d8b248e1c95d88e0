"""Why a device refused an update. The number travels in its heartbeat (`update_refused`), texts are for technicians."""

SIGNATURE, BOARD, KIND, TOO_OLD, ROLLED_BACK, TRUNCATED, DAMAGED, NO_ROOM, MICROPYTHON, MALFORMED, TOO_FAR, NO_KEY = (
    range(1, 13)
)

TEXTS = {  # code: (name, English, 中文)
    SIGNATURE: ("signature", "not signed by the key this device trusts", "签名不是本设备信任的密钥所签"),
    BOARD: ("board", "made for other boards", "不适用于本设备的主板"),
    KIND: ("kind", "made for other kinds of device", "不适用于本类设备"),
    TOO_OLD: ("too_old", "not newer than what runs, and not signed as a way back", "不比现有版本新，也未签为退回版本"),
    ROLLED_BACK: (
        "rolled_back",
        "it ran, got no receipt in time, and the device went back",
        "试运行未按时得到回执，已退回原版本",
    ),
    TRUNCATED: ("truncated", "ends before its manifest says so", "文件不完整，比清单所列的短"),
    DAMAGED: ("damaged", "a file differs from its manifest", "有文件与清单不符"),
    NO_ROOM: ("no_room", "does not fit beside what must be kept for alarms", "空间不足，报警所需的空间不能占用"),
    MICROPYTHON: ("micropython", "needs a newer MicroPython than the board has", "需要更新的 MicroPython"),
    MALFORMED: ("malformed", "no bundle, or a manifest that makes no sense", "不是升级包，或清单无法读懂"),
    TOO_FAR: ("too_far", "another version must be installed before it", "须先安装中间版本"),
    NO_KEY: ("no_key", "this device was given no key to trust updates by", "本设备没有可信的升级密钥"),
}


def name(code: int) -> str:
    """The short English name, `reason <code>` for one of a newer device."""
    return TEXTS[code][0] if code in TEXTS else "reason %d" % code
