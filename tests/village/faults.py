"""The fault matrix: processes killed at random moments while presses flow, and what must hold afterwards."""

import contextlib
import random
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from heartlamp_protocol.device.limits import CALLS_MAX

from tests.village.command_centre import CommandCentre
from tests.village.hops import calls, on_feed
from tests.village.journal import Seen
from tests.village.plan import House
from tests.village.presser import Press, Presser, swallowed
from tests.village.rig import Rig

TARGETS = ("broker", "gateway", "server", "postgres", "board")


@dataclass
class Run:
    """What was done. `presses`: what fingers did; `stored`: the events that a device had in its flash, each with its
    site."""

    seed: int
    presses: list[Press] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    stored: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def kill_while_pressing(rig: Rig, targets: tuple[str, ...], kills_each: int, seed: int) -> Run:
    """Presses red keys at random and kills each of `targets` `kills_each` times at random moments; then waits until
    every device holds its receipts."""
    run, dice, since = Run(seed), random.Random(seed), rig.journal.mark()
    presser = Presser(rig, seed + 1)
    presser.start()
    order = [t for t in targets for _ in range(kills_each)]
    dice.shuffle(order)
    try:
        for target in order:
            time.sleep(dice.uniform(0.1, 1.5))  # the random moment is the test's input
            _kill(rig, target, dice, presser)
            run.kills[target] += 1
    finally:
        presser.stop()
    run.presses = presser.presses
    noticed = _await_stored(rig, run, since)
    _await_receipts(rig, run, since)
    _check_presses(rig, run, since, noticed)
    return run


def _await_stored(rig: Rig, run: Run, since: int, seconds: float = 30) -> dict[str, str]:
    """Reads what devices have stored. A key may bounce into an event after the last release, so that counts. Returns
    what boards that lived all the while noticed, event -> device: it is in their flash a moment later."""
    site = {h.device(k): h.site for h in rig.houses() for k in h.kinds}
    end = {p.device: rig.boards[p.device].pid for p in run.presses}
    unhurt = end.keys() - {p.device for p in run.presses if p.pid != end[p.device]}
    noticed = {
        str(s.fields["event"]): s.source
        for s in rig.journal.all(lambda s: s.what == "pressed", since)
        if s.source in unhurt
    }
    deadline = time.monotonic() + seconds
    while True:
        here = rig.journal.mark()
        for seen in rig.journal.all(lambda s: s.what == "stored", since):
            run.stored[str(seen.fields["event"])] = site[seen.source]
        if noticed.keys() <= run.stored.keys() or time.monotonic() > deadline:
            return noticed
        with contextlib.suppress(TimeoutError):
            rig.journal.wait(lambda s: s.what == "stored", here, 5)


def _kill(rig: Rig, target: str, dice: random.Random, presser: Presser) -> None:
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
        device = dice.choice(list(rig.boards))
        rig.boards[device].kill()
        presser.off(device)  # until it says that it has booted
        rig.boards[device].start()


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


def _check_presses(rig: Rig, run: Run, since: int, noticed: dict[str, str]) -> None:
    """What a finger did to a running board is an event, and what a board noticed is in its flash."""
    for press in swallowed(run.presses, rig.journal.all(lambda s: s.source in rig.boards, since)):
        run.problems.append(f"{press.device} (process {press.pid}) was pressed at {press.at} and did not notice")
    run.problems += [
        f"{device} noticed {event} and did not store it" for event, device in noticed.items() if event not in run.stored
    ]


def check(rig: Rig, run: Run, seat: CommandCentre) -> None:
    """Pressed = stored = shown, every event in exactly one incident, no lamp that lies, and no part that ended by
    itself. `seat` followed the feed all the while. Nobody pressed green or answered. Adds to `run.problems`."""
    rig.wait_server()  # the last kill may have been its own
    where: Counter[str] = Counter()
    cards = seat.incidents()["incidents"]
    for card in cards:
        events = seat.incident(card["id"])["events"]
        where.update(events)
        if len(events) != card["presses"]:
            run.problems.append(f"{card['id']} says {card['presses']} presses and holds {len(events)} events")
        try:
            on_feed(rig.journal, card["id"], 0, card["presses"])
        except TimeoutError as error:
            run.problems.append(str(error))
    for event in run.stored:
        if where[event] != 1:
            run.problems.append(f"{event} is in {where[event]} incidents")
    _check_receipts(rig, run)
    _check_lamps(rig, run, {card["id"]: card for card in cards})
    _check_parts(rig, run)


def _check_receipts(rig: Rig, run: Run) -> None:
    """What a device heard is on its gateway's disk."""
    kept: set[str] = set()
    for village in rig.villages.values():
        with contextlib.closing(sqlite3.connect(f"file:{village.folder}/data/alarms.db?mode=ro", uri=True)) as disk:
            kept.update(event for (event,) in disk.execute("SELECT event FROM outbox WHERE frame IS NOT NULL"))
    for seen in rig.journal.all(lambda s: s.what == "heard"):
        if seen.fields["event"] in run.stored and seen.fields["event"] not in kept:
            run.problems.append(
                f"{seen.source} heard of {seen.fields['event']}, which its gateway's disk does not have"
            )


def _check_lamps(rig: Rig, run: Run, cards: dict[str, dict[str, Any]]) -> None:
    """No lamp may say more than was so; and in the end each shows the open calls of its house and group."""
    known = set(run.stored) | set(cards)
    opened = {id: datetime.fromisoformat(card["opened_at"]).timestamp() * 1e9 for id, card in cards.items()}
    for seen in rig.journal.all(lambda s: s.what == "show"):
        own = calls(seen, "own")
        for incident, call in {**own, **calls(seen, "near")}.items():
            if incident not in known:
                run.problems.append(f"{seen.source} shows {incident}, which nobody pressed")
            if call.get("answer") in ("accepted", "coming", "arrived"):
                run.problems.append(f"{seen.source} says {call['answer']} of {incident}; nobody answered")
        if len(own) == 1 and seen.fields["received"] and seen.at < opened.get(next(iter(own)), 0):
            run.problems.append(f"{seen.source} says `received` of {[*own]} before the county had it")
    for house in rig.houses():
        _await_lamp(rig, run, house, {id: str(card["site"]["id"]) for id, card in cards.items()})


def _await_lamp(rig: Rig, run: Run, house: House, site_of: dict[str, str]) -> None:
    """Until this house's lamp shows the open incidents (id -> site) that are its own, and its group's."""
    lamp = house.device("lamp")
    group = {h.site for h in rig.houses() if (h.village, h.group) == (house.village, house.group)} - {house.site}
    own = {id for id, site in site_of.items() if site == house.site}
    near = {id for id, site in site_of.items() if site in group}

    def tells(s: Seen) -> bool:
        if s.source != lamp or s.what != "show" or (own and not s.fields["received"]):
            return False
        mine, others = set(calls(s, "own")), set(calls(s, "near"))
        if len(own) + len(near) > CALLS_MAX:  # which of the others are the newest, only the gateway can tell
            return mine == own and others < near and len(own) + len(others) == CALLS_MAX
        return mine == own and others == near

    here = rig.journal.mark()
    shown = rig.journal.all(lambda s: s.source == lamp and s.what == "show")
    if shown and tells(shown[-1]):
        return
    try:
        rig.journal.wait(tells, here, seconds=30, why=f"{lamp} to show {sorted(own)} as received, and {sorted(near)}")
    except TimeoutError as error:
        last = rig.journal.all(lambda s: s.source == lamp and s.what == "show")[-1:]
        run.problems.append(f"{error}; it last showed {[[*calls(s, 'own'), *calls(s, 'near')] for s in last]}")


def _check_parts(rig: Rig, run: Run) -> None:
    """Whoever ended without being killed had a fault of its own, however well its keeper hid it."""
    parts = [rig.server, *(p for v in rig.villages.values() for p in (v.broker, v.gateway))]
    for part in parts:
        if part.starts > 1 + part.kills:
            run.problems.append(f"{part.name} ended by itself {part.starts - 1 - part.kills} times:\n{part.tail()}")
    run.problems += [f"the board {device} ended by itself" for device, b in rig.boards.items() if not b.running]
