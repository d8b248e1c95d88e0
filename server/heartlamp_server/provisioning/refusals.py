"""Why a site cannot be claimed, and what to do next, in both languages."""

from heartlamp_protocol.device.kinds import KINDS

from heartlamp_server.provisioning.forms import Words
from heartlamp_server.provisioning.making import No

REFUSED: dict[str, tuple[Words, Words]] = {
    "unknown_site": (
        Words(zh="没有这个点位", en="no such site"),
        Words(
            zh="请核对编号；heartlamp-tech claims sites 列出您的点位",
            en="check its id; `heartlamp-tech claims sites` lists yours",
        ),
    ),
    "wrong_village": (
        Words(zh="点位属于另一个村", en="the site is of another village"),
        Words(zh="请按那个村认领，或不写村", en="claim it with that village's list, or without naming a village"),
    ),
    "already_claimed": (
        Words(zh="这个点位已被认领", en="somebody has claimed this site already"),
        Words(
            zh="用领走它的那台电脑安装；那台电脑丢了就先作废：heartlamp-tech claims end {id}",
            en="install with the laptop that has it; where that is lost, first: `heartlamp-tech claims end {id}`",
        ),
    ),
    "no_gateway": (
        Words(
            zh="该村没有可用的网关，离线和电池设备装不了", en="its village has no gateway that this device could find"
        ),
        Words(
            zh="先装好村网关，或联网时认领一台自带上行的灯",
            en="set the village's gateway up first, or claim a lamp with a link of its own while there is a network",
        ),
    ),
    "bad_kind": (
        Words(zh="没有这种设备", en="there is no such kind of device"),
        Words(zh="种类：" + "、".join(KINDS), en="the kinds are " + ", ".join(KINDS)),
    ),
}
"""Code -> (what is, what to do); `{id}`: of the claim that is in the way."""


def refusal(no: No) -> tuple[Words, Words]:
    """(what is, what to do)."""
    what, do = REFUSED[no.code]
    return (
        Words(zh=f"{what.zh}{no.zh}", en=f"{what.en}{no.en}"),
        Words(zh=do.zh.format(id=no.claim), en=do.en.format(id=no.claim)),
    )
