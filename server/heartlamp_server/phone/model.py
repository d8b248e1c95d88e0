"""An act that may have waited on a phone: how old it is, and whether it still changes the incident. Pure.

A lamp says what is so now. Who tapped «I go» in a valley without a signal and is heard of a quarter of an hour later
may long have turned back: that is a line of the timeline, with the time it was said, and nothing that a lamp shows.

A phone's clock is believed in nothing but a difference, and there in the direction that costs least: of two ages the
greater counts, and an age that nobody knows is too old.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from heartlamp_server.incident import acts
from heartlamp_server.incident.model import Change, Entry, Incident, Refused, answer

FRESH = {"coming": timedelta(minutes=5), "arrived": timedelta(minutes=30)}
"""How old such a word may be. `coming`: half of what the default policy gives somebody to arrive in; `arrived`: they
were there, and may have gone again. The others promise nothing, and are taken at any age."""
AGE_MAX = timedelta(days=30)
TAKEN, NOTED = "taken", "noted"


@dataclass(frozen=True, slots=True)
class Act:
    """`what`: coming, arrived, handled, cannot, withdrawn; `words`: what was done; `age`: None where nobody knows."""

    incident: str
    what: str
    words: str
    age: timedelta | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """`state`: TAKEN or NOTED; `why`: it is only noted, "中文 · English"."""

    state: str
    change: Change
    why: str = ""


def age(made_ms: int, sent_ms: int | None, ticks_ms: int | None) -> timedelta | None:
    """How long ago it was said, when it is sent.

    `made_ms`, `sent_ms`: the phone's clock then and now, None: it was set back since; `ticks_ms`: by a clock that
    nobody can set but that may stand while the phone sleeps, None: the page was started anew since."""
    wall = None if sent_ms is None or sent_ms < made_ms else sent_ms - made_ms
    known = [ms for ms in (wall, ticks_ms) if ms is not None]
    if not known:
        return None
    found = timedelta(milliseconds=max(known))
    return found if found <= AGE_MAX else None


def take(incident: Incident, said: Act, person: str, display: str, now: datetime) -> Outcome:
    """`person`: the account; `display`: its name on lamps and timelines."""
    # Kept at the time it was said: what was tapped after it, and came with it, is the newer word.
    at = max(now - said.age, incident.opened_at) if said.age is not None else now
    key = f"person:{display}"
    try:
        _still_so(incident, said, key, at)
        if said.what == "handled":
            change = acts.handle(incident, said.words, display, at)
        else:
            change = answer(incident, key, display, said.what, at, person, said.words)
    except Refused as why:
        return Outcome(NOTED, (incident, _kept(incident, said, display, str(why), at)), str(why))
    changed, entry = change
    detail = entry.detail | {"operator": person, "by": display}
    return Outcome(TAKEN, (changed, replace(entry, detail=detail)))


def _still_so(incident: Incident, said: Act, key: str, at: datetime) -> None:
    """Raises Refused where it is too old, or where there is a newer word of the same person."""
    most = FRESH.get(said.what)
    if most is not None and said.age is None:
        raise Refused("不知道是什么时候按的", "nobody knows when it was said")
    if most is not None and said.age is not None and said.age > most:
        minutes = round(said.age.total_seconds() / 60)
        raise Refused(f"{minutes} 分钟前按的，现在才送到", f"it was said {minutes} minutes ago and came only now")
    before = next((r for r in incident.responders if r.key == key), None)
    if before is not None and before.at > at:
        raise Refused("此后另有应答", "there is a newer answer")


def _kept(incident: Incident, said: Act, display: str, why: str, at: datetime) -> Entry:
    detail = {"who": display, "answer": said.what, "reason": why} | ({"note": said.words} if said.words else {})
    return Entry(incident.id, at, "answer_kept", detail)
