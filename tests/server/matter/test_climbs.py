"""What is late climbs once: rows, people, a bad hook, workers that are killed."""

import asyncio
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta

import psycopg
import pytest
from heartlamp_server.matter import store
from heartlamp_server.matter.catalogue import shipped
from heartlamp_server.matter.climb import Wanted, climb
from heartlamp_server.matter.hours import after
from heartlamp_server.matter.store import Connection
from heartlamp_server.responder.roster.holidays import Day
from heartlamp_server.responder.roster.model import HOLIDAY
from heartlamp_server.responder.roster.store import set_holidays

from tests.server.matter.cases import DISPUTE, LAMP, NOW, ROAD, at, done
from tests.server.matter.rows import Town

MATTERS, KILLS = 120, 5


@pytest.fixture(scope="module")
def town(new_database: Callable[[], str]) -> Town:
    return Town(new_database)


class Collecting:
    """The outbox's place."""

    def __init__(self) -> None:
        self.wanted: list[Wanted] = []

    async def __call__(self, conn: Connection, wanted: Sequence[Wanted]) -> None:
        self.wanted += wanted


def test_a_matter_comes_back_from_its_rows_as_it_was(town: Town) -> None:
    async def work() -> None:
        async with await town.connect() as conn:
            for stage in ("raised", "returned", "verified", "closed", "withdrawn"):
                case = at(stage, DISPUTE)
                report = replace(case.report, area=town.areas["village"], latitude=30.1, longitude=104.2)
                matter = replace(case, id=await store.fresh_id(conn), report=report)
                await store.save(conn, matter, [])
                assert await store.read_one(conn, matter.id) == matter

    asyncio.run(work())


def test_longer_is_kept_too(town: Town) -> None:
    async def work() -> None:
        async with await town.connect() as conn:
            matter = await town.whistled(conn, NOW)
            for act, by in (("report_in", "部门甲"), ("ask_longer", "部门甲")):
                matter, line = done(matter, act, by)
                await store.save(conn, matter, [line])
            assert await store.read_one(conn, matter.id) == matter
            lines = await store.timeline(conn, matter.id)
            assert [line.act for line in lines] == ["raise", "whistle", "report_in", "ask_longer"]
            with pytest.raises(psycopg.errors.RaiseException, match="only added to"):
                await conn.execute("UPDATE matter_line SET by = '' WHERE matter = %s", (matter.id,))

    asyncio.run(work())


def test_limits_go_by_the_countys_own_hours_and_holidays(new_database: Callable[[], str]) -> None:
    town = Town(new_database)

    async def work() -> None:
        async with await town.connect() as conn:
            lamp = await town.whistled(conn, NOW)
            assert lamp.running is not None
            hours = replace(shipped(), terms=replace(shipped().terms, windows=((540, 720),)))
            await store.keep_catalogue(conn, hours, "管理员")
            await set_holidays(conn, [Day(date(2026, 3, 3), HOLIDAY, "演习日")])
            calendar = await store.calendar(conn)
            # From Monday 9:00: 3 hours each morning, none on Tuesday, so 8 hours are over on Thursday at 11:00.
            assert after(NOW, 8, "work", calendar) == NOW + timedelta(days=3, hours=2)
            assert (await store.read_one(conn, lamp.id)) == lamp  # what was promised before stands

    asyncio.run(work())


def test_each_level_is_told_once_to_whom_it_is_for(new_database: Callable[[], str]) -> None:
    town, told = Town(new_database), Collecting()

    async def work() -> None:
        async with await town.connect() as conn:
            matter = await town.whistled(conn, NOW, ROAD)
            hour = timedelta(hours=1)
            assert await climb(conn, told, NOW + hour - timedelta(seconds=1)) == 0
            assert await climb(conn, told, NOW + hour) == 1
            assert [(w.person, w.level) for w in told.wanted] == [("镇指挥员", 1)]
            assert await climb(conn, told, NOW + hour) == 0
            assert await climb(conn, told, NOW + 9 * hour) == 1
            assert [(w.person, w.level) for w in told.wanted] == [("镇指挥员", 1), ("县指挥员", 2)]
            assert await climb(conn, told, NOW + 99 * hour) == 0
            lamp = await town.whistled(conn, NOW, LAMP)
            told.wanted.clear()
            assert await climb(conn, told, NOW + 99 * 24 * hour) == 1
            assert sorted((w.person, w.level) for w in told.wanted) == [("县指挥员", 2), ("部门甲", 1), ("镇指挥员", 1)]
            first = told.wanted[0]
            assert (first.what, first.where) == ((LAMP.zh, LAMP.en), lamp.report.path)
            assert lamp.report.words not in str(asdict(first))
            told.wanted.clear()
            await town.whistled(conn, NOW, DISPUTE)
            assert await climb(conn, told, NOW + 99 * 24 * hour) == 1
            assert DISPUTE.zh not in str(told.wanted)
            lines = await store.timeline(conn, matter.id)
            assert [line.detail["level"] for line in lines if line.act == "climb"] == [1, 2]

    asyncio.run(work())


def test_one_that_cannot_be_told_keeps_no_other_from_it_and_is_tried_again(new_database: Callable[[], str]) -> None:
    town, told = Town(new_database), Collecting()

    async def work() -> None:
        async with await town.connect() as conn:
            bad, good = await town.whistled(conn, NOW, ROAD), await town.whistled(conn, NOW, ROAD)

            async def broken(conn: Connection, wanted: Sequence[Wanted]) -> None:
                if wanted[0].matter == bad.id:
                    raise RuntimeError("the outbox is broken")
                await told(conn, wanted)

            late = NOW + timedelta(hours=1)
            assert await climb(conn, broken, late) == 1
            assert {w.matter for w in told.wanted} == {good.id}
            assert [line.act for line in await store.timeline(conn, bad.id)] == ["raise", "whistle"]
            assert await climb(conn, told, late) == 1
            assert [w.matter for w in told.wanted] == [good.id, bad.id]

    asyncio.run(work())


def test_workers_that_are_killed_lose_no_climb_and_double_none(new_database: Callable[[], str]) -> None:
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    chance, town = random.Random(seed), Town(new_database)
    town.sql("CREATE TABLE heard (key text, person text)")

    def start() -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.server.matter.climb_process", town.conninfo]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "works\n"
        return process

    async def late() -> list[int]:
        async with await town.connect() as conn:
            return [(await town.whistled(conn, NOW)).id for _ in range(MATTERS)]

    async def until(told: int) -> None:
        """More than so many were told, or all."""
        async with await town.connect() as conn:
            while True:
                row = await (await conn.execute("SELECT count(*) FROM heard")).fetchone()
                if row is not None and row[0] >= told:
                    return
                await conn.execute("SELECT pg_sleep(0.005)")

    workers = [start() for _ in range(3)]
    try:
        ids = asyncio.run(late())
        for kill in range(KILLS):
            asyncio.run(until(3 * MATTERS * kill // (KILLS + 1) + chance.randrange(20)))
            victim = chance.randrange(3)
            workers[victim].kill()
            workers[victim].wait()
            workers[victim] = start()
        asyncio.run(until(3 * MATTERS))
        town.sql("SELECT pg_sleep(0.2)")  # in which one that doubles would
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    people = {1: ("部门甲", "镇指挥员"), 2: ("县指挥员",)}
    wanted = Counter(f"matter/{id}/2/{level}/{person}" for id in ids for level in (1, 2) for person in people[level])
    assert Counter(row[0] for row in town.sql("SELECT key FROM heard")) == wanted
    lines = town.sql("SELECT matter, detail->>'level' FROM matter_line WHERE act = 'climb'")
    assert Counter(lines) == Counter((id, level) for id in ids for level in ("1", "2"))
    assert town.sql("SELECT count(*) FROM matter WHERE next_climb_at IS NOT NULL") == [(0,)]
