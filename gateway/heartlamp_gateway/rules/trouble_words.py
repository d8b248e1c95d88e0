"""A trouble in words for people. Pure."""

from heartlamp_gateway.rules.model import Village
from heartlamp_gateway.rules.outage import VILLAGE
from heartlamp_gateway.rules.supervision import Trouble

_ZH = {
    "missed": "失联：请检查电源和网络",
    "never": "登记后从未上线：请安装或查找",
    "mains": "市电断开，靠备用电池",
    "tamper": "外壳被打开",
    "key": "按键卡住",
    "battery": "电池电量低，请更换",
    "sensor": "探测器需要上门检查",
}
_STATE = {"warn": "需要注意", "fault": "故障"}
_EN = {
    "missed": "says nothing: look at its power and network",
    "never": "was never heard since it was registered: install it, or look for it",
    "mains": "has no mains and runs on its cell",
    "tamper": "its case is open",
    "key": "a key of it is stuck",
    "battery": "its battery is low: change it",
    "sensor": "its sensor needs a visit",
}


def in_words(trouble: Trouble, village: Village) -> tuple[str, str]:
    """(Chinese, English), one line each, with the place."""
    if trouble.kind == "outage":
        zh_what, en_what = ("停电", "power") if trouble.detail == "power" else ("停电或断网", "power or network")
        zh_where = "全村" if trouble.subject == VILLAGE else f"户组 {trouble.subject.removeprefix('group ')}"
        en_where = "the village" if trouble.subject == VILLAGE else trouble.subject
        many = f"{len(trouble.members)} / {trouble.of}"
        return f"{zh_where}{zh_what}：{many} 台设备", f"{en_what} out in {en_where}: {many} devices"
    if trouble.kind == "county":
        return "与县里失去联系，村里自行呼叫", "no word of the county: the village calls by itself"
    if trouble.kind == "box":
        return (
            f"网关部件 {trouble.subject}：{_STATE.get(trouble.detail, trouble.detail)}",
            f"{trouble.subject}: {trouble.detail}",
        )
    place = village.place(village.site_of(trouble.subject))
    extra = f"（{trouble.detail}）" if trouble.detail else "", f" ({trouble.detail})" if trouble.detail else ""
    return (
        f"{place} {trouble.subject} {_ZH[trouble.kind]}{extra[0]}",
        f"{place} {trouble.subject} {_EN[trouble.kind]}{extra[1]}",
    )
