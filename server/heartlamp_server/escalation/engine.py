"""What the county has to do about one open incident now. Pure: the rule is protocol's decide(), which the village runs
too; here is what the county knows for it. Times are the database's."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from heartlamp_protocol.escalation.decide import Course, Due, State, decide, next_at
from heartlamp_protocol.escalation.plan import DRILL

from heartlamp_server.incident import handover, life
from heartlamp_server.incident.model import Incident

ME = "county"
Done = Mapping[tuple[int, str], tuple[int, int]]
"""(step, target) -> (how often, ms since the incident was opened when it was last begun), by whichever side."""


@dataclass(frozen=True, slots=True)
class Turn:
    """`due`: to be called now; `late`: keys of responders who are not counted on any more; `look_at`: when time alone
    may make something due again, None never."""

    due: tuple[Due, ...] = ()
    late: tuple[str, ...] = ()
    look_at: datetime | None = None
    done: Done = field(default_factory=dict)


def reached(incident: Incident, now: datetime) -> frozenset[str]:
    """The milestones that stand now, each for itself. A neighbour's green key is no acceptance by who is on duty. A
    hand-over that was offered is nothing; one that was taken is all of them for a while."""
    if incident.stage in (*life.AFTERWARDS, *life.ENDED, life.MERGED) or handover.held(incident, now):
        return frozenset(("accepted", "coming", "arrived", "closed"))
    found = set()
    for responder in incident.responders:
        if responder.answer in ("accepted", "taken", "coming", "arrived") and not responder.key.startswith("site:"):
            found.add("accepted")
        if responder.answer in ("coming", "arrived"):
            found.add("coming")
        if responder.answer == "arrived":
            found.add("arrived")
    return frozenset(found)


def over(course: Course, incident: Incident, now: datetime) -> frozenset[int]:
    """Steps that were begun or waited for, and have what they were for."""
    standing = reached(incident, now)
    return frozenset(s.n for s in course.policy.steps if s.until in standing or "closed" in standing)


def late(incident: Incident, lapse_ms: int, now: datetime) -> tuple[str, ...]:
    """Keys of who said that they were coming, and are not there `lapse_ms` later."""
    lapse = timedelta(milliseconds=lapse_ms)
    if incident.stage not in life.CALLING:
        return ()
    return tuple(r.key for r in incident.responders if r.answer == "coming" and now - r.since >= lapse)


def turn(
    course: Course,
    incident: Incident,
    done: Done,
    now: datetime,
    village_away_ms: int,
    cannot: frozenset[str] = frozenset(),
    mute: frozenset[str] = frozenset(),
) -> Turn:
    """`cannot`: targets who said so; `mute`: to whom no way seems to lead, or who are not at their post; they are tried
    all the same, and nobody is waited for. What is due stands in its `done`: to be kept in the same transaction."""
    lapse = course.policy.lapse_ms
    gone = late(incident, lapse, now)
    standing = reached(_without(incident, gone), now)
    since = round((now - incident.opened_at).total_seconds() * 1000)
    state = State(standing, cannot, mute, done)
    due = decide(course, state, since, ME, village_away_ms)
    after = dict(done)
    for each in due:
        key = (each.step, each.target.id)
        after[key] = (after.get(key, (0, 0))[0] + 1, since)
    again = next_at(course, State(standing, cannot, mute, after), since, ME, village_away_ms)
    looks = [incident.opened_at + timedelta(milliseconds=again)] if again is not None else []
    looks += [
        r.since + timedelta(milliseconds=lapse)
        for r in incident.responders
        if r.answer == "coming" and r.key not in gone and incident.stage in life.CALLING
    ]
    looks += handover.held_until(incident, now)
    return Turn(tuple(due), gone, min(looks, default=None), after)


def _without(incident: Incident, keys: tuple[str, ...]) -> Incident:
    if not keys:
        return incident
    return replace(incident, responders=tuple(r for r in incident.responders if r.key not in keys))


def by_village(
    done: Done, cannot: frozenset[str], subject: str, since_ms: int, drill: bool = False
) -> tuple[Done, frozenset[str]]:
    """With what a village's note of a step says: `<version>/<step>/<target>/<channel>/<time> <state> …`, as
    docs/protocol.md has it in §8. `since_ms`: when, since the incident was opened; `drill`: whether it is one now. What
    is no such note, or was done for a drill that is real by now, changes nothing."""
    key, _, rest = subject.partition(" ")
    parts = key.split("/")
    if len(parts) != 5 or not parts[1].isdigit() or not parts[4].isdigit() or parts[0].endswith(DRILL) != drill:
        return done, cannot
    state, target = rest.partition(" ")[0], parts[2]
    step, times = (int(parts[1]), target), int(parts[4]) + 1
    often, _ = done.get(step, (0, 0))
    if times > often:
        done = {**done, step: (times, since_ms)}
    return done, cannot | {target} if state == "cannot" else cannot
