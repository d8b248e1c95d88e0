"""A county with many lamps that are their own gateways: what they cost at rest, and that no press waits for them."""

import asyncio
import json
import secrets
import ssl
import time
from pathlib import Path
from typing import Any

import pytest
from heartlamp_server import config

from tests.server.county import County
from tests.server.devices import Device

LAMPS, GROUP = 600, 60
REST_SECONDS = 20.0

pytestmark = pytest.mark.prove


def enrolled(county: County, mark: str) -> list[str]:
    groups = [
        {
            "name": f"{g}组",
            "sites": [
                {
                    "id": f"{mark}{n}",
                    "name": f"{g}组 {n}号",
                    "devices": [{"id": f"lamp{mark}{n}", "kind": "lamp", "links": ["wan"]}],
                }
                for n in range(g * GROUP, (g + 1) * GROUP)
            ],
        }
        for g in range(LAMPS // GROUP)
    ]
    village = {"name": f"村{mark}", "township": "城关镇", "groups": groups}
    assert county.enrol({"county": {"name": "庆丰县", "code": "990101"}, "villages": [village]}) == []
    return [f"lamp{mark}{n}" for n in range(LAMPS)]


class Lamp:
    """Its stream down, raw: what is measured is the county."""

    def __init__(self, county: County, id: str) -> None:
        wan = json.loads((county.out / "devices" / f"{id}.json").read_text())["wan"]
        self._port = int(county.gateways.rpartition(":")[2])
        self._token = wan["token"]
        self.told: dict[str, float] = {}
        self._news = asyncio.Condition()

    async def told_of(self, incident: str) -> None:
        async with self._news:
            await self._news.wait_for(lambda: incident in self.told)

    async def open(self, context: ssl.SSLContext) -> "asyncio.Task[None]":
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, ssl=context)
        writer.write(
            f"GET /gateway/v1/down HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self._token}\r\n\r\n".encode()
        )
        while b"hello" not in await reader.readline():
            pass
        return asyncio.create_task(self._follow(reader, writer))

    async def _follow(self, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            if line.startswith(b"data:") and b'"incident"' in line:
                said: dict[str, Any] = json.loads(line[5:])
                async with self._news:
                    self.told[said["incident"]] = time.perf_counter()
                    self._news.notify_all()


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def memory_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6


@pytest.mark.timeout(300)
def test_hundreds_of_lamps_of_their_own(county: County) -> None:
    mark = secrets.token_hex(2)
    ids = enrolled(county, mark)
    village = county.village(2)
    assert county.process is not None
    pid = county.process.pid
    context = ssl.create_default_context(cafile=str(config.read(county.config).ca))
    context.check_hostname = False

    async def story() -> None:
        lamps = [Lamp(county, id) for id in ids]
        before = memory_mb(pid)
        tasks = []
        for n in range(0, len(lamps), 20):
            tasks += await asyncio.gather(*(lamp.open(context) for lamp in lamps[n : n + 20]))
        began = cpu_seconds(pid)
        await asyncio.sleep(REST_SECONDS)
        rest = (cpu_seconds(pid) - began) / REST_SECONDS
        each = (memory_mb(pid) - before) / LAMPS
        print(f"{LAMPS} streams: {rest:.1%} of a core at rest, {each * 1000:.0f} kB each")

        caller = Device(county.out / "devices" / f"{ids[0]}.json")
        press, at = caller.press(), time.perf_counter()
        await asyncio.to_thread(village.send, press)
        receipted = time.perf_counter() - at
        async with asyncio.timeout(10):
            await asyncio.gather(*(lamp.told_of(press.id) for lamp in lamps[:GROUP]))
        took = sorted(lamp.told[press.id] - at for lamp in lamps if press.id in lamp.told)
        print(
            f"a press was receipted in {receipted * 1000:.0f} ms and reached the {len(took)} lamps of its group in "
            f"{took[0] * 1000:.0f} to {took[-1] * 1000:.0f} ms"
        )
        assert len(took) == GROUP

        times = []
        for turn in range(20):
            other, sent_at = village.lamps[turn % 2].press(), time.perf_counter()
            await asyncio.to_thread(village.send, other)
            times.append(time.perf_counter() - sent_at)
        print(f"a village's press meanwhile: p50 {sorted(times)[10] * 1000:.0f} ms, worst {max(times) * 1000:.0f} ms")
        assert max(times) < 1
        assert rest < 0.5
        for task in tasks:
            task.cancel()

    asyncio.run(story())
