"""Who is called when, if nobody answers: the same decide() that village and county run, in virtual time. Pure."""

from dataclasses import dataclass, replace

from heartlamp_protocol.escalation.decide import Course, State, decide, next_at
from heartlamp_protocol.escalation.plan import OWNERS

MOST = 500


@dataclass(frozen=True, slots=True)
class Call:
    """`at_s`: since the call for help; `owner`: who makes it; `times`: the how-manieth to this target in this step."""

    at_s: int
    owner: str
    step: int
    target: str
    name: str
    channels: tuple[str, ...]
    times: int


def calls(course: Course, until_s: int, cannot: frozenset[str] = frozenset()) -> list[Call]:
    """In order, at most MOST. `cannot`: targets who say so as soon as they are called."""
    state, now, found = State(), 0, list[Call]()
    while now <= until_s * 1000 and len(found) < MOST:
        for me in OWNERS:
            for due in decide(course, state, now, me, 0):
                often, _ = state.done.get((due.step, due.target.id), (0, 0))
                state = replace(state, done={**state.done, (due.step, due.target.id): (often + 1, now)})
                channels = tuple(reach.channel for reach in due.reaches)
                found.append(Call(now // 1000, me, due.step, due.target.id, due.target.name, channels, often + 1))
        said = cannot & {call.target for call in found}
        if not said <= state.cannot:
            state = replace(state, cannot=state.cannot | said)
            continue
        later = [at for me in OWNERS if (at := next_at(course, state, now, me, 0)) is not None]
        if not later:
            break
        now = min(later)
    return found[:MOST]
