"""The life of an incident: at which stage who may do what, and what it needs. TABLE is the rule; docs/incident.md shows
it, and a test walks every stage and act of both. Pure.

The stage is never stored by hand: it follows from who stands by the incident and from what was done, so that it falls
back by itself when the only one who was coming is not coming any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

REPORTED, ACCEPTED, DISPATCHED, COMING, ARRIVED = "reported", "accepted", "dispatched", "coming", "arrived"
HANDLED, FEEDBACK, EVALUATED = "handled", "feedback", "evaluated"
CLOSED, FALSE, MERGED = "closed", "false", "merged"

STAGES = {
    REPORTED: ("已上报", "reported"),
    ACCEPTED: ("已受理", "accepted"),
    DISPATCHED: ("已派人", "dispatched"),
    COMING: ("正在赶来", "coming"),
    ARRIVED: ("已到场", "arrived"),
    HANDLED: ("已处置", "handled"),
    FEEDBACK: ("已回访", "feedback"),
    EVALUATED: ("已评价", "evaluated"),
    CLOSED: ("已办结", "closed"),
    FALSE: ("误报", "false alarm"),
    MERGED: ("已并案", "merged"),
}
"""Stage -> its names on screens, in the order in which an incident goes through them."""
CALLING = (REPORTED, ACCEPTED, DISPATCHED, COMING, ARRIVED)  # somebody may still be in need
AFTERWARDS = (HANDLED, FEEDBACK, EVALUATED)
OPEN = (*CALLING, *AFTERWARDS)
ENDED = (CLOSED, FALSE)

MUST_BE_SEEN = ("panic", "fire", "slope", "silent")
"""What never ends unseen: somebody saw them (`arrived`) or spoke to them (`spoke_to`), and it is kept who."""
HOW_SEEN = ("arrived", "spoke_to")


@dataclass(frozen=True, slots=True)
class Rule:
    """An act: at which `stages`; `to`: the stage that it leads to, "" where that follows from who stands by the
    incident; `needs`: what must be said with it, of NEEDS; `by`: whose act it is, of BY."""

    stages: tuple[str, ...]
    to: str
    needs: tuple[str, ...]
    by: tuple[str, ...]


NEEDS = {
    "whom": ("派给谁", "whom"),
    "what": ("做了什么", "what was done"),
    "seen": ("已见到人或已通话，由谁", "seen or spoken to, and by whom"),
    "why": ("原因", "the reason"),
    "which": ("并入哪一起", "into which"),
    "words": ("住户怎么说，或没有联系上", "what the household said, or that it was not reached"),
    "service": ("给谁：110、119、120", "to whom: 110, 119, 120"),
    "case": ("接警编号，复述一遍", "the case number, read back"),
    "outcome": ("结果、是否到场", "what became of it, and whether they were there"),
    "announced": ("是正在进行的演练", "it is a drill that goes on"),
    "marks": ("一到五分，或一句话", "one to five, or a sentence"),
}
BY = ("device", "responder", "operator", "household", "clock", "service")

TABLE: Mapping[str, Rule] = {
    "press": Rule((*OPEN, MERGED), "", (), BY[:4]),
    "cancel": Rule((*OPEN, MERGED), "", (), ("device", "household")),
    "note": Rule((*OPEN, *ENDED, MERGED), "", (), ("responder", "operator")),
    "accept": Rule(CALLING, "", (), ("responder", "operator")),
    "dispatch": Rule(CALLING, "", ("whom",), ("operator",)),
    "coming": Rule((*CALLING, MERGED), "", (), ("device", "responder", "operator")),
    "arrived": Rule((*CALLING, HANDLED, MERGED), "", (), ("device", "responder", "operator")),
    "cannot": Rule((*CALLING, MERGED), "", (), ("responder", "operator")),
    "withdrawn": Rule((*CALLING, MERGED), "", (), ("device", "responder", "operator")),
    "late": Rule((*CALLING, MERGED), "", (), ("clock",)),
    "hand_over": Rule((*CALLING, HANDLED), "", ("service",), ("operator",)),
    "hand_taken": Rule((*OPEN, *ENDED, MERGED), "", ("service", "case"), ("operator", "service")),
    "hand_declined": Rule((*OPEN, *ENDED, MERGED), "", ("service", "why"), ("operator", "service")),
    "hand_ended": Rule((*OPEN, *ENDED, MERGED), "", ("service", "outcome"), ("operator", "service")),
    "handle": Rule((ARRIVED,), HANDLED, ("what",), ("responder", "operator")),
    "feedback": Rule((HANDLED,), FEEDBACK, ("words",), ("responder", "operator")),
    "evaluate": Rule((HANDLED, FEEDBACK), EVALUATED, ("marks",), ("household", "operator")),
    "close": Rule((*OPEN, MERGED), CLOSED, ("seen",), ("operator",)),
    "false": Rule((*CALLING, HANDLED), FALSE, ("seen", "why"), ("operator",)),
    "merge": Rule(OPEN, MERGED, ("which",), ("operator",)),
    "part": Rule((MERGED,), "", (), ("operator",)),
    "earnest": Rule(OPEN, "", ("announced",), BY[:4]),
    "reopen": Rule(ENDED, REPORTED, ("why",), ("operator",)),
}
"""Act -> its rule."""
ACTS = {
    "press": ("再次按下、再次报告", "press or report again"),
    "cancel": ("表示按错", "say that it was a mistake"),
    "note": ("备注", "note"),
    "accept": ("受理", "accept"),
    "dispatch": ("派人", "dispatch"),
    "coming": ("我去", "go"),
    "arrived": ("到场", "arrive"),
    "cannot": ("去不了", "cannot go"),
    "withdrawn": ("撤回", "withdraw"),
    "late": ("记为逾时未到", "count as late"),
    "hand_over": ("移交 110/119/120", "hand over to 110/119/120"),
    "hand_taken": ("记录接警编号", "note that they took it"),
    "hand_declined": ("记录未接警", "note that they did not take it"),
    "hand_ended": ("记录移交结果", "note what became of it there"),
    "handle": ("处置", "handle"),
    "feedback": ("回访", "ask back"),
    "evaluate": ("评价", "evaluate"),
    "close": ("办结", "close"),
    "false": ("定为误报", "declare false"),
    "merge": ("并案", "merge"),
    "part": ("分案", "part again"),
    "earnest": ("改为真警情", "say that it is no drill"),
    "reopen": ("重新打开", "reopen"),
}

STEPS: Mapping[str, tuple[str, ...]] = {
    "": ("asked", "accepted", "coming", "arrived", "cannot"),
    "asked": ("taken", "coming", "arrived", "cannot", "withdrawn"),
    "taken": ("coming", "arrived", "cannot", "withdrawn"),
    "accepted": ("asked", "coming", "arrived", "cannot", "withdrawn"),
    "coming": ("arrived", "cannot", "withdrawn", "late"),
    "late": ("coming", "arrived", "cannot", "withdrawn"),
    "arrived": ("withdrawn",),
    "cannot": ("asked", "accepted", "coming", "arrived"),
    "withdrawn": ("asked", "accepted", "coming", "arrived"),
}
"""One responder's own state ("" before any) -> what may follow. `asked`: an operator sends them; `taken`: they take
it."""
STATES = {
    "asked": ("已派单", "was asked"),
    "taken": ("已接单", "took it"),
    "accepted": ("已受理", "accepted"),
    "coming": ("正在赶来", "is coming"),
    "arrived": ("已到场", "has arrived"),
    "cannot": ("去不了", "cannot come"),
    "withdrawn": ("已撤回", "withdrew"),
    "late": ("逾时未到", "did not arrive in time"),
}
ACT_OF = {"asked": "dispatch", "taken": "accept", "accepted": "accept"}
"""A responder's new state -> the act that it is, where that has another name."""
_STAGE_OF = {
    "accepted": ACCEPTED,
    "asked": DISPATCHED,
    "taken": DISPATCHED,
    "coming": COMING,
    "arrived": ARRIVED,
}


class Lived(Protocol):
    """What the stage follows from. `states`: of each responder, as in STEPS."""

    @property
    def states(self) -> tuple[str, ...]: ...
    @property
    def done(self) -> str:
        """The last of AFTERWARDS that was done, "" none."""

    @property
    def ended(self) -> str:
        """One of ENDED, "" while it is open."""

    @property
    def merged_into(self) -> str: ...


def stage(of: Lived) -> str:
    """Where it stands now."""
    if of.ended:
        return of.ended
    if of.merged_into:
        return MERGED
    if of.done:
        return of.done
    order = list(STAGES)
    return max((_STAGE_OF[s] for s in of.states if s in _STAGE_OF), key=order.index, default=REPORTED)


def may(act: str, at: str) -> bool:
    """Whether `act` is one that this stage knows."""
    return at in TABLE[act].stages


def must_be_seen(what: str, how: str) -> bool:
    """Whether this may not end so."""
    return how not in HOW_SEEN and (bool(how) or what in MUST_BE_SEEN)
