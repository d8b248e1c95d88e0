"""How far behind the first of many open feeds the last one is, press by press, and how late after the press.

Run: python -m tests.server.feed_bench [feeds, 500] [presses, 100]
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from heartlamp_server.database.embedded import Embedded
from heartlamp_server.responder.scope import Grant

from tests.server.county import County, Village
from tests.server.responder.people import Somebody


class Feeds:
    """`at`: incident -> when each feed was told of it first, in s."""

    def __init__(self) -> None:
        self.at: dict[bytes, list[float]] = {}
        self.told = asyncio.Event()

    async def follow(self, console: str, cookie: str, cursor: str, ready: asyncio.Semaphore) -> None:
        to = urlsplit(console)
        reader, writer = await asyncio.open_connection(to.hostname, to.port, limit=1 << 20)
        head = f"GET /api/feed?cursor={cursor} HTTP/1.1\r\nHost: x\r\nCookie: heartlamp_session={cookie}\r\n\r\n"
        writer.write(head.encode())
        await reader.readuntil(b"event: ping")
        ready.release()
        mine: set[bytes] = set()
        while line := await reader.readline():
            if line.startswith(b'data: {"id":"'):
                incident = line.split(b'"', 4)[3]
                if incident not in mine:
                    mine.add(incident)
                    self.at.setdefault(incident, []).append(time.perf_counter())
                    self.told.set()


async def measure(county: County, village: Village, people: list[Somebody], many: int, presses: int) -> None:
    feeds, ready = Feeds(), asyncio.Semaphore(0)
    cursor = people[0].get("incidents").json()["cursor"]
    cookies = [p.http.cookies["heartlamp_session"] for p in people]
    work = [
        asyncio.create_task(feeds.follow(county.console, cookies[n % len(cookies)], cursor, ready)) for n in range(many)
    ]
    for _ in range(many):
        await ready.acquire()
    behind, late = [], []
    for n in range(presses):
        what = ("panic", "fire", "gas", "flood", "slope")[n % 5]
        press = village.keys[n // 5 % len(village.keys)].press(what)
        began = time.perf_counter()
        await asyncio.to_thread(village.send, press)
        id = press.id.encode()
        while len(feeds.at.get(id, ())) < many:
            feeds.told.clear()
            await asyncio.wait_for(feeds.told.wait(), 20)
        times = sorted(feeds.at[id])
        behind.append((times[-1] - times[0]) * 1000)
        late.append((times[-1] - began) * 1000)
        await asyncio.sleep(0.05)
    for task in work:
        task.cancel()
    cut = 19 - 1
    figures = {
        "feeds": many, "presses": presses,
        "last behind first p50 ms": round(statistics.median(behind), 1),
        "last behind first p95 ms": round(statistics.quantiles(behind, n=20)[cut], 1),
        "last after the press p95 ms": round(statistics.quantiles(late, n=20)[cut], 1),
    }  # fmt: skip
    print(json.dumps(figures), flush=True)


def main(many: int, presses: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        county = County(Path(folder), f"embedded:{folder}/postgres")
        county.make()
        county.start()
        try:
            village = county.village(houses=-(-presses // 5))
            people = [Somebody(county, Grant("operator")) for _ in range(20)]
            asyncio.run(measure(county, village, people, many, presses))
        finally:
            county.stop()
            Embedded(Path(folder) / "postgres").stop()


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:] or ("500", "100")))
