"""The incident: one open call per site and matter. Pure; every rule returns the new incident and timeline entries."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from heartlamp_server.incident import life
from heartlamp_server.incident.life import STATES, STEPS, must_be_seen

EVENTS_LISTED = 200  # in the command to the gateway; the table of events has them all

_RANK = {"asked": 1, "taken": 2, "accepted": 2, "coming": 3, "arrived": 4}
_ON_THE_LAMP = {"asked": "accepted", "taken": "accepted"}  # a lamp knows fewer words; who sends somebody has accepted


@dataclass(frozen=True, slots=True)
class Responder:
    """`key`: "site:<id>" of a lamp, or "person:<name>"; `answer`: as in life.STEPS; `at`: when the county learnt it;
    `by`: who typed it, "" for a lamp; `events`: the keys' that it stands on, or that were taken back with it;
    `pressed`: when the key was pressed, where that is known and was earlier."""

    key: str
    name: str
    answer: str
    at: datetime
    by: str = ""
    events: tuple[str, ...] = ()
    pressed: datetime | None = None

    @property
    def since(self) -> datetime:
        return self.pressed or self.at


@dataclass(frozen=True, slots=True)
class Handover:
    """To 110, 119 or 120: `service`, `state` as in handover.py; `by`: who offered it; `officer`: who took it, or at
    which desk; `how`: the number came back; `outcome`: in words, or why it was not taken; `there`: they were at the
    site."""

    service: str
    state: str
    offered_at: datetime
    by: str
    case: str = ""
    officer: str = ""
    how: str = ""
    taken_at: datetime | None = None
    outcome: str = ""
    there: bool = False
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the timeline."""

    incident: str
    at: datetime
    kind: str
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """`id`: its first event's; `place`: {"name","address","landmark","path"} as it was then; `rver` rises with each
    event in it, `aver` with each change of answer or who; `doubts`: events whose MAC or body is in doubt; `lit`: lamps
    that show it; `lit_of`: lamps that should; `source`: what reported it, of SOURCES, `reporter` who; `after`: what was
    done after the call, life.AFTERWARDS -> {"at", "by", …}; `verdict`: "false" for a false alarm; `merged_into`: the
    incident that it follows; `reopens`: the closed one of which it is the sequel, because they pressed again;
    `reopened`: how often it was; `handovers`: the last one to each service; `drill`: it is one that had been
    announced."""

    id: str
    site: str
    what: str
    place: dict[str, Any]
    opened_at: datetime
    observed_at: datetime | None
    heard_age_ms: int | None
    last_press_at: datetime
    lit_of: int
    presses: int = 1
    events: tuple[str, ...] = ()
    rver: int = 1
    aver: int = 0
    answer: str = "none"
    who: str = ""
    responders: tuple[Responder, ...] = ()
    doubts: tuple[str, ...] = ()
    cancelled: bool = False
    lit: tuple[str, ...] = ()
    closed_at: datetime | None = None
    closed_by: str = ""
    closed_how: str = ""
    source: str = "device"
    reporter: str = ""
    after: dict[str, Any] = field(default_factory=dict)
    verdict: str = ""
    merged_into: str = ""
    reopens: str = ""
    reopened: int = 0
    handovers: tuple[Handover, ...] = ()
    drill: bool = False

    @property
    def states(self) -> tuple[str, ...]:
        return tuple(r.answer for r in self.responders)

    @property
    def done(self) -> str:
        return next((stage for stage in reversed(life.AFTERWARDS) if stage in self.after), "")

    @property
    def ended(self) -> str:
        if self.closed_at is None:
            return ""
        return life.FALSE if self.verdict == life.FALSE else life.CLOSED

    @property
    def stage(self) -> str:
        return life.stage(self)


SOURCES = ("device", "report", "phone", "api")


class Refused(Exception):
    """An answer that the table forbids, in words for the operator: (Chinese, English). `do`: what helps."""

    def __init__(self, zh: str, en: str, do: str = "请刷新警情 · reload the incident") -> None:
        super().__init__(zh, en)
        self.do = do

    def __str__(self) -> str:
        return " · ".join(self.args)


Change = tuple[Incident, Entry]
Source = dict[str, str]
"""Of a timeline entry: {"device": id, "kind": of device, "house": its site's name}; people read the last two."""


def press(incident: Incident, event: str, now: datetime, observed_at: datetime | None, source: Source) -> Change:
    """Another press while it is open: appended, never swallowed. `observed_at` None: its time is unknown."""
    seen = now if observed_at is None else observed_at
    pressed = replace(
        _with_event(incident, event),
        presses=incident.presses + 1,
        last_press_at=max(incident.last_press_at, seen),
    )
    return pressed, Entry(incident.id, seen, "press", {"event": event, "observed_at": _iso(observed_at)} | source)


def doubt(incident: Incident, event: str, now: datetime, reason: str) -> Change:
    doubts = incident.doubts if event in incident.doubts else (*incident.doubts, event)
    return replace(incident, doubts=doubts), Entry(incident.id, now, "unverified", {"event": event, "reason": reason})


def trust(incident: Incident, event: str, now: datetime) -> Change:
    """The device's own bytes took the place of unverified ones."""
    doubts = tuple(e for e in incident.doubts if e != event)
    return replace(incident, doubts=doubts), Entry(incident.id, now, "verified", {"event": event})


def cancel(incident: Incident, event: str, at: datetime, source: Source) -> Change:
    """The household says it was a mistake: marks, stops nothing."""
    return replace(incident, cancelled=True), Entry(incident.id, at, "cancelled", {"event": event} | source)


def attach(incident: Incident, event: str) -> Incident:
    """An event that is no press (an answer, a cancel, an unbelieved one) joins."""
    return _with_event(incident, event)


def light(incident: Incident, source: Source, now: datetime, at: datetime | None) -> Change:
    """The gateway says that this lamp shows it. `at`: when, None unknown."""
    device = source["device"]
    lit = incident.lit if device in incident.lit else (*incident.lit, device)
    return replace(incident, lit=lit), Entry(incident.id, at or now, "lit", dict(source))


def answer(
    incident: Incident,
    key: str,
    name: str,
    said: str,
    now: datetime,
    by: str = "",
    note: str = "",
    event: str = "",
    pressed: datetime | None = None,
) -> Change:
    """A person's answer. `key`, `name`, `by`: as in Responder; `event`: of a lamp's key, `pressed`: when, None unknown.
    Who was typed in and then presses the key of a lamp, or the other way round, is one responder. Raises Refused where
    STEPS forbids it."""
    if incident.closed_at is not None:
        raise Refused(*_closed(incident))
    act = life.ACT_OF.get(said, said)
    if not life.may(act, incident.stage):
        zh, en = life.STAGES[incident.stage]
        raise Refused(f"警情{zh}，不能再{life.ACTS[act][0]}", f"the incident is {en}: nobody can {life.ACTS[act][1]}")
    before = next((r for r in incident.responders if r.key == key or r.name == name), None)
    key = before.key if before else key
    if said not in STEPS[before.answer if before else ""]:
        if before is None:
            raise Refused(f"{name}还没有应答", f"{name} has not answered yet, so cannot be {said}")
        raise Refused(f"{name}{STATES[before.answer][0]}", f"{name} {STATES[before.answer][1]} already")
    first = next((r for r in incident.responders if r.by and r.answer in _RANK), None)
    if said == "accepted" and first is not None:
        raise Refused(f"{first.name}先应答：{STATES[first.answer][0]}", f"{first.name} was first ({first.answer})")
    others = tuple(r for r in incident.responders if r.key != key)
    events = before.events if before and before.answer in _RANK else ()
    earlier = pressed if pressed and pressed < now else None
    responders = (*others, Responder(key, name, said, now, by, (*events, event) if event else events, earlier))
    detail = {"who": name, "answer": said, "by": by} | ({"note": note} if note else {})
    return settled(replace(incident, responders=responders)), Entry(incident.id, now, "answer", detail)


def comes_again(incident: Incident, key: str, pressed: datetime | None) -> Incident:
    """Who is coming has pressed that key again: whoever counts them as late counts from there."""
    if pressed is None or incident.closed_at is not None:
        return incident
    newer = tuple(
        replace(r, pressed=pressed) if r.key == key and r.answer == "coming" and r.since < pressed else r
        for r in incident.responders
    )
    return replace(incident, responders=newer)


def lapsed(incident: Incident, name: str, at: datetime, now: datetime) -> Incident:
    """The village does not count on this neighbour any more: its lamps show so since `at`, and must not be told the old
    word by the county. Who pressed again after that comes."""
    key = next(
        (
            r.key
            for r in incident.responders
            if r.name == name and r.answer == "coming" and r.key.startswith("site:") and not r.by and r.since < at
        ),
        "",
    )
    if not key or not life.may("late", incident.stage):
        return incident
    return answer(incident, key, name, "late", now)[0]


def taken_back(incident: Incident) -> tuple[str, ...]:
    """Events of keys whose answers an operator withdrew: the village, which counts keys itself, must know."""
    return tuple(e for r in incident.responders if r.answer == "withdrawn" and r.by for e in r.events)


def close(incident: Incident, by: str, how: str, now: datetime, seen_by: str = "", note: str = "") -> Change:
    """`by`: the operator; `how`: one of HOW_SEEN, "" only where nobody's body is at stake; `seen_by`: who saw them or
    spoke to them, "" the operator. Raises Refused."""
    if incident.closed_at is not None:
        raise Refused(*_closed(incident))
    if must_be_seen(incident.what, how):
        raise Refused(
            "办结前须有人见到他们，或已通话",
            "nobody closes this unseen: somebody saw them (arrived) or spoke to them (spoke_to)",
            "请选择“已见到人”或“已通话”再办结 · say how (arrived or spoke_to), and close again",
        )
    who = seen_by or by
    closed = replace(
        incident, closed_at=now, closed_by=who, closed_how=how, answer="closed", who=who, aver=incident.aver + 1
    )
    detail = {"who": who, "how": how, "by": by} | ({"note": note} if note else {})
    return closed, Entry(incident.id, now, "closed", detail)


def arriving(incident: Incident, site: str, name: str) -> tuple[str, str]:
    """(key, name) of who pressed "I am here" on a lamp. On the victim's own lamp it is the one who was on the way."""
    coming = [r for r in incident.responders if r.answer == "coming"]
    if site == incident.site and len(coming) == 1:
        return coming[0].key, coming[0].name
    return f"site:{site}", name


def told_once(timeline: Sequence[Entry]) -> list[Entry]:
    """Without what the gateway says of a key where the device's own signed word stands; each hides one."""
    signed = Counter((e.detail["device"], e.detail["answer"]) for e in timeline if _by_key(e))
    shown = []
    for entry in timeline:
        word = (str(entry.detail.get("subject", "")).partition(" ")[2], entry.detail.get("answer"))
        if entry.kind == "village_answer" and signed[word] > 0:
            signed[word] -= 1
        else:
            shown.append(entry)
    return shown


def _by_key(entry: Entry) -> bool:
    return entry.kind in ("answer", "answer_kept") and "device" in entry.detail


def settled(incident: Incident) -> Incident:
    """With the answer of the best who stand by it now."""
    if incident.merged_into:
        return incident  # its lamps show what the other's do
    standing = [r for r in incident.responders if r.answer in _RANK]
    if standing:
        best = max(_RANK[r.answer] for r in standing)
        leader = min((r for r in standing if _RANK[r.answer] == best), key=lambda r: r.at)
        said, who = _ON_THE_LAMP.get(leader.answer, leader.answer), leader.name
    else:
        said, who = "unanswered", ""
    if (said, who) == (incident.answer, incident.who):
        return incident
    return replace(incident, answer=said, who=who, aver=incident.aver + 1)


def _closed(incident: Incident) -> tuple[str, str]:
    return f"警情已由{incident.closed_by}办结", f"the incident was closed by {incident.closed_by}"


def _with_event(incident: Incident, event: str) -> Incident:
    events = (*incident.events, event)
    if len(events) > EVENTS_LISTED:
        events = (events[0], *events[2:])
    return replace(incident, events=events, rver=incident.rver + 1)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
