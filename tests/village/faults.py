"""The fault matrix: processes killed at random moments while presses flow, and what must hold afterwards."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.village.hops import calls
from tests.village.journal import Seen
from tests.village.rig import Rig

TARGETS = ("broker", "gateway", "server", "postgres", "board")


@dataclass
class Run:
    """What was done. `stored`: the events that a device had in its flash, each with its site."""

    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    stored: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def kill_while_pressing(rig: Rig, targets: tuple[str, ...], kills_each: int, seed: int) -> Run:
    """Presses red keys at random and kills each of `targets` `kills_each` times at random moments; then waits until
    every device holds its receipts."""
    run, dice, since = Run(seed), random.Random(seed), rig.journal.mark()
    ended = threading.Event()
    keys = [(h, kind) for h in rig.houses() for kind in ("button", "lamp")]
    press_dice = random.Random(seed + 1)

    def press() -> None:
        while not ended.is_set():
            house, kind = press_dice.choice(keys)
            rig.press(house.device(kind), hold=press_dice.uniform(0.02, 0.12))
            ended.wait(press_dice.uniform(0.02, 0.4))

    presser = threading.Thread(target=press, name="presser")
    presser.start()
    order = [t for t in targets for _ in range(kills_each)]
    dice.shuffle(order)
    try:
        for target in order:
            ended.wait(dice.uniform(0.1, 1.5))  # the random moment is the test's input
            _kill(rig, target, dice)
            run.kills[target] += 1
    finally:
        ended.set()
        presser.join()
    site = {h.device(k): h.site for h in rig.houses() for k in h.kinds}
    # A key may bounce into an event after the last release; what counts is what a device has stored.
    for seen in rig.journal.all(lambda s: s.what == "stored", since):
        run.stored[str(seen.fields["event"])] = site[seen.source]
    _await_receipts(rig, run, since)
    return run


def _kill(rig: Rig, target: str, dice: random.Random) -> None:
    village = dice.choice(list(rig.villages.values()))
    if target == "broker":
        village.broker.kill()
    elif target == "gateway":
        village.gateway.kill()
    elif target == "server":
        rig.server.kill()
    elif target == "postgres":
        try:
            rig.kill_postgres()
        except (OSError, ValueError, IndexError):
            pass  # it was down already: the kill before this one
    else:
        rig.restart_board(dice.choice(list(rig.boards)))


def _await_receipts(rig: Rig, run: Run, since: int, seconds: float = 120) -> None:
    missing = set(run.stored)
    deadline = time.monotonic() + seconds
    position = since
    while missing and time.monotonic() < deadline:
        here = rig.journal.mark()
        for seen in rig.journal.all(lambda s: s.what == "received", position):
            missing.discard(str(seen.fields.get("event")))
        position = here
        if missing:
            try:
                rig.journal.wait(lambda s: s.what == "received", position, 5)
            except TimeoutError:
                continue
    run.problems += [
        f"{event} of {run.stored[event]} has no `received` after {seconds:g} s" for event in sorted(missing)
    ]


def check(rig: Rig, run: Run) -> None:
    """Pressed = stored = shown, every event in exactly one incident, no lamp that lies. Adds to `run.problems`."""
    seat = rig.command_centre()
    where: Counter[str] = Counter()
    open_incidents: dict[str, str] = {}
    for state in ("open", "closed"):
        for card in seat.incidents(state)["incidents"]:
            detail = seat.incident(card["id"])
            events = detail["events"]
            where.update(events)
            if len(events) != card["presses"]:
                run.problems.append(f"{card['id']} says {card['presses']} presses and holds {len(events)} events")
            if state == "open":
                open_incidents[card["id"]] = card["site"]["id"]
    for event in run.stored:
        if where[event] != 1:
            run.problems.append(f"{event} is in {where[event]} incidents")
    shown = {
        s.fields["id"]: s.fields["presses"]
        for s in rig.journal.all(lambda s: s.source == "feed" and "presses" in s.fields)
    }
    for incident in open_incidents:
        if incident not in shown:
            run.problems.append(f"{incident} was never on the console's feed")
    _check_lamps(rig, run, open_incidents)


def _check_lamps(rig: Rig, run: Run, open_incidents: dict[str, str]) -> None:
    """No lamp may say more than was so; and in the end each house's lamp shows its own open incident."""
    known = set(run.stored) | set(open_incidents)
    for seen in rig.journal.all(lambda s: s.what == "show"):
        for incident, call in {**calls(seen, "own"), **calls(seen, "near")}.items():
            if incident not in known:
                run.problems.append(f"{seen.source} shows {incident}, which nobody pressed")
            if call.get("answer") in ("accepted", "coming", "arrived"):
                run.problems.append(f"{seen.source} says {call['answer']} of {incident}; nobody answered")
    for incident, site in open_incidents.items():
        lamp = next(h.device("lamp") for h in rig.houses() if h.site == site)

        def tells(s: Seen, lamp: str = lamp, incident: str = incident) -> bool:
            return s.source == lamp and s.what == "show" and incident in calls(s, "own") and bool(s.fields["received"])

        try:
            rig.journal.wait(tells, seconds=30, why=f"{lamp} to show {incident} as received")
        except TimeoutError as error:
            run.problems.append(str(error))
