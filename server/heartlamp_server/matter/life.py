"""The life of a matter: at which stage who may do what, what it needs, and whom it then waits for. TABLE is the rule;
docs/matters.md shows it, and a test walks every stage and act of both. Pure.

The stage is never stored by hand: it follows from what was done."""

from collections.abc import Mapping
from dataclasses import dataclass

RAISED, WHISTLED, REPORTED, RETURNED = "raised", "whistled", "reported_in", "returned"
HANDLED, VERIFIED, CLOSED = "handled", "verified", "closed"
DECLINED, WITHDRAWN = "declined", "withdrawn"

STAGES = {
    RAISED: ("已上报", "raised"),
    WHISTLED: ("已吹哨", "whistled"),
    REPORTED: ("已报到", "reported in"),
    RETURNED: ("已退回", "returned"),
    HANDLED: ("已处置", "handled"),
    VERIFIED: ("已核验", "verified"),
    CLOSED: ("已销号", "closed"),
    DECLINED: ("不予受理", "declined"),
    WITHDRAWN: ("已撤回", "withdrawn"),
}
"""Stage -> its names on screens."""
ENDED = (CLOSED, DECLINED, WITHDRAWN)
OPEN = tuple(stage for stage in STAGES if stage not in ENDED)

AWAITED = {
    RAISED: "whistle",
    WHISTLED: "report_in",
    REPORTED: "done",
    RETURNED: "decide",
    HANDLED: "verify",
    VERIFIED: "close",
}
"""Stage -> the limit that runs there. Every open stage has one: no matter is forgotten."""
LIMITS = {
    "whistle": ("吹哨", "whistle"),
    "report_in": ("报到", "report in"),
    "done": ("办结", "done"),
    "decide": ("裁定", "decide"),
    "verify": ("核验", "verify"),
    "close": ("销号", "close"),
}
LADDER = (("township",), ("county", ""), ("city",))
"""Whom a late one climbs to, first to last: levels of supervisors, "" who has the whole county. Where nobody is at one,
it climbs on at once."""
LEVELS = 2
"""How often it climbs: at the limit, and once more as long again after it, but at most GRACE_HOURS."""
GRACE_HOURS = 24


@dataclass(frozen=True, slots=True)
class Rule:
    """An act: at which `stages`; `to`: the stage that it leads to, "" where that follows from what was done before;
    `needs`: what must be said with it, of NEEDS; `by`: whose act it is, of BY."""

    stages: tuple[str, ...]
    to: str
    needs: tuple[str, ...]
    by: tuple[str, ...]


NEEDS = {
    "words": ("说明", "words"),
    "why": ("原因", "the reason"),
    "unit": ("责任部门", "which department"),
    "until": ("延至何时", "until when"),
    "what": ("做了什么", "what was done"),
    "proof": ("目录要求的证明", "the proof that the catalogue asks for"),
    "how": ("怎么核验的", "how it was seen"),
    "said": ("上报人怎么说，或没有联系上", "what the one who raised it says, or that nobody was reached"),
}
BY = {
    "field": ("网格员", "grid worker"),
    "centre": ("值班员、指挥员", "operator, commander"),
    "unit": ("责任部门", "the department"),
    "supervisor": ("指挥员", "commander"),
    "clock": ("时钟", "clock"),
}

TABLE: Mapping[str, Rule] = {
    "note": Rule((*OPEN, *ENDED), "", ("words",), ("field", "centre", "unit")),
    "whistle": Rule((RAISED,), WHISTLED, (), ("centre",)),
    "decline": Rule((RAISED,), DECLINED, ("why",), ("centre",)),
    "withdraw": Rule(OPEN, WITHDRAWN, (), ("field", "centre", "unit")),
    "report_in": Rule((WHISTLED,), REPORTED, (), ("unit",)),
    "return": Rule((WHISTLED, REPORTED), RETURNED, ("why",), ("unit",)),
    "reassign": Rule((RETURNED,), WHISTLED, ("unit", "why"), ("supervisor",)),
    "uphold": Rule((RETURNED,), "", ("why",), ("supervisor",)),
    "ask_longer": Rule((REPORTED,), "", ("why", "until"), ("unit",)),
    "grant": Rule((REPORTED,), "", (), ("supervisor",)),
    "refuse": Rule((REPORTED,), "", ("why",), ("supervisor",)),
    "settle": Rule((RAISED,), HANDLED, ("what", "proof"), ("field", "centre")),
    "handle": Rule((REPORTED,), HANDLED, ("what", "proof"), ("unit",)),
    "redo": Rule((HANDLED, VERIFIED), "", ("why",), ("field", "centre")),
    "verify": Rule((HANDLED,), VERIFIED, ("how",), ("field", "centre")),
    "close": Rule((VERIFIED,), CLOSED, ("said",), ("centre",)),
    "reopen": Rule((CLOSED, DECLINED), "", ("why",), ("centre", "supervisor")),
    "climb": Rule(OPEN, "", (), ("clock",)),
}
"""Act -> its rule."""
ACTS = {
    "raise": ("上报", "raise"),
    "note": ("备注", "note"),
    "whistle": ("吹哨", "whistle"),
    "decline": ("不予受理", "decline"),
    "withdraw": ("当事人撤回", "the party takes it back"),
    "report_in": ("报到", "report in"),
    "return": ("退回", "return: not ours"),
    "reassign": ("改派部门", "give it to another department"),
    "uphold": ("维持原派", "leave it where it is"),
    "ask_longer": ("申请延期", "ask for longer"),
    "grant": ("同意延期", "grant it"),
    "refuse": ("不同意延期", "refuse it"),
    "settle": ("自行解决", "settle it oneself"),
    "handle": ("处置", "handle"),
    "redo": ("核验不通过", "send back: not done"),
    "verify": ("核验", "verify"),
    "close": ("销号", "close"),
    "reopen": ("重新打开", "reopen"),
    "climb": ("超时督办", "climb: late"),
}

HOW = {
    "on_site": ("到现场看过", "seen on site"),
    "photos": ("看照片", "by the photos"),
    "telephone": ("打电话问过", "asked by telephone"),
    "household": ("当事住户确认", "the household's own word"),
}
SAID = {
    "satisfied": ("满意", "satisfied"),
    "not_satisfied": ("不满意", "not satisfied"),
    "not_reached": ("没有联系上", "not reached"),
    "nobody": ("无人可问", "nobody to ask"),
}
"""At the close. Silence is not satisfaction: who was not reached is kept as not reached."""
SOURCES = {
    "resident": ("居民上报", "a resident"),
    "grid_worker": ("网格员上报", "a grid worker"),
    "operator": ("值班员登记", "an operator, from the telephone"),
    "incident": ("由警情转入", "an incident"),
    "api": ("外部系统", "another system"),
}


class Refused(Exception):
    """What the rule forbids, in words for people: (Chinese, English). `do`: what helps."""

    def __init__(self, zh: str, en: str, do: str = "请刷新后再看 · reload it and look again") -> None:
        super().__init__(zh, en)
        self.do = do

    def __str__(self) -> str:
        return " · ".join(self.args)
