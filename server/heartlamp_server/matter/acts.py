"""What people do with a matter: the rule of life.TABLE, act by act. Pure; `now` is an argument."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from heartlamp_server.matter import life
from heartlamp_server.matter.catalogue import Kind
from heartlamp_server.matter.hours import Calendar, after
from heartlamp_server.matter.life import AWAITED, TABLE, Refused
from heartlamp_server.matter.model import (
    Change,
    Line,
    Longer,
    Matter,
    Report,
    Said,
    begin,
    extend,
    meet,
    put,
    void,
)


def raised(id: int, report: Report, by: str, hat: str, now: datetime, calendar: Calendar) -> Change:
    """Raises Refused: a matter on a party's request that no party asked for."""
    if report.kind.on_request and not (report.asked and report.source in ("resident", "grid_worker", "operator")):
        raise Refused(
            "此类事项须由当事人本人提出",
            "a matter of this kind is raised only when a party asks for it",
            "请先与当事人确认 · ask the party first",
        )
    _must(bool(report.words), "words")
    matter = Matter(id=id, report=report, unit=report.kind.unit, raised_by=by, raised_at=now)
    detail = {"code": report.kind.code, "source": report.source, "words": report.words, "photos": list(report.photos)}
    return _waiting(matter, now, calendar), Line(now, "raise", by, hat, detail)


def act(matter: Matter, said: Said, now: datetime, calendar: Calendar) -> Change:
    """Raises Refused where the table forbids it, or something that it needs is not said."""
    rule, stage = TABLE[said.act], matter.stage
    if stage not in rule.stages:
        zh, en = life.STAGES[stage]
        doing = life.ACTS[said.act]
        raise Refused(f"{zh}的事项不能{doing[0]}", f"a matter that is {en} knows no “{doing[1]}”")
    hat = next((hat for hat in rule.by if hat in said.hats), "")
    if not hat:
        who = " / ".join(" ".join(life.BY[one]) for one in rule.by)
        raise Refused("这一步不由您来做", "this step is not yours", f"由以下人员操作 · it is for: {who}")
    detail = _needed(matter, said, rule.needs)
    changed = _ACTS[said.act](matter, said, hat, now, calendar)
    if said.act == "whistle":
        detail = {"unit": changed.unit}
    return _waiting(changed, now, calendar), Line(now, said.act, said.by, hat, detail)


# --- what each act changes ----------------------------------------------------------------------------------------


def _whistle(matter: Matter, said: Said, hat: str, now: datetime, calendar: Calendar) -> Matter:
    return _sent(meet(matter, "whistle", now, calendar), said.unit or matter.unit, said.by, now, calendar)


def _decline(matter: Matter, said: Said, hat: str, now: datetime, calendar: Calendar) -> Matter:
    return _over(meet(matter, "whistle", now, calendar), life.DECLINED, said, now)


def _withdraw(matter: Matter, said: Said, hat: str, now: datetime, calendar: Calendar) -> Matter:
    if not matter.report.kind.on_request:
        raise Refused(
            "此类事项不属于当事人申请事项，不能撤回",
            "this matter was not on a party's request, so no party can take it back",
            "如不属实，请核验后销号 · if there is nothing to it, verify that and close",
        )
    return _over(matter, life.WITHDRAWN, said, now)


def _report_in(matter: Matter, said: Said, hat: str, now: datetime, calendar: Calendar) -> Matter:
    return replace(meet(matter, "report_in", now, calendar), reported_by=said.by)


def _return(matter: Matter, said: Said, hat: str, now: datetime, calendar: Calendar) -> Matter:
    return replace(matter, returned_by=said.by, longer=None)


def _reassign(matter: Matter, said: Said, hat: str, now: datetime, calendar: Calendar) -> Matter:
    if said.unit == matter.unit:
        raise Refused("仍是原部门", "that is the same department", "请选“维持原派” · leave it where it is instead")
    decided = void(meet(matter, "decide", now, calendar), ("report_in", "done"), now)
    return _sent(replace(decided, returned_by="", reported_by=""), said.unit, said.by, now, calendar)


def _uphold(matter: Matter, said: Said, hat: str, now: datetime, calendar: Calendar) -> Matter:
    return replace(meet(matter, "decide", now, calendar), returned_by="")


def _ask_longer(matter: Matter, said: Said, hat: str, now: datetime, calendar: Calendar) -> Matter:
    one = matter.running
    assert one is not None
    assert said.until is not None
    if now >= one.due_at:
        raise Refused("时限已过，不能再申请延期", "the limit has passed: nobody asks for longer after it")
    if matter.longer:
        raise Refused("已有一个延期申请等待答复", "one request waits for its answer already")
    most = after(one.due_at, matter.report.kind.done, matter.report.kind.time, calendar)
    if not one.due_at < said.until <= most:
        raise Refused(
            "新时限须晚于原时限，且延长不超过一倍",
            "the new limit must be later than the old one, and at most as long again",
            f"最迟 · at the latest {most.isoformat(timespec='minutes')}",
        )
    return replace(matter, longer=Longer(said.until, said.why, said.by, now))


def _asked(matter: Matter, said: Said) -> Longer:
    if matter.longer is None:
        raise Refused("没有延期申请", "nobody asks for longer")
    if matter.longer.by == said.by:
        raise Refused("不能批准自己的申请", "nobody decides on the own request", "请另一位指挥员决定 · ask another one")
    return matter.longer


def _grant(matter: Matter, said: Said, hat: str, now: datetime, calendar: Calendar) -> Matter:
    longer = _asked(matter, said)
    if longer.until <= now:
        raise Refused("申请的时限已过", "the time that was asked for is over")
    return extend(replace(matter, longer=None), longer.until, now, calendar)


def _refuse(matter: Matter, said: Said, hat: str, now: datetime, calendar: Calendar) -> Matter:
    _asked(matter, said)
    return replace(matter, longer=None)


def _handle(matter: Matter, said: Said, hat: str, now: datetime, calendar: Calendar) -> Matter:
    done = meet(matter, "done" if matter.reported_by else "whistle", now, calendar)
    return replace(done, handled_by=said.by, handled_as=hat, longer=None)


def _redo(matter: Matter, said: Said, hat: str, now: datetime, calendar: Calendar) -> Matter:
    """It was not done: the limit that was met was not, and runs on as if nobody had said so."""
    _another(matter, said)
    seen = meet(matter, "verify", now, calendar)
    name = "done" if matter.reported_by else "whistle"
    was = next(one for one in reversed(seen.limits) if one.name == name and one.ended == "met")
    again = put(seen, replace(was, ended="", ended_at=None, late_minutes=0))
    return replace(void(again, ("verify", "close"), now), handled_by="", handled_as="", verified_by="")


def _verify(matter: Matter, said: Said, hat: str, now: datetime, calendar: Calendar) -> Matter:
    _another(matter, said)
    return replace(meet(matter, "verify", now, calendar), verified_by=said.by)


def _close(matter: Matter, said: Said, hat: str, now: datetime, calendar: Calendar) -> Matter:
    _another(matter, said)
    return replace(_over(meet(matter, "close", now, calendar), life.CLOSED, said, now), said=said.said)


def _reopen(matter: Matter, said: Said, hat: str, now: datetime, calendar: Calendar) -> Matter:
    """With whom it was, from the start; with nobody, where it never was whistled for."""
    nobody = {"reported_by": "", "handled_by": "", "handled_as": "", "verified_by": ""}
    over = {"ended": "", "ended_at": None, "ended_by": "", "said": ""}
    again = replace(matter, reopened=matter.reopened + 1, **nobody, **over)  # type: ignore[arg-type]
    return _sent(again, matter.unit, said.by, now, calendar) if matter.whistled_by else again


_Step = Callable[[Matter, Said, str, datetime, Calendar], Matter]
_ACTS: Mapping[str, _Step] = {
    "note": lambda matter, *_: matter,
    "whistle": _whistle,
    "decline": _decline,
    "withdraw": _withdraw,
    "report_in": _report_in,
    "return": _return,
    "reassign": _reassign,
    "uphold": _uphold,
    "ask_longer": _ask_longer,
    "grant": _grant,
    "refuse": _refuse,
    "settle": _handle,
    "handle": _handle,
    "redo": _redo,
    "verify": _verify,
    "close": _close,
    "reopen": _reopen,
}


def _another(matter: Matter, said: Said) -> None:
    """Nobody judges the own work, nor that of the own department."""
    if said.by == matter.handled_by or (matter.handled_as == "unit" and "unit" in said.hats):
        raise Refused(
            "办理人和其所在部门不能核验、销号",
            "who did it, and that department, neither verify nor close it",
            "请另一位核验 · ask somebody else to look",
        )


def _needed(matter: Matter, said: Said, needs: Sequence[str]) -> dict[str, Any]:
    """What was said, for the timeline. Raises Refused where something that is needed was not."""
    found: dict[str, Any] = {}
    for need in needs:
        if need == "proof":
            found |= _proof(matter.report.kind, said)
        elif need == "until":
            _must(said.until is not None, need)
            found[need] = said.until.isoformat() if said.until else ""
        else:
            value = getattr(said, need)
            _must(bool(value), need)
            found[need] = value
    if "how" in needs:
        _must(said.how in life.HOW, "how")
        if "household" in matter.report.kind.proof and said.how != "household":
            raise Refused(
                "此类事项须由当事住户确认",
                "of a matter of this kind the household itself must say that it is done",
                "请联系住户后再核验 · ask the household, and verify then",
            )
    if "said" in needs:
        _must(said.said in life.SAID, "said")
    return found


def _proof(kind: Kind, said: Said) -> dict[str, Any]:
    photos = 2 if "before_after" in kind.proof else 1 if "photo" in kind.proof else 0
    if len(said.photos) < photos:
        raise Refused(
            f"此类事项销号需要照片 {photos} 张",
            f"of a matter of this kind photos are needed: {photos}",
            "请补上照片 · add them",
        )
    if "document" in kind.proof and not said.document:
        raise Refused("此类事项销号需要单据或编号", "of a matter of this kind a document's number is needed")
    return {"photos": list(said.photos)} | ({"document": said.document} if said.document else {})


def _must(so: bool, need: str) -> None:
    if not so:
        zh, en = life.NEEDS[need]
        raise Refused(f"请填写：{zh}", f"needed: {en}", "请补充后重试 · add it and try again")


def _sent(matter: Matter, unit: str, by: str, now: datetime, calendar: Calendar) -> Matter:
    """To a department: it has to report in, and to have it done."""
    kind = matter.report.kind
    begun = replace(matter, unit=unit, whistled_by=by)
    for name, hours in (("report_in", kind.report_in), ("done", kind.done)):
        begun = begin(begun, name, unit, hours, kind.time, now, calendar)
    return begun


def _waiting(matter: Matter, now: datetime, calendar: Calendar) -> Matter:
    """With a limit for what is waited for now, where none runs yet: the centres' own."""
    awaited = AWAITED.get(matter.stage)
    if awaited is None or matter.running is not None:
        return matter
    terms, kind = calendar.terms, matter.report.kind
    hours = {"whistle": terms.whistle, "decide": terms.decide}.get(awaited, terms.verify)
    # Nobody waits for Monday to whistle for what is urgent.
    return begin(matter, awaited, "", hours, "clock" if kind.urgent else "work", now, calendar)


def _over(matter: Matter, ended: str, said: Said, now: datetime) -> Matter:
    over = replace(matter, ended=ended, ended_at=now, ended_by=said.by, longer=None)
    return void(over, tuple(life.LIMITS), now)
