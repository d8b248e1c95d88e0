"""What people at a screen or a telephone do with an incident beside answering: each is a row of life.TABLE. Pure; each
returns the new incident and its line of the timeline, or raises Refused."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from heartlamp_server.incident import life
from heartlamp_server.incident.life import must_be_seen
from heartlamp_server.incident.model import Change, Entry, Incident, Refused, answer

MARKS = range(1, 6)


def note(incident: Incident, words: str, by: str, now: datetime) -> Change:
    """Somebody writes down what should be known of it; nothing changes by it."""
    _allowed(incident, "note")
    return incident, Entry(incident.id, now, "noted", {"by": by, "note": _said(words, "写什么？", "what is the note?")})


def dispatch(incident: Incident, whom: str, name: str, by: str, by_name: str, now: datetime, note: str = "") -> Change:
    """Sends somebody. `whom`: the person's key; `by`, `by_name`: the operator, who has accepted it with that."""
    _allowed(incident, "dispatch")
    if not whom or not name:
        raise Refused("派给谁？", "whom shall it go to?", "请选择人员 · choose somebody")
    accepted = incident
    if not any(r.answer in ("accepted", "taken", "coming", "arrived") for r in incident.responders):
        accepted, _ = answer(incident, f"person:{by}", by_name, "accepted", now, by)
    sent, entry = answer(accepted, whom, name, "asked", now, by, note)
    return sent, replace(entry, kind="dispatched")


def late(incident: Incident, key: str, now: datetime) -> Change:
    """Who was coming has not arrived in time, and is not counted on any more."""
    name = next((r.name for r in incident.responders if r.key == key), "")
    fallen, entry = answer(incident, key, name, "late", now)
    return fallen, replace(entry, kind="late")


def handle(incident: Incident, what: str, by: str, now: datetime) -> Change:
    """Somebody who is there did something about it. `what`: in words."""
    return _after(incident, "handle", {"by": by, "what": _said(what, "做了什么？", "what was done?")}, now)


def feedback(incident: Incident, words: str, reached: bool, by: str, now: datetime) -> Change:
    """The household was asked back. `reached` False: it was not, and nothing is made of its silence."""
    said = _said(words, "住户怎么说？", "what did the household say?") if reached else words
    return _after(incident, "feedback", {"by": by, "words": said, "reached": reached}, now)


def evaluate(incident: Incident, marks: int, words: str, by: str, now: datetime) -> Change:
    """`marks`: of MARKS, 0 where only words were said; `by`: the household, or who wrote it down for it."""
    if marks not in (0, *MARKS) or (not marks and not words):
        raise Refused("请打一到五分，或说一句话", "one to five, or a sentence", "请更正 · correct it")
    return _after(incident, "evaluate", {"by": by, "marks": marks, "words": words}, now)


def declare_false(incident: Incident, how: str, seen_by: str, why: str, by: str, now: datetime) -> Change:
    """Ends it as a false alarm; arguments as of model.close."""
    _allowed(incident, "false")
    if how not in life.HOW_SEEN or must_be_seen(incident.what, how):
        raise _unseen()
    why = _said(why, "为什么是误报？", "why is it a false alarm?")
    who = seen_by or by
    ended = replace(
        incident,
        closed_at=now,
        closed_by=who,
        closed_how=how,
        verdict=life.FALSE,
        answer="closed",
        who=who,
        aver=incident.aver + 1,
    )
    return ended, Entry(incident.id, now, "false", {"who": who, "how": how, "by": by, "why": why})


def merge(incident: Incident, into: Incident, by: str, now: datetime) -> Change:
    """It follows another open one from now on: the same fire, another house. Its own lamps show what the other's do."""
    _allowed(incident, "merge")
    if into.id == incident.id or into.closed_at is not None or into.merged_into:
        raise Refused(
            "只能并入另一起未办结的警情",
            "only into another one that is open and follows none itself",
            "请选择另一起 · choose another one",
        )
    if incident.drill or into.drill:
        raise Refused(
            "演练不能并案",
            "a drill goes together with nothing",
            "若不是演练，请先“改为真警情” · if it is none, say first that it is no drill",
        )
    if "silent" in (incident.what, into.what) and incident.what != into.what:
        raise Refused("静默求助不能与其他警情并案", "a silent alarm goes together with no other kind")
    merged = mirror(replace(incident, merged_into=into.id), into)
    return merged, Entry(incident.id, now, "merged", {"into": into.id, "by": by, "place": into.place["name"]})


def mirror(incident: Incident, main: Incident) -> Incident:
    """A merged one after a change of the one that it follows."""
    if (incident.answer, incident.who) == (main.answer, main.who):
        return incident
    return replace(incident, answer=main.answer, who=main.who, aver=incident.aver + 1)


def with_it(following: Sequence[Incident], main: Incident, now: datetime) -> tuple[list[Incident], list[Entry]]:
    """What becomes of those that follow `main` by a change of it: their lamps show what it shows, and they end with
    it. Only what changed."""
    changed, lines = [], []
    for one in following:
        after = mirror(one, main)
        if main.closed_at is not None:
            after = replace(
                after,
                closed_at=main.closed_at,
                closed_by=main.closed_by,
                closed_how=main.closed_how,
                verdict=main.verdict,
            )
            detail = {"who": main.closed_by, "how": main.closed_how, "by": main.closed_by, "with": main.id}
            lines.append(Entry(one.id, now, "closed", detail))
        if after != one:
            changed.append(after)
    return changed, lines


def part(incident: Incident, by: str, now: datetime) -> Change:
    """It goes its own way again, and is nobody's yet."""
    _allowed(incident, "part")
    parted = replace(incident, merged_into="", answer="none", who="", responders=(), aver=incident.aver + 1)
    return parted, Entry(incident.id, now, "parted", {"from": incident.merged_into, "by": by})


def reopen(incident: Incident, why: str, by: str, now: datetime) -> Change:
    """It was not over. Who answered before has to answer again; what is opened again is no drill."""
    _allowed(incident, "reopen")
    why = _said(why, "为什么重新打开？", "why is it opened again?")
    opened = replace(
        incident,
        closed_at=None,
        closed_by="",
        closed_how="",
        verdict="",
        merged_into="",
        after={},
        responders=(),
        answer="none",
        who="",
        aver=incident.aver + 1,
        reopened=incident.reopened + 1,
        drill=False,
        handovers=tuple(replace(h, state="ended") if h.state == "taken" else h for h in incident.handovers),
    )
    return opened, Entry(incident.id, now, "reopened", {"by": by, "why": why})


_STAGE_BY = {"handle": life.HANDLED, "feedback": life.FEEDBACK, "evaluate": life.EVALUATED}


def _after(incident: Incident, act: str, said: dict[str, Any], now: datetime) -> Change:
    _allowed(incident, act)
    stage = _STAGE_BY[act]
    done = replace(incident, after={**incident.after, stage: {"at": now.isoformat(), **said}})
    return done, Entry(incident.id, now, stage, said)


def _allowed(incident: Incident, act: str) -> None:
    stage = incident.stage
    if not life.may(act, stage):
        zh, en = life.ACTS[act]
        at_zh, at_en = life.STAGES[stage]
        raise Refused(f"{at_zh}的警情不能{zh}", f"an incident that is {at_en} is nothing to {en}")


def _said(words: str, zh: str, en: str) -> str:
    if not words.strip():
        raise Refused(zh, en, "请填写后重试 · say it, and send again")
    return words


def _unseen() -> Refused:
    return Refused(
        "定为误报前须有人见到他们，或已通话",
        "nobody declares this false unseen: somebody saw them (arrived) or spoke to them (spoke_to)",
        "请选择“已见到人”或“已通话” · say how (arrived or spoke_to)",
    )
