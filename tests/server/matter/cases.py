"""A matter to try the rules on. People are roles."""

from datetime import UTC, datetime, timedelta
from typing import Any

from heartlamp_server.matter import acts
from heartlamp_server.matter.catalogue import Kind, shipped
from heartlamp_server.matter.hours import Calendar
from heartlamp_server.matter.model import Change, Matter, Report, Said

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, 9:00 in Beijing
CALENDAR = Calendar(shipped().terms)
KINDS = shipped().kinds
LAMP, ROAD, DISPUTE = KINDS["S02"], KINDS["E01"], KINDS["S13"]
HATS = {
    "网格员一": frozenset(("field",)),
    "网格员二": frozenset(("field",)),
    "值班员": frozenset(("centre",)),
    "部门甲": frozenset(("unit",)),
    "部门乙": frozenset(("unit",)),
    "指挥员": frozenset(("centre", "supervisor")),
}
WORDS: dict[str, dict[str, Any]] = {
    "note": {"words": "路口那一盏"},
    "decline": {"why": "重复上报"},
    "return": {"why": "不归我们管"},
    "reassign": {"why": "归住建", "unit": "供电公司"},
    "uphold": {"why": "按目录办理"},
    "ask_longer": {"why": "等配件"},
    "refuse": {"why": "不能再等"},
    "settle": {"what": "换了灯泡"},
    "handle": {"what": "换了灯泡"},
    "redo": {"why": "还是不亮"},
    "verify": {"how": "household"},
    "close": {"said": "satisfied"},
    "reopen": {"why": "又坏了"},
}
"""Act -> what it needs, all but the proof and the moment."""


def report(kind: Kind = LAMP, **more: Any) -> Report:
    given: dict[str, Any] = {
        "area": 1,
        "path": ("庆丰县", "城关镇", "东村"),
        "words": "老井旁那一盏",
        "source": "resident",
    }
    return Report(kind=kind, **(given | {"asked": kind.on_request} | more))


def raised(kind: Kind = LAMP, now: datetime = NOW, **more: Any) -> Matter:
    return acts.raised(7, report(kind, **more), "网格员一", "field", now, CALENDAR)[0]


def said(matter: Matter, act: str, by: str, **more: Any) -> Said:
    """With all that the act needs, unless told otherwise."""
    given = dict(WORDS.get(act, {}))
    if act in ("settle", "handle"):
        given |= {"photos": ("a", "b"), "document": "123"}
    if act == "ask_longer" and matter.running:
        given["until"] = matter.running.due_at + timedelta(hours=1)
    return Said(act, by, HATS[by], **(given | more))


def do(matter: Matter, act: str, by: str, now: datetime = NOW, **more: Any) -> Matter:
    return done(matter, act, by, now, **more)[0]


def done(matter: Matter, act: str, by: str, now: datetime = NOW, **more: Any) -> Change:
    return acts.act(matter, said(matter, act, by, **more), now, CALENDAR)


def at(stage: str, kind: Kind = LAMP) -> Matter:
    """One that has come so far by the shortest way."""
    ways = {
        "raised": (),
        "whistled": (("whistle", "值班员"),),
        "reported_in": (("whistle", "值班员"), ("report_in", "部门甲")),
        "returned": (("whistle", "值班员"), ("return", "部门甲")),
        "handled": (("whistle", "值班员"), ("report_in", "部门甲"), ("handle", "部门甲")),
        "declined": (("decline", "值班员"),),
        "withdrawn": (("withdraw", "网格员一"),),
    }
    ways["verified"] = (*ways["handled"], ("verify", "网格员二"))
    ways["closed"] = (*ways["verified"], ("close", "值班员"))
    matter = raised(DISPUTE if stage == "withdrawn" else kind)
    for act, by in ways[stage]:
        matter = do(matter, act, by)
    assert matter.stage == stage
    return matter
