"""Handing an incident over to 110, 119 or 120: offered by telephone, taken once they gave a case number, and what
became of it. Pure; each act returns the new incident and its line of the timeline, or raises Refused.

Offered is not taken: nobody's call ends by it. Once it is taken the county calls nobody for HELD; a case number is no
arrival, so without somebody there, or an outcome, it then goes on calling.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from heartlamp_server.incident import life
from heartlamp_server.incident.model import Change, Entry, Handover, Incident, Refused, Responder, settled

SERVICES: Mapping[str, tuple[str, str]] = {
    "110": ("公安 110", "police 110"),
    "119": ("消防 119", "fire brigade 119"),
    "120": ("急救 120", "ambulance 120"),
}
OFFERED, TAKEN, DECLINED, ENDED = "offered", "taken", "declined", "ended"
STATES = {
    OFFERED: ("已报，未接警", "told, not taken"),
    TAKEN: ("已接警", "taken"),
    DECLINED: ("未接警", "not taken"),
    ENDED: ("已有结果", "has an outcome"),
}
NEXT: Mapping[str, tuple[str, ...]] = {
    "": (OFFERED,),
    OFFERED: (TAKEN, DECLINED),
    TAKEN: (TAKEN, ENDED),
    DECLINED: (OFFERED, TAKEN),
    ENDED: (OFFERED,),
}
"""State of one service's hand-over ("" before any) -> what may follow. Taken after taken corrects the number."""
HOW = ("read_back", "file", "api")
"""How a case number came back to us."""
HELD = timedelta(minutes=30)
_EARLIER = timedelta(minutes=10)  # clocks of others
_CASE = re.compile(r"[0-9A-Za-z\u4e00-\u9fff（）()〔〕\[\]/._#-]{2,40}")


def of(incident: Incident, service: str) -> Handover | None:
    return next((h for h in incident.handovers if h.service == service), None)


def number(text: str) -> str:
    """A case number without blanks. Raises Refused where it can be none."""
    case = "".join(text.split())
    if not _CASE.fullmatch(case):
        raise Refused(
            "警情编号应为 2 到 40 个字母、数字或汉字",
            "a case number has 2 to 40 letters or digits",
            "请再问一次编号 · ask for the number again",
        )
    return case


def offer(incident: Incident, service: str, by: str, now: datetime) -> Change:
    """It was told to them; nothing stops. `by`: who telephoned."""
    _allowed(incident, "hand_over", service, OFFERED)
    return _said(incident, Handover(service, OFFERED, now, by), Entry(incident.id, now, "handed", {"by": by}))


def take(
    incident: Incident,
    service: str,
    case: str,
    again: str,
    officer: str,
    how: str,
    by: str,
    now: datetime,
    at: datetime | None = None,
) -> Change:
    """They took it. `case`, `again`: the number, and the number as it was read back, which must be the same; `how`: of
    HOW, a file or a system is read by no ear; `officer`: who took it, or at which desk; `by`: who says so here; `at`:
    when they did, None now."""
    before = _allowed(incident, "hand_taken", service, TAKEN)
    case = number(case)
    if how == "read_back" and number(again) != case:
        raise Refused(
            "两次输入的警情编号不一致",
            "the number that was read back is another",
            "请与接警台再核对一遍 · read it back to them once more",
        )
    base = before or Handover(service, OFFERED, now, by)
    if at is not None and not incident.opened_at - _EARLIER <= at <= now + _EARLIER:
        raise Refused(
            "接警时间不在这起警情之后", "it was taken before it was opened, or in the future", "请更正 · correct it"
        )
    at = at or (base.taken_at if base.state == TAKEN else now)
    taken = replace(base, state=TAKEN, case=case, officer=officer, how=how, taken_at=at)
    if base.state == TAKEN and taken == base:
        return incident, Entry(incident.id, now, "handed_taken", {"service": service, "case": case, "by": by})
    detail = {"case": case, "officer": officer, "how": how, "by": by}
    changed, entry = _said(incident, taken, Entry(incident.id, now, "handed_taken", detail))
    return _stands(changed, service, "taken", now), entry


def decline(incident: Incident, service: str, why: str, by: str, now: datetime) -> Change:
    """They do not take it, or nobody there answered."""
    before = _allowed(incident, "hand_declined", service, DECLINED)
    assert before is not None
    if not why.strip():
        raise Refused("为什么没有接警？", "why is it not taken?", "请填写后重试 · say it, and send again")
    declined = replace(before, state=DECLINED, outcome=why)
    return _said(incident, declined, Entry(incident.id, now, "handed_declined", {"why": why, "by": by}))


def end(incident: Incident, service: str, outcome: str, there: bool, by: str, now: datetime) -> Change:
    """What became of it. `there`: they were at the site; where not, they are not counted on any more."""
    before = _allowed(incident, "hand_ended", service, ENDED)
    assert before is not None
    if not outcome.strip():
        raise Refused("结果是什么？", "what became of it?", "请填写后重试 · say it, and send again")
    ended = replace(before, state=ENDED, outcome=outcome, there=there, ended_at=now)
    changed, entry = _said(
        incident, ended, Entry(incident.id, now, "handed_ended", {"words": outcome, "there": int(there), "by": by})
    )
    return _stands(changed, service, "arrived" if there else "withdrawn", now), entry


def held(incident: Incident, now: datetime) -> bool:
    """Whether somebody took it so lately that the county calls nobody else."""
    return any(h.state == TAKEN and h.taken_at and now - h.taken_at < HELD for h in incident.handovers)


def held_until(incident: Incident, now: datetime) -> list[datetime]:
    """When time alone ends that."""
    return [
        h.taken_at + HELD
        for h in incident.handovers
        if h.state == TAKEN and h.taken_at and now - h.taken_at < HELD and incident.stage in life.CALLING
    ]


def to_police(incident: Incident) -> bool:
    """Whether police were given it and have not said no: then they see it."""
    return any(h.service == "110" and h.state != DECLINED for h in incident.handovers)


TO_POLICE = """(i.handovers @? '$[*] ? (@.service == "110" && @.state != "declined")')"""
"""The same as SQL, of the incident `i`."""


def _allowed(incident: Incident, act: str, service: str, to: str) -> Handover | None:
    if service not in SERVICES:
        raise Refused("移交给谁？110、119 或 120", "to whom? 110, 119 or 120", "请选择 · choose")
    if not life.may(act, incident.stage):
        (zh, en), (act_zh, act_en) = life.STAGES[incident.stage], life.ACTS[act]
        raise Refused(f"{zh}的警情不能{act_zh}", f"an incident that is {en} is nothing to {act_en}")
    before = of(incident, service)
    state = before.state if before else ""
    if to not in NEXT[state] and not (state == "" and to == TAKEN):
        zh, en = STATES.get(state, ("还没有移交", "not offered yet"))
        raise Refused(f"{SERVICES[service][0]}：{zh}", f"{SERVICES[service][1]}: {en}")
    return before


def _said(incident: Incident, handover: Handover, entry: Entry) -> Change:
    others = tuple(h for h in incident.handovers if h.service != handover.service)
    return (
        replace(incident, handovers=(*others, handover)),
        replace(entry, detail=entry.detail | {"service": handover.service}),
    )


def _stands(incident: Incident, service: str, answer: str, now: datetime) -> Incident:
    """The service as one of those who stand by the incident, as long as somebody may be in need."""
    if incident.closed_at is not None or incident.stage in life.AFTERWARDS:
        return incident
    key, name = f"service:{service}", SERVICES[service][0]
    before = next((r for r in incident.responders if r.key == key), None)
    if answer == "taken" and before is not None and before.answer in ("coming", "arrived"):
        return incident
    if answer == "withdrawn" and before is None:
        return incident
    others = tuple(r for r in incident.responders if r.key != key)
    return settled(replace(incident, responders=(*others, Responder(key, name, answer, now, "county"))))
