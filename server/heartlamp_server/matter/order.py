"""What a household orders from volunteers: 点单, 派单, 接单, done, confirmed by the household. First come, one wins.
TABLE is the rule; docs/matters.md shows it. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from heartlamp_server.matter.catalogue import Named
from heartlamp_server.matter.life import SAID, Refused, Rule

ORDERED, OFFERED, TAKEN, DONE, CONFIRMED, CANCELLED = "ordered", "offered", "taken", "done", "confirmed", "cancelled"
STAGES = {
    ORDERED: ("已点单", "ordered"),
    OFFERED: ("已派单", "offered to volunteers"),
    TAKEN: ("已接单", "taken up"),
    DONE: ("已完成", "done"),
    CONFIRMED: ("住户已确认", "confirmed by the household"),
    CANCELLED: ("已取消", "cancelled"),
}
ENDED = (CONFIRMED, CANCELLED)
OPEN = tuple(stage for stage in STAGES if stage not in ENDED)

NEEDS = {
    "words": ("说明", "words"),
    "why": ("原因", "the reason"),
    "said": ("住户怎么说，或没有联系上", "what the household says, or that it was not reached"),
}
BY = {
    "field": ("网格员", "grid worker"),
    "centre": ("值班员、指挥员", "operator, commander"),
    "volunteer": ("志愿者", "volunteer"),
}
TABLE: Mapping[str, Rule] = {
    "note": Rule((*OPEN, *ENDED), "", ("words",), ("field", "centre", "volunteer")),
    "offer": Rule((ORDERED, OFFERED), OFFERED, (), ("field", "centre")),
    "take": Rule((OFFERED,), TAKEN, (), ("volunteer",)),
    "give_back": Rule((TAKEN,), OFFERED, ("why",), ("volunteer", "field", "centre")),
    "done": Rule((TAKEN,), DONE, (), ("volunteer",)),
    "not_done": Rule((DONE,), OFFERED, ("why",), ("field", "centre")),
    "confirm": Rule((DONE,), CONFIRMED, ("said",), ("field", "centre")),
    "cancel": Rule((ORDERED, OFFERED, TAKEN), CANCELLED, (), ("field", "centre")),
}
"""Act -> its rule. What the household says, a grid worker or an operator writes down, never who did it."""
ACTS = {
    "order": ("点单", "order"),
    "note": ("备注", "note"),
    "offer": ("派单", "offer it to volunteers"),
    "take": ("接单", "take it up"),
    "give_back": ("退单", "give it back"),
    "done": ("完成", "done"),
    "not_done": ("住户说没有完成", "the household says: not done"),
    "confirm": ("住户确认", "the household confirms"),
    "cancel": ("住户取消", "the household cancels"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`site`: the household's; `wanted_by`: until when, None whenever; `ordered_by`: who wrote it down; `offered_to`:
    names, none: every volunteer there; `given_back`: who had taken it up before. Its stage follows."""

    id: int
    service: Named
    site: str
    area: int
    words: str
    ordered_by: str
    ordered_at: datetime
    wanted_by: datetime | None = None
    offered_by: str = ""
    offered_to: tuple[str, ...] = ()
    taken_by: str = ""
    done_by: str = ""
    ended: str = ""
    ended_at: datetime | None = None
    said: str = ""
    given_back: tuple[str, ...] = ()

    @property
    def stage(self) -> str:
        if self.ended:
            return self.ended
        if self.done_by:
            return DONE
        return TAKEN if self.taken_by else OFFERED if self.offered_by else ORDERED

    def is_late(self, now: datetime) -> bool:
        """Wanted by now, and not done."""
        return self.wanted_by is not None and now >= self.wanted_by and self.stage in (ORDERED, OFFERED, TAKEN)


@dataclass(frozen=True, slots=True)
class Step:
    """What a person does. `hats`: of BY; `to`: names, for an offer."""

    act: str
    by: str
    hats: frozenset[str]
    words: str = ""
    why: str = ""
    said: str = ""
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderLine:
    at: datetime
    act: str
    by: str
    detail: Mapping[str, Any] = field(default_factory=dict)


def act(order: Order, step: Step, now: datetime) -> tuple[Order, OrderLine]:
    """Raises Refused."""
    rule, (zh, en) = TABLE[step.act], STAGES[order.stage]
    if step.act == "take" and order.taken_by:
        raise Refused("已有人先接单", "somebody was first", "请看其他订单 · look at the others")
    if order.stage not in rule.stages:
        raise Refused(f"{zh}的订单不能{ACTS[step.act][0]}", f"an order that is {en} knows no “{ACTS[step.act][1]}”")
    if not step.hats & set(rule.by):
        raise Refused("这一步不由您来做", "this step is not yours")
    for need in rule.needs:
        if not getattr(step, need):
            raise Refused(f"请填写：{NEEDS[need][0]}", f"needed: {NEEDS[need][1]}", "请补充后重试 · add it")
    changed = _ACTS[step.act](order, step, now)
    detail = {need: getattr(step, need) for need in rule.needs}
    return changed, OrderLine(now, step.act, step.by, detail | ({"to": list(step.to)} if step.to else {}))


def _offer(order: Order, step: Step, now: datetime) -> Order:
    return replace(order, offered_by=step.by, offered_to=step.to)


def _take(order: Order, step: Step, now: datetime) -> Order:
    if order.offered_to and step.by not in order.offered_to:
        raise Refused("此单派给了其他志愿者", "it was offered to others")
    return replace(order, taken_by=step.by)


def _give_back(order: Order, step: Step, now: datetime) -> Order:
    if step.by != order.taken_by and not step.hats & {"field", "centre"}:
        raise Refused("不是您接的单", "you have not taken it up")
    return _free(order)


def _done(order: Order, step: Step, now: datetime) -> Order:
    if step.by != order.taken_by:
        raise Refused("不是您接的单", "you have not taken it up")
    return replace(order, done_by=step.by)


def _not_done(order: Order, step: Step, now: datetime) -> Order:
    return _free(_asked(order, step))


def _confirm(order: Order, step: Step, now: datetime) -> Order:
    if step.said not in SAID or step.said == "nobody":
        raise Refused("请填写住户怎么说", "needed: what the household says")
    return replace(_asked(order, step), ended=CONFIRMED, ended_at=now, said=step.said)


def _cancel(order: Order, step: Step, now: datetime) -> Order:
    return replace(order, ended=CANCELLED, ended_at=now)


def _asked(order: Order, step: Step) -> Order:
    """By another person than who did it."""
    if step.by == order.done_by:
        raise Refused("不能确认自己完成的订单", "nobody confirms the own work", "请另一位询问住户 · somebody else asks")
    return order


def _free(order: Order) -> Order:
    """For everybody there again, who had it among them."""
    gone = (*order.given_back, order.taken_by)
    return replace(order, taken_by="", done_by="", offered_to=(), given_back=gone)


_ACTS: Mapping[str, Callable[[Order, Step, datetime], Order]] = {
    "note": lambda order, *_: order,
    "offer": _offer,
    "take": _take,
    "give_back": _give_back,
    "done": _done,
    "not_done": _not_done,
    "confirm": _confirm,
    "cancel": _cancel,
}
