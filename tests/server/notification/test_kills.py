"""kill -9 of workers at random moments: no message is lost; one that may be known again is done once, any other at most
twice for each kill."""

import asyncio
import random
import subprocess
import sys
import threading
import time
from collections import Counter

import psycopg
import pytest
from heartlamp_server.notification.channels.webhook import Endpoint, Webhook
from heartlamp_server.notification.model import Way

from tests.server.notification.outbox import Outbox, opened
from tests.server.notification.providers import Answer, Provider, Request
from tests.server.notification.worker_process import SECRET, NoKey

MESSAGES, KILLS = 240, 4


class There(Provider):
    """Counts what it did, by our number; drops what comes twice under one webhook-id, as the standard says."""

    def __init__(self) -> None:
        self.posts: Counter[str] = Counter()
        self.lock, self.many = threading.Lock(), threading.Semaphore(0)
        super().__init__(self._take)

    def _take(self, request: Request) -> Answer:
        with self.lock:
            self.posts[request.headers["webhook-id"]] += 1
            self.many.release()
        time.sleep(0.3)  # in which its sender may be killed
        return 200, {}


def start(conninfo: str, url: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.server.notification.worker_process", conninfo, url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "works\n"
    return process


def open_rows(conninfo: str) -> int:
    with psycopg.connect(conninfo, autocommit=True) as conn:
        row = conn.execute("SELECT count(*) FROM notification WHERE state = 'queued'").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.prove
def test_workers_that_are_killed_lose_nothing_and_double_nothing_that_can_be_known_again(conninfo: str) -> None:
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    chance = random.Random(seed)
    with There().listening() as there:
        assert isinstance(there, There)
        channels = {"hook": Webhook({"county": Endpoint(there.url, SECRET)}), "call": NoKey({})}

        async def ask() -> list[int]:
            async with opened(conninfo, channels) as outbox:
                return [id for n in range(MESSAGES) for id in await _ask(outbox, n)]

        workers = [start(conninfo, there.url) for _ in range(3)]
        try:
            ids = asyncio.run(ask())
            for _ in range(KILLS):
                for _ in range(chance.randrange(1, 30)):
                    assert there.many.acquire(timeout=30)
                victim = chance.randrange(3)
                workers[victim].kill()
                workers[victim].wait()
                workers[victim] = start(conninfo, there.url)
            deadline = time.monotonic() + 60
            while open_rows(conninfo) and time.monotonic() < deadline:
                there.over.wait(0.2)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
        assert open_rows(conninfo) == 0
        posts = {int(name.removeprefix("msg_")): many for name, many in there.posts.items()}
        assert set(posts) == set(ids)  # never zero
        twice = {id: many for id, many in posts.items() if many > 1}
        print(f"{len(twice)} of {len(ids)} were offered again")
        assert twice  # a kill met a message under way, or this proves nothing
        assert max(posts.values()) <= 1 + KILLS
        with psycopg.connect(conninfo, autocommit=True) as conn:
            said = Counter(
                (row[0], row[1])
                for row in conn.execute("SELECT value->>'key', value->>'state' FROM notification_said").fetchall()
            )
        assert {key for key, state in said if state == "sent"} != set()
        assert max(said.values()) == 1  # on the timeline each state stands once, whatever was killed
        assert sum(many for (_, state), many in said.items() if state == "sent") == MESSAGES


async def _ask(outbox: Outbox, n: int) -> list[int]:
    return await outbox.ask(Way("hook" if n % 2 else "call", "county"), target=f"t{n}", urgent=False)
