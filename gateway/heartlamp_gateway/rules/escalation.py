"""What the village does about an open incident, by the county's plan, whether the county is there or not.

A neighbour who is coming is shown, and ends no call to those on duty. Who is coming and does not arrive in time is not
coming any more. A silent alarm has no escalation here: nothing in the village may tell of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from heartlamp_protocol.escalation.decide import TAKEOVER_MS, State, course, decide
from heartlamp_protocol.escalation.decide import next_at as decide_next
from heartlamp_protocol.escalation.plan import BY_VILLAGE, DAY_MIN, DRILL, Target

from heartlamp_gateway.outputs.adapter import Order
from heartlamp_gateway.rules import incidents
from heartlamp_gateway.rules.model import Escalation, Incident, NoteWanted, Village

TELEPHONE = ("voice", "sms")
TAKEN = frozenset(("accepted", "coming", "arrived"))  # by a person at the county; what is closed is not here any more


def follow(village: Village, minute: int | None, now: int) -> Village:
    """Begins what has no escalation yet and ends those of closed incidents. `minute`: of the village's day, None where
    the box does not know the time; `now`: village clock, ms. The plan is asked once for each incident, for the hour in
    which it was opened: whom nobody was to be called for at night is not called for in the morning. Where the county
    made two incidents one, what was done for either stands. A plan that came or an hour that is known only later is
    asked then, for the hour of the opening."""
    known, none = village.escalations, village.uncalled
    after: dict[str, Escalation] = {}
    uncalled: set[str] = set()
    for incident in village.incidents.values():
        found = known.get(incident.id) or next((known[e] for e in incident.events if e in known), None)
        asked = found is not None or not none.isdisjoint((incident.id, *incident.events))
        if not asked and incident.what != "silent" and village.plan.version:
            then = None if minute is None else (minute - (now - incident.opened) // 60_000) % DAY_MIN
            path = course(village.plan, incident.what, village.group(incident.site), then)
            found = Escalation(path, incident.opened) if path else None
            asked = minute is not None  # else again when the box knows the time
        if found is not None:
            after[incident.id] = found
        elif asked:
            uncalled.add(incident.id)
    if after == known and uncalled == none:
        return village
    return replace(village, escalations=after, uncalled=frozenset(uncalled))


def advance(
    village: Village, now: int, county_away_ms: int, channels: frozenset[str]
) -> tuple[Village, list[Order], list[NoteWanted]]:
    """`now`: village clock, ms; `channels`: those that work. Returns what is to be done, each once, and what the county
    is to be told; after a kill the same orders have the same keys."""
    orders: list[Order] = []
    notes: list[NoteWanted] = []
    for id in list(village.escalations):
        village, lapsed = _lapse(village, id, now)
        notes += lapsed
        incident, found = village.incidents[id], village.escalations[id]
        since = max(0, now - found.opened)
        done, state = dict(found.done), _state(incident, found, channels, county_away_ms)
        for due in decide(found.course, state, since, "village", county_away_ms):
            times = done.get((due.step, due.target.id), (0, 0))[0]
            done[due.step, due.target.id] = (times + 1, since)
            for reach in due.reaches:
                plan = f"{found.course.version}{DRILL * incident.drill}"
                key = f"{id}/{plan}/{due.step}/{due.target.id}/{reach.channel}/{times}"
                orders.append(_order(village, incident, key, due.target, reach.channel, reach.address))
        if done != found.done:
            village = _with(village, id, replace(found, done=done))
    return village, orders, notes


def next_at(village: Village, now: int, county_away_ms: int, channels: frozenset[str]) -> int | None:
    """When time alone may make something due, village clock, ms; None: never."""
    times: list[int] = []
    for id, found in village.escalations.items():
        state = _state(village.incidents[id], found, channels, county_away_ms)
        soon = decide_next(found.course, state, max(0, now - found.opened), "village", county_away_ms)
        times += [found.opened + soon] if soon is not None else []
        times += [at + found.course.policy.lapse_ms for at in found.since.values()]
    return min((t for t in times if t > now), default=None)


def answered(village: Village, incident: str, target: str, answer: str) -> tuple[Village, list[NoteWanted]]:
    """Who is on duty answers "coming", "arrived" or "cannot"."""
    held = village.incident(incident)
    found = village.escalations.get(held.id) if held else None
    if held is None or found is None or found.course.target(target) is None or (target, answer) in found.duty:
        return village, []
    incident = held.id
    duty = (*(d for d in found.duty if d[0] != target), (target, answer))
    village = _with(village, incident, replace(found, duty=duty))
    word = "withdrawn" if answer == "cannot" else answer
    village, _ = incidents.press_key(village, incident, f"@{target}", word, "")
    return village, [NoteWanted(incident, "duty", f"{answer} {village.place('@' + target)}")]


def asked(village: Village, is_theirs: Callable[[str], bool]) -> tuple[str, str] | None:
    """(incident, target) of the newest call that somebody was asked to come to. `is_theirs(address)`: their number."""
    for id, found in sorted(village.escalations.items(), key=lambda e: -e[1].opened):
        for _, target in found.done:
            who = found.course.target(target)
            if who and any(reach.channel in TELEPHONE and is_theirs(reach.address) for reach in who.reaches):
                return id, target
    return None


def on_duty(village: Village, incident: str) -> tuple[tuple[str, str, str], ...]:
    """(target, name, last answer or "") of the persons whom the village's own steps call by telephone for this
    incident; who is at their side may answer for them. () where there is no such incident, or nobody."""
    held = village.incident(incident)
    found = village.escalations.get(held.id) if held else None
    if found is None:
        return ()
    said = dict(found.duty)
    ours = dict.fromkeys(t for s in found.course.policy.steps if s.owner == "village" for t in s.targets)
    targets = [target for id in ours if (target := found.course.target(id))]
    persons = [t for t in targets if any(r.channel in TELEPHONE for r in t.reaches)]
    return tuple((t.id, t.name, said.get(t.id, "")) for t in persons)


def is_wanted(village: Village, order: Order) -> bool:
    """Whether an order that has not begun is to be done: its incident is open, its step not over."""
    return _is_wanted(village, order, _reached)


def rings_on(village: Village, order: Order) -> bool:
    """Whether a call that rings is wanted still. A neighbour who comes holds back what has not begun, where the step
    waits for that; the telephone of who is on duty goes on ringing."""
    return _is_wanted(village, order, _reached_by_duty)


def not_begun(village: Village, order: Order) -> Village:
    """It was not wanted when its turn came. Where who was coming does not arrive it is due again: else nobody would
    ever be called by it."""
    incident = village.incident(order.incident)
    found = village.escalations.get(incident.id) if incident else None
    if incident is None or found is None or incident.drill != bool(order.drill):
        return village
    _, _, number, target, _, time = order.key.split("/")
    key, times = (int(number), target), int(time)
    often, at = found.done.get(key, (0, 0))
    if often != times + 1:
        return village
    done = {k: v for k, v in found.done.items() if k != key} | ({key: (times, at)} if times else {})
    return _with(village, incident.id, replace(found, done=done))


def target_of(order: Order) -> str:
    return order.key.split("/")[3]


def _is_wanted(village: Village, order: Order, reached: Callable[[Incident, Escalation], frozenset[str]]) -> bool:
    incident = village.incident(order.incident)
    found = village.escalations.get(incident.id) if incident else None
    if incident is None or found is None or incident.drill != bool(order.drill):
        return False
    _, _, number, target, *_ = order.key.split("/")
    step = next((s for s in found.course.policy.steps if s.n == int(number)), None)
    return step is not None and step.until not in reached(incident, found) and (target, "cannot") not in found.duty


def _lapse(village: Village, id: str, now: int) -> tuple[Village, list[NoteWanted]]:
    """Takes away who has been coming for too long."""
    incident, found = village.incidents[id], village.escalations[id]
    coming = [responder for responder, answer, _ in incident.responders if answer == "coming"]
    since = {responder: found.since.get(responder, now) for responder in coming}
    if since != found.since:
        village = _with(village, id, replace(found, since=since))
    notes: list[NoteWanted] = []
    for responder in coming:
        if now - since[responder] < found.course.policy.lapse_ms:
            continue
        village, told = incidents.press_key(village, id, responder, "withdrawn", "")
        now_found = village.escalations[id]
        if responder.startswith("@"):
            duty = tuple(d for d in now_found.duty if d[0] != responder[1:])
            village = _with(village, id, replace(now_found, duty=duty))
        key = f"{id} {responder} {since[responder]}"
        notes.append(NoteWanted(id, "lapsed", f"coming {village.place(responder)}", key=f"lapsed {key}"))
        if told:
            notes.append(NoteWanted(id, "answer", told, key=f"answer lapsed {key}"))
    return village, notes


def _state(incident: Incident, found: Escalation, channels: frozenset[str], county_away_ms: int) -> State:
    said = {target for target, answer in found.duty if answer == "cannot"}
    alone = county_away_ms >= TAKEOVER_MS
    ours = {t for step in found.course.policy.steps if alone or step.owner == "village" for t in step.targets}
    mute = {t.id for t in found.course.targets if t.id in ours and _is_mute(t, channels)}
    return State(_reached(incident, found), frozenset(said), frozenset(mute), found.done)


def _is_mute(target: Target, channels: frozenset[str]) -> bool:
    """The village has a way to them, and none of these works."""
    ways = {reach.channel for reach in target.reaches} & set(BY_VILLAGE)
    return bool(ways) and not ways & channels


def _reached(incident: Incident, found: Escalation) -> frozenset[str]:
    """By anybody."""
    words = [incident.county, *(answer for _, answer, _ in incident.responders)]
    return _milestones(words) | _reached_by_duty(incident, found)


def _reached_by_duty(incident: Incident, found: Escalation) -> frozenset[str]:
    """By who is on duty, and a person at the county's screen."""
    words = [answer for _, answer in found.duty]
    if incident.county in TAKEN and not incident.county_by:
        words.append(incident.county)
    accepted = frozenset(("accepted",) if any(word != "cannot" for word in words) else ())
    return accepted | _milestones(words)


def _milestones(words: Sequence[str]) -> frozenset[str]:
    reached: set[str] = set()
    if "coming" in words or "arrived" in words:
        reached.add("coming")
    if "arrived" in words:
        reached.add("arrived")
    return frozenset(reached)


def _order(village: Village, incident: Incident, key: str, target: Target, channel: str, address: str) -> Order:
    place, group = village.place(incident.site), village.group(incident.site)
    drill = int(incident.drill)
    return Order(key, channel, address, incident.id, incident.what, place, group, target.name, target.lang, drill)


def _with(village: Village, id: str, escalation: Escalation) -> Village:
    escalations: Mapping[str, Escalation] = {**village.escalations, id: escalation}
    return replace(village, escalations=escalations)
