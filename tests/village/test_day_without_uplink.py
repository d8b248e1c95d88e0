"""A day without the county, and its return: the real gateway, Mosquitto, the county's server and PostgreSQL.

What this leaves out: between two moments at which something happens the gateway's machine sleeps (hurried.py), so that
nothing here has run for a day; and the modem is a stand-in on D-Bus.
"""

import json
import random
import time
from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.gateway.rig.waiting import until
from tests.village import day
from tests.village.cut_off import CutOff
from tests.village.day import DAY, HOUR, MINUTE, Deed

LATE_MS = 15_000  # less than the takeover, which must not hide in it
ON_THE_WAY = timedelta(minutes=1)  # what a batch may take on a machine that does ten other things
ALARMS_S = 5.0
DRAIN_S = 120.0


@pytest.fixture
def seed() -> int:
    made = random.SystemRandom().randrange(2**32)
    print("seed", made)
    return made


@pytest.mark.prove
@pytest.mark.timeout(240)
def test_a_day_with_few_alarms_is_in_the_county_once_whatever_is_killed_on_the_way(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    with CutOff(tmp_path, beat_ms=HOUR) as cut:
        cut.play(day.script(dice, alarms=10))
        steps_are_on_time(cut)
        nothing_of_a_silent_alarm_is_in_the_village(cut)
        cut.side.uplink.mend()
        until("the county has the first of it", lambda: cut.sql("SELECT id FROM event"), DRAIN_S)
        for _ in range(2):
            killed_on_the_way(cut, dice)
        drained(cut)
        the_alarms_came_first(cut)
        the_county_knows_when(cut)
        the_county_has_it_once(cut)


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_a_day_with_50_alarms_and_10_000_readings(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    with CutOff(tmp_path, beat_ms=MINUTE) as cut:
        deeds = day.script(dice, alarms=50)
        assert sum(deed.do == "press" for deed in deeds) == 50
        noon = next(at for at in range(DAY // 2, DAY, 10 * MINUTE) if quiet(deeds, at))
        cut.play([deed for deed in deeds if deed.at < noon], until_ms=noon)
        cut.kill_gateway()
        cut.play([deed for deed in deeds if deed.at >= noon])
        steps_are_on_time(cut)
        nothing_of_a_silent_alarm_is_in_the_village(cut)
        events, readings = len(cut.done.events), sum(cut.done.readings.values())
        assert readings >= 10_000
        began = time.monotonic()
        cut.side.uplink.mend()
        until("all events in the county", lambda: len(cut.sql("SELECT id FROM event")) == events, DRAIN_S)
        took = time.monotonic() - began
        drained(cut)
        rate = readings / (time.monotonic() - began)
        print(f"{events} events in {took:.2f} s; {readings} readings, {rate:.0f} a second")
        assert took <= ALARMS_S
        the_alarms_came_first(cut)
        the_county_knows_when(cut)
        the_county_has_it_once(cut)

        cut.side.uplink.cut()
        for house in range(5, 9):
            device = cut.device(f"buttonday{house}")
            cut.press(device, (f"day-{house}", "panic"))
            cut.speak(100, every=MINUTE)
        cut.side.uplink.mend()
        for _ in range(6):
            killed_on_the_way(cut, dice)
        drained(cut)
        the_county_has_it_once(cut)


# --- what must hold


def quiet(deeds: list[Deed], at: int) -> bool:
    """Nothing is going on then."""
    return not any(deed.at - MINUTE < at < deed.at + day.LAST for deed in deeds if deed.call[1] != "silent")


def steps_are_on_time(cut: CutOff) -> None:
    """By a reckoning of its own, each step of each incident, and nothing else."""
    wanted = {(c.incident, key): c.opened + ms for c in cut.done.courses.values() for ms, key in c.due()}
    assert wanted.keys() == cut.done.steps.keys()
    late = sorted(at - wanted[key] for key, at in cut.done.steps.items())
    print(f"{len(late)} steps, late by {late[len(late) // 2]} ms (median), {late[-1]} ms at most")
    assert late[0] >= 0
    assert late[-1] <= LATE_MS


def nothing_of_a_silent_alarm_is_in_the_village(cut: CutOff) -> None:
    silent = {event for event, call in cut.done.matters.items() if call[1] == "silent"}
    assert silent
    assert not any(incident in silent for _, _, incident, _, _ in cut.done.notes)
    assert not any(incident in silent for (incident,) in cut.disk("SELECT incident FROM escalation"))
    shown = "\n".join(json.dumps(device.lamps) for device in cut.devices())
    log = cut.log.read_text(errors="replace")
    assert not [event for event in silent if event in shown or event in log]


def killed_on_the_way(cut: CutOff, dice: random.Random) -> None:
    """The server and the gateway, and sometimes PostgreSQL, at moments that nobody chose."""
    time.sleep(dice.uniform(0, 0.4))
    if dice.random() < 0.3:
        cut.rig.kill_postgres()
    cut.rig.server.kill()
    time.sleep(dice.uniform(0, 0.2))
    cut.kill_gateway()
    cut.rig.wait_server(60)


def drained(cut: CutOff) -> None:
    until("nothing waits", lambda: cut.waiting() == (0, 0), DRAIN_S)


def the_alarms_came_first(cut: CutOff) -> None:
    """By the numbers that PostgreSQL gave to the transactions."""
    (last,) = cut.sql("SELECT max(xmin::text::bigint) FROM event")[0]
    (before,) = cut.sql("SELECT count(*) FROM reading WHERE xmin::text::bigint < %s", last)[0]
    assert before == 0, f"{before} values of readings came before the last event"


def the_county_knows_when(cut: CutOff) -> None:
    """No frame carries a clock: of each event the county has its age."""
    rows = cut.sql("SELECT id, observed_at FROM event")
    began = [seen - timedelta(milliseconds=cut.done.at[id]) for id, seen in rows]
    assert max(began) - min(began) < ON_THE_WAY


def the_county_has_it_once(cut: CutOff) -> None:
    cut.look()
    every_event_is_in_its_incident(cut)
    every_line_of_the_village_is_on_its_timeline(cut)
    every_reading_is_there(cut)


def every_event_is_in_its_incident(cut: CutOff) -> None:
    done = cut.done
    rows = cut.sql("SELECT id, incident, verified FROM event")
    assert {id: incident for id, incident, _ in rows} == done.events
    assert all(verified for _, _, verified in rows)
    incidents = cut.sql("SELECT site, what, id, presses, events, cancelled, lit_of FROM incident")
    assert {(site, what): id for site, what, id, *_ in incidents} == done.calls
    assert len(incidents) == len(done.calls)
    pressed = Counter(done.matters[event] for event in done.pressed)
    for site, what, id, presses, events, cancelled, lit_of in incidents:
        assert presses == pressed[site, what]
        assert sorted(events) == sorted(event for event, incident in done.events.items() if incident == id)
        assert cancelled == ((site, what) in done.cancelled), f"{site} {what} is cancelled: {cancelled}"
        assert what != "silent" or not lit_of


def every_line_of_the_village_is_on_its_timeline(cut: CutOff) -> None:
    """As often as the gateway's disk has it, when it was, and so in order."""
    told = ("step", "duty", "lapsed", "answer")
    ours = [(incident, what, subject) for _, _, incident, what, subject in cut.done.notes if what in told]
    theirs = cut.sql("SELECT incident, what, subject FROM note WHERE what = ANY(%s)", list(told))
    assert Counter(theirs) == Counter(ours)
    lines = defaultdict(list)
    for incident, kind, at, detail in cut.sql(
        "SELECT incident, kind, at, detail FROM timeline ORDER BY incident, kind <> 'opened', at, id"
    ):
        lines[incident].append((kind, at, detail))
    for call, incident in cut.done.calls.items():
        kinds = [kind for kind, _, _ in lines[incident]]
        steps = [line for line in lines[incident] if line[0] == "village_step"]
        assert kinds.count("opened") == 1
        assert kinds[0] == "opened"
        assert kinds.count("press") == sum(cut.done.matters[e] == call for e in cut.done.pressed) - 1
        if call[1] == "silent":
            assert set(kinds) <= {"opened", "press"}
        opened = lines[incident][0][1]
        by = defaultdict(list)
        for kind, at, detail in lines[incident]:
            by[kind.removeprefix("village_"), detail.get("subject", "")].append(
                (at - opened) / timedelta(milliseconds=1)
            )
        since = cut.done.at[incident]
        for _, at, of, what, subject in cut.done.notes:
            if of == incident and what in told:
                assert min(abs(ms - (at - since)) for ms in by[what, subject]) < LATE_MS, f"{incident}: {subject}"
        if call in cut.done.courses:
            due = {key: ms for ms, key in cut.done.courses[call].due()}
            keys = [detail["subject"].partition(" ")[0].partition("/")[2] for _, _, detail in steps]
            order = [due[key] for key in dict.fromkeys(keys)]
            assert all(a <= b + LATE_MS for a, b in pairwise(order)), f"{incident}: {keys}"


def every_reading_is_there(cut: CutOff) -> None:
    rows = cut.sql(
        "SELECT device, count(*), count(DISTINCT (boot, seq)) FROM reading WHERE name = 'temp_mc' GROUP BY 1"
    )
    assert {device: many for device, many, _ in rows} == cut.done.readings
    assert all(many == different for _, many, different in rows)
    ((names, first, last),) = cut.sql("SELECT count(DISTINCT name), min(at), max(at) FROM reading")
    assert (names, last - first > timedelta(hours=22)) == (5, True)
