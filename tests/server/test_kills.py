"""Kill -9 of PostgreSQL and of the server while presses flow: received = stored, each in exactly one incident."""

import asyncio
import os
import random
import signal
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from heartlamp_server.database.embedded import Embedded
from heartlamp_server.database.pool import Database

from tests.server.county import County, Operator, Village
from tests.server.devices import Message


class Presser(threading.Thread):
    """Sends presses one after the other, each until it has its receipt, as a gateway does."""

    def __init__(self, village: Village, house: int) -> None:
        super().__init__(daemon=True)
        self.village, self.house = village, house
        self.receipted: list[Message] = []
        self.tries = 0
        self.refusals: set[int] = set()
        self.enough = threading.Event()

    def run(self) -> None:
        while not self.enough.is_set():
            press = self.village.keys[self.house].press()
            while not self._sent(press):
                self.enough.wait(0.02)  # a gateway's pause before it offers again
            self.receipted.append(press)

    def _sent(self, press: Message) -> bool:
        self.tries += 1
        try:
            verdict = self.village.send(press)[0]
        except (httpx.HTTPError, AssertionError):
            return False
        return verdict.verdict in ("received", "duplicate") and self.village.keys[self.house].believes(
            verdict.receipt, press
        )

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + 30
        while len(self.receipted) < count:
            assert time.monotonic() < deadline, f"{len(self.receipted)} of {count} after 30 s"
            time.sleep(0.005)


def check(county: County, operator: Operator, pressers: list[Presser]) -> None:
    pressed = [m.id for p in pressers for m in p.receipted]
    stored = county.sql("SELECT id, incident FROM event")
    assert sorted(pressed) == sorted(row[0] for row in stored)
    assert all(row[1] for row in stored)
    shown = [
        event
        for state in ("open", "closed")
        for card in operator.get("incidents", state=state, limit=1000)["incidents"]
        for event in operator.get(f"incidents/{card['id']}")["events"]
    ]
    assert sorted(shown) == sorted(pressed)
    assert len(operator.get("incidents", limit=1000)["incidents"]) == len(pressers)


def test_postgresql_is_killed_while_the_server_runs(own_county: County, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    dice = random.Random(seed)
    village, operator = own_county.village(), own_county.account()
    cursor = operator.get("incidents")["cursor"]
    feed, down = operator.feed(cursor), village.down()
    pressers = [Presser(village, house) for house in range(2)]
    for presser in pressers:
        presser.start()
    embedded = Embedded(tmp_path / "postgres")
    for _ in range(3):
        pressers[0].wait_for(len(pressers[0].receipted) + dice.randrange(1, 15))
        pid = embedded.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        pressers[0].wait_for(len(pressers[0].receipted) + 3)
    for presser in pressers:
        presser.enough.set()
        presser.join(20)
    check(own_county, operator, pressers)
    last = pressers[1].receipted[-1]
    # Asked anew whose it is while nobody can say so, a stream ends: its reader comes back with the cursor.
    shown = operator.feed(cursor) if feed.ended(0.1) else feed
    shown.next(lambda e: e.kind == "incident" and e.data["presses"] == len(pressers[1].receipted))
    assert down.ended(0.1) or down.next(lambda e: last.id in e.data.get("events", []))
    assert own_county.process is not None
    assert own_county.process.poll() is None


@pytest.mark.prove
def test_the_server_is_killed_while_presses_flow(own_county: County, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    dice = random.Random(seed)
    village, operator = own_county.village(), own_county.account()
    cursor = operator.get("incidents")["cursor"]
    pid = Embedded(tmp_path / "postgres").pid()
    pressers = [Presser(village, house) for house in range(2)]
    for presser in pressers:
        presser.start()
    for _ in range(3):
        pressers[0].wait_for(len(pressers[0].receipted) + dice.randrange(1, 15))
        own_county.kill()
        own_county.start()
        village.http.base_url = httpx.URL(own_county.gateways)
    pressers[0].wait_for(len(pressers[0].receipted) + 3)
    for presser in pressers:
        presser.enough.set()
        presser.join(20)
    operator.http.base_url = httpx.URL(own_county.console + "/")
    check(own_county, operator, pressers)
    assert Embedded(tmp_path / "postgres").pid() == pid, "a killed server leaves PostgreSQL running for the next"
    shown = operator.feed(cursor)
    assert shown.next(lambda e: e.kind == "incident" and e.data["presses"] == len(pressers[0].receipted))


def test_a_clean_end_is_quick_with_open_streams_and_stops_postgresql(own_county: County, tmp_path: Path) -> None:
    village, operator = own_county.village(), own_county.account()
    down, feed = village.down(), operator.feed(operator.get("incidents")["cursor"])
    down.next(lambda e: e.kind == "hello")
    feed.next(lambda e: e.kind == "ping")
    assert own_county.stop() < 3
    assert own_county.process is not None
    assert own_county.process.returncode == 0
    assert down.ended(1)
    assert feed.ended(1)
    assert Embedded(tmp_path / "postgres").pid() is None


def test_it_refuses_a_database_that_may_forget(own_county: County) -> None:
    own_county.sql("ALTER SYSTEM SET synchronous_commit = off")
    own_county.sql("SELECT pg_reload_conf()")
    own_county.kill()
    done = own_county.cli("run", "--config", own_county.config, check=False)
    assert done.returncode == 1
    assert "synchronous_commit=off" in done.stderr


def test_a_postgresql_that_dies_as_it_is_met_is_started_again(tmp_path: Path) -> None:
    database = Database(f"embedded:{tmp_path / 'pg'}")
    met: list[int] = []

    async def meet(conn: psycopg.AsyncConnection[Any]) -> None:
        assert database.embedded is not None
        pid = database.embedded.pid()
        assert pid is not None
        met.append(pid)
        if len(met) == 1:
            os.kill(pid, signal.SIGKILL)

    async def warm(conn: psycopg.AsyncConnection[Any]) -> None:
        pass

    async def story() -> None:
        try:
            await database.open(meet, warm)
            async with database.connection() as conn:
                await conn.execute("SELECT 1")
        finally:
            await database.close()

    asyncio.run(story())
    assert len(set(met)) == 2
