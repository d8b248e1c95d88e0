"""The county's escalation on a real database: three workers, killed at random moments, do each step once."""

import asyncio
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from heartlamp_protocol.escalation.decide import Course
from heartlamp_server.database.pool import Database
from heartlamp_server.device.vault import Vault
from heartlamp_server.escalation.worker import Around, Escalation, Village
from heartlamp_server.incident.model import Incident

from tests.server import escalating
from tests.server.county import WAIT_SECONDS, County
from tests.server.escalating import COURSE

WORKERS = 3


class Workers:
    def __init__(self, address: str) -> None:
        self._address = address
        self._running: list[subprocess.Popen[str]] = []

    def start(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.server.escalating", self._address], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        self._running.append(process)

    def kill(self, n: int) -> None:
        process = self._running.pop(n)
        process.kill()
        process.wait()

    def end(self) -> None:
        while self._running:
            self.kill(0)


@pytest.fixture
def workers(new_database: Callable[[], str], tmp_path: Path) -> Iterator[tuple[County, Workers]]:
    county = County(tmp_path, new_database())
    county.make()
    county.start()
    county.sql("CREATE TABLE called (incident text, step int, target text, time int, at timestamptz DEFAULT now())")
    made = Workers(county.conninfo)
    try:
        yield county, made
    finally:
        made.end()
        county.stop()


@contextmanager
def before_any_worker(county: County) -> Iterator[None]:
    """Until the end of this no worker takes a course, and after it the county's own is gone: it would take the real
    policy's."""
    with psycopg.connect(county.conninfo) as conn:
        conn.execute("LOCK TABLE course IN ACCESS EXCLUSIVE MODE")
        yield
        county.kill()


def wanted(incident: str) -> Counter[tuple[str, int, str, int]]:
    """If nobody answers: every target of every step, as often as it is to be called."""
    return Counter(
        (incident, step.n, target, time)
        for step in COURSE.policy.steps
        for target in step.targets
        for time in range(step.times if step.again_ms else 1)
    )


def called(county: County) -> Counter[tuple[str, int, str, int]]:
    return Counter((i, s, t, n) for i, s, t, n in county.sql("SELECT incident, step, target, time FROM called"))


@pytest.mark.prove
def test_three_workers_that_are_killed_do_each_step_once(workers: tuple[County, Workers]) -> None:
    county, crew = workers
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    village = county.village(houses=6)
    for _ in range(WORKERS):
        crew.start()
    pressed = [village.keys[n].press() for n in range(6)]
    with before_any_worker(county):
        village.send(*pressed)
    for _ in range(8):
        time.sleep(dice.uniform(0.1, 0.6))  # the random moment is the test's input
        crew.kill(dice.randrange(WORKERS))
        crew.start()
    everything = sum((wanted(press.id) for press in pressed), Counter())
    done, deadline = 0, time.monotonic() + WAIT_SECONDS
    while (now := called(county)) != everything and time.monotonic() < deadline:
        if now.total() > done:
            done, deadline = now.total(), time.monotonic() + WAIT_SECONDS
        time.sleep(0.1)
    assert called(county) == everything


def look(county: County, around: Around = escalating.AROUND) -> None:
    """One look of a worker of our own."""

    async def once() -> None:
        database = Database(county.conninfo)
        await database.open(escalating.nothing, escalating.nothing)
        try:
            await Escalation(database, Vault(bytes(32)), lambda: "epoch", around).look()
        finally:
            await database.close()

    asyncio.run(once())


def test_a_house_that_is_held_holds_up_no_other(workers: tuple[County, Workers]) -> None:
    county, _ = workers
    village = county.village(houses=3)
    pressed = [key.press() for key in village.keys[:3]]
    with before_any_worker(county):
        village.send(*pressed)
    with psycopg.connect(county.conninfo) as somebody:
        somebody.execute("SELECT FROM site WHERE id = %s FOR NO KEY UPDATE", (village.sites[0],))
        look(county)
        assert {id for (id,) in county.sql("SELECT incident FROM course")} == {press.id for press in pressed[1:]}
    look(county)
    assert county.sql("SELECT count(*) FROM course") == [(3,)]


def test_calls_are_followed_together_and_one_that_cannot_be_holds_up_no_other(
    workers: tuple[County, Workers], caplog: pytest.LogCaptureFixture
) -> None:
    county, _ = workers
    village = county.village(houses=3)
    pressed = [key.press() for key in village.keys[:3]]
    with before_any_worker(county):
        village.send(*pressed)
    bad, looks = pressed[1].id, []

    async def courses(
        conn: escalating.Connection, incidents: Sequence[tuple[Incident, Village]], now: datetime
    ) -> list[Course | None]:
        looks.append([incident.id for incident, _ in incidents])
        if bad in looks[-1]:
            raise RuntimeError("no course can be made of this")
        return [COURSE for _ in incidents]

    look(county, replace(escalating.AROUND, courses=courses))
    assert sorted(map(len, looks)) == [1, 1, 1, 3], "together, and then each alone"
    followed = {id for (id,) in county.sql("SELECT incident FROM course")}
    assert followed == {press.id for press in pressed} - {bad}
    assert f"{bad} cannot be followed" in caplog.text
    assert county.sql("SELECT incident FROM course_wanted") == [(bad,)], "it is tried again"


def test_what_is_answered_stops_and_what_is_handled_is_over(workers: tuple[County, Workers]) -> None:
    county, crew = workers
    operator, village = county.account(), county.village()
    press = village.keys[0].press()
    with before_any_worker(county):
        village.send(press)
        assert operator.say(press.id, "arrived", who="网格员").status_code == 200
    crew.start()
    deadline = time.monotonic() + WAIT_SECONDS
    while not county.sql("SELECT 1 FROM course WHERE incident = %s", press.id):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert not called(county), "all steps wait for less than somebody who is there"
