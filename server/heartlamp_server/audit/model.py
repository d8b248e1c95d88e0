"""A row of the audit log, its canonical bytes, and the chain. Pure.

The canonical bytes are JSON after RFC 8785 for what stands in here: UTF-8, no blanks, names in the order of the
alphabet, only texts and whole numbers; `at` in UTC with six digits of a second and a Z; `n` counts the rows from 1.

    {"about":"lamp0a1b.4f…","at":"2026-03-01T08:00:00.000000Z","detail":{"answer":"closed"},"n":17,"site":"s12",
     "what":"incident.answer","who":"duty"}                                             (one line)

hash(n) = SHA-256(hash(n - 1) ‖ those bytes), hash(0) = 32 bytes of zero.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from heartlamp_server import plain

Value: TypeAlias = str | int

FIRST = bytes(32)
"""What the first row's hash goes on from."""
TEXT_MAX = 100
_ID = re.compile(r"[\x21-\x7e]{0,100}")  # no name of a person or of a house is written in these
_WHAT = re.compile(r"[a-z_]+\.[a-z_]+")


@dataclass(frozen=True, slots=True)
class Row:
    """`who`: an account, or `cli:` and whoever the operating system says, "" nobody that is known; `what`: see ACTIONS;
    `about`: the id of what was seen or changed; `site`: the house it is of, "" for none; `detail`: ids and words of the
    program, never a person's."""

    at: datetime
    who: str
    what: str
    about: str
    site: str
    detail: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ends: everything up to row `n` is what it was as long as `hash` is."""

    n: int
    hash: bytes

    def __str__(self) -> str:
        """As it is printed: `17:9f86…`."""
        return f"{self.n}:{self.hash.hex()}"


NOWHERE = Head(0, FIRST)


def check(row: Row) -> Row:
    """Raises ValueError where it could hold what is no id: the log is kept for ever, a person's data is not."""
    if not _WHAT.fullmatch(row.what):
        raise ValueError(f"{row.what!r} is no action: two words with a dot")
    for text in (row.who, row.about):
        if len(text) > TEXT_MAX or not plain.is_seen(text):
            raise ValueError(f"{text[:TEXT_MAX]!r} is longer than {TEXT_MAX} characters, or has some that nobody sees")
    for name, value in (("site", row.site), *row.detail.items()):
        if not _ID.fullmatch(name) or not _ID.fullmatch(str(value)) or isinstance(value, bool | float):
            raise ValueError(f"{name}={value!r} is neither an id nor a whole number: it does not belong in the log")
        if isinstance(value, int) and abs(value) >= 2**53:
            raise ValueError(f"{name}={value} is not exact in every reader of JSON")
    return row


def moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def line(n: int, row: Row) -> bytes:
    return canonical(fields(row) | {"n": n})


def fields(row: Row) -> dict[str, Any]:
    return {
        "at": moment(row.at),
        "who": row.who,
        "what": row.what,
        "about": row.about,
        "site": row.site,
        "detail": row.detail,
    }


def follow(head: Head, row: Row) -> Head:
    """The chain with one more row."""
    return Head(head.n + 1, link(head.hash, head.n + 1, row))


def link(previous: bytes, n: int, row: Row) -> bytes:
    return hashlib.sha256(previous + line(n, row)).digest()


def signed_words(head: Head, at: datetime) -> bytes:
    """What the county signs of a head."""
    return canonical({"at": moment(at), "hash": head.hash.hex(), "n": head.n})


def read_head(text: str) -> tuple[int | None, bytes]:
    """Of `17:9f86…` or the hash alone: (n or None, hash). Raises ValueError."""
    number, colon, digits = text.strip().rpartition(":")
    try:
        digest = bytes.fromhex(digits)
    except ValueError:
        digest = b""
    if len(digest) != len(FIRST) or (colon and not number.isdigit()):
        raise ValueError(f"{text!r} is no head: NUMBER:64 hex digits, as the month's report prints it")
    return (int(number) if colon else None), digest


ACTIONS = {
    "login.done": ("登录", "signed in"),
    "login.failed": ("登录失败", "failed to sign in"),
    "login.ended": ("退出登录", "signed out"),
    "look.audit": ("查看审计日志", "looked at this log"),
    "look.devices": ("查看设备名单", "looked at the list of devices"),
    "look.feed": ("打开实时警情", "followed the live feed"),
    "look.household": ("查看住户资料", "looked at a household"),
    "look.incident": ("查看警情", "looked at an incident"),
    "look.incidents": ("查看警情列表", "looked at the list of incidents"),
    "look.numbers": ("查看电话号码", "looked at a person's numbers"),
    "look.caller": ("查看来电号码", "looked at a caller's number"),
    "look.script": ("查看移交口述稿", "looked at what to read out at a hand-over"),
    "look.picture": ("查看照片", "looked at a picture"),
    "look.quarantine": ("查看隔离区", "looked at the quarantine"),
    "look.readings": ("查看设备读数", "looked at a device's readings"),
    "incident.answer": ("处置警情", "answered an incident"),
    "incident.handover": ("移交警情", "handed an incident over, or noted what became of it"),
    "incident.report": ("上报警情", "reported an incident"),
    "photo.add": ("上传照片", "sent a photo with a report"),
    "drill.announce": ("宣布演练", "announced a drill"),
    "hotline.take": ("接听报警电话", "took a call"),
    "hotline.incident": ("来电立为警情", "made an incident of a call"),
    "hotline.settle": ("来电办结", "settled a call"),
    "system.add": ("接入其他系统", "let another system in"),
    "system.end": ("停用其他系统", "shut another system out"),
    "hook.add": ("添加订阅", "subscribed another system"),
    "hook.rotate": ("更换订阅密钥", "gave a subscription a new secret"),
    "hook.end": ("停止订阅", "ended a subscription"),
    "system.report": ("其他系统报警", "another system told of an incident"),
    "system.handover": ("其他系统回报接警", "another system told of a hand-over"),
    "incident.do": ("推进警情", "took an incident further"),
    "shift.offer": ("提出交班", "offered a post for the change of shifts"),
    "shift.withdraw": ("撤回交班", "took the offer back"),
    "shift.sign": ("签收接班", "signed for a post"),
    "person.set": ("开通账号或更换密码", "made an account or gave it a new password"),
    "person.change": ("更改姓名或语言", "changed a person's name or languages"),
    "person.password": ("更换密码", "gave an account a new password"),
    "person.disable": ("停用账号", "disabled an account"),
    "person.enable": ("恢复账号", "enabled an account"),
    "person.second": ("启用或解除动态码", "turned a second factor on or off"),
    "person.role": ("授予角色", "gave a role"),
    "person.role_end": ("结束角色", "ended a role"),
    "person.numbers": ("更改电话号码", "changed a person's numbers"),
    "family.set": ("登记亲属", "entered whom a household chose"),
    "family.end": ("移除亲属", "removed whom a household chose"),
    "roster.set": ("编排值班", "drew up a duty roster"),
    "roster.end": ("结束值班表", "ended a duty roster"),
    "roster.swap": ("换班", "swapped a shift"),
    "absence.set": ("登记请假", "entered an absence"),
    "absence.end": ("结束请假", "ended an absence"),
    "holiday.set": ("录入节假日", "entered public holidays"),
    "area.change": ("更改区域", "changed an area"),
    "area.table": ("导入区划、点位或住户表", "took in a table of areas, sites or households"),
    "site.change": ("更改点位", "changed a site"),
    "groundplan.change": ("绘制平面图", "drew a village's ground plan"),
    "household.change": ("更改住户资料", "changed a household"),
    "household.list": ("住户名单", "handled a list of households"),
    "broadcast.confirm": ("确认广播", "confirmed a broadcast"),
    "policy.change": ("更改升级规则", "changed an escalation policy"),
    "policy.end": ("终止升级规则", "ended an escalation policy"),
    "channel.fault": ("通知渠道故障", "a channel does not work"),
    "county.enrol": ("登记区域与设备", "enrolled a county file"),
    "claim.make": ("认领安装点位", "claimed a site for a device"),
    "claim.use": ("启用设备", "brought a device to life"),
    "claim.end": ("放弃认领", "gave a claim up"),
    "claim.visit": ("上报安装结果", "told what became of a visit"),
    "device.replace": ("更换设备", "claimed a device in another's place"),
    "device.rotate": ("更换设备密钥", "gave a device a new key"),
    "device.desire": ("远程设置设备", "told a device what to set"),
    "device.revoke": ("吊销设备", "revoked a device"),
    "gateway.invite": ("签发网关邀请码", "invited a gateway"),
    "gateway.revoke": ("吊销网关", "revoked a gateway"),
    "gateway.token": ("更换网关令牌", "gave a gateway a new token"),
    "plan.load": ("下发升级预案", "handed down an escalation plan"),
    "firmware.add": ("收入升级包", "took in a bundle"),
    "firmware.offer": ("提供升级包", "offered a bundle"),
    "firmware.withdraw": ("撤回升级包", "withdrew a bundle"),
    "rollout.start": ("开始分批升级", "began a staged update"),
    "rollout.next": ("升级进入下一批", "took a staged update to its next stage"),
    "rollout.halt": ("暂停分批升级", "halted a staged update"),
    "rollout.go": ("继续分批升级", "let a staged update go on"),
    "rollout.done": ("分批升级完成", "ended a staged update"),
    "look.figures": ("查看统计", "looked at figures"),
    "figures.lock": ("锁定或更正月度统计", "locked or corrected a month's figures"),
    "figures.template": ("更换月报模板", "changed the form of the month's report"),
    "figures.card": ("登记流量卡", "entered a SIM card or what it cost"),
    "retention.change": ("更改保存期限", "changed how long something is kept"),
    "retention.run": ("删除到期资料", "deleted what was kept long enough"),
    "county.backup": ("备份", "made a backup"),
    "county.restore": ("恢复备份", "restored a backup"),
    "patrol.done": ("巡查打卡", "checked in on a patrol"),
    "house.code": ("签发点位二维码", "made a site's code"),
    "house.pair": ("配对住户手机", "paired a household's phone"),
    "house.unpair": ("解除住户手机配对", "ended the pairing of a household's phone"),
    "house.fault": ("报告设备故障", "reported a fault of a device"),
    "fault.end": ("故障已修好", "said that a fault is mended"),
    "audit.export": ("导出审计日志", "exported this log"),
}
"""What stands in `what`, in the languages of the screens. A new action is a new line."""
