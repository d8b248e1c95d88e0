"""Who speaks to the county for the bench: people at screens, and gateways with what their devices say."""

import asyncio
import os
import ssl
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import psycopg
from heartlamp_protocol.device.event import write_alarm, write_reading
from heartlamp_protocol.device.frame import sign, write_frame
from heartlamp_protocol.device.mac import device_key
from heartlamp_protocol.device.names import event_id, user
from heartlamp_protocol.uplink import Batch, BatchAnswer, Item

from tests.county.size import Device, Size, gateway

Said = tuple[str, bytes]
"""(gateway, a batch as it goes over the line)."""


def signed_in(console: str, name: str, password: str) -> httpx.Client:
    http = httpx.Client(base_url=console, headers={"X-Heartlamp": "1"}, timeout=60)
    reply = http.post("/api/login", json={"name": name, "password": password})
    assert reply.status_code == 200, reply.text
    return http


def times(http: httpx.Client, path: str, often: int) -> list[float]:
    """Milliseconds of each, after two that count for nothing."""
    found = []
    for n in range(often + 2):
        began = time.perf_counter()
        reply = http.get(f"/api/{path}")
        took = (time.perf_counter() - began) * 1000
        assert reply.status_code == 200, (path, reply.text[:300])
        if n >= 2:
            found.append(took)
    return found


def alarms(size: Size, many: int, in_one: int, skip: int = 0) -> list[Said]:
    """One call each of so many houses' lamps, in batches of one village each; of every village the first `skip` houses
    are left alone."""
    found: list[Said] = []
    lamps: dict[int, list[Device]] = {}
    for site in size.sites:
        lamps.setdefault(site.village, []).append(site.lamp())
    for turn in range(-(-many // in_one)):
        village, begin = turn % size.villages + 1, skip + turn // size.villages * in_one
        devices = lamps[village][begin : begin + in_one]
        assert len(devices) == in_one, "more alarms than houses"
        items = tuple(Item(n, 5, user(d.id, 1), _alarm(size, d.id)) for n, d in enumerate(devices))
        found.append((gateway(village), Batch(gateway(village), "0" * 16, "", items, ()).to_json()))
    return found


def _alarm(size: Size, device: str) -> bytes:
    id = event_id(device, os.urandom(8))
    body = write_alarm(id, device, 1, "b3bc4000", 1, 1000, "panic")
    return write_frame(0, sign(device_key(size.root(device), 1), body), body)


def readings(size: Size, many: int, in_one: int, names: Sequence[str]) -> list[Said]:
    """Heartbeats of lamps, each with all `names`."""
    found: list[Said] = []
    boot = os.urandom(4).hex()
    for n in range(0, many, in_one):
        village = n // in_one % size.villages + 1
        mine = [s.lamp() for s in size.sites if s.village == village][:in_one]
        items = []
        for k in range(in_one):
            device, seq = mine[k % len(mine)].id, n + k
            body = write_reading("heartbeat", device, 1, boot, seq, seq, [(name, k % 97) for name in names])
            frame = write_frame(0, sign(device_key(size.root(device), 1), body), body)
            items.append(Item(k, 5, user(device, 1), frame))
        found.append((gateway(village), Batch(gateway(village), "0" * 16, "", tuple(items), ()).to_json()))
    return found


async def send(url: str, ca: Path, size: Size, said: Sequence[Said], path: str, at_once: int) -> float:
    """Seconds until the last is receipted; each connection sends its next when it has the answer. Bytes on a socket: an
    HTTP library would take as much of the machine as the server does. Answers are read when the time is taken."""
    context, where = ssl.create_default_context(cafile=str(ca)), httpx.URL(url)
    waiting = [_request(where, size.token(name), path, body) for name, body in reversed(said)]
    answers: list[bytes] = []

    async def one() -> None:
        reader, writer = await asyncio.open_connection(where.host, where.port, ssl=context)
        ready.release()
        await go.wait()
        while waiting:
            writer.write(waiting.pop())
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 "), head
            answers.append(await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split()[0])))
        writer.close()

    ready, go = asyncio.Semaphore(0), asyncio.Event()
    tasks = [asyncio.create_task(one()) for _ in range(at_once)]
    for _ in tasks:
        await ready.acquire()
    began = time.perf_counter()
    go.set()
    await asyncio.gather(*tasks)
    took = time.perf_counter() - began
    assert len(answers) == len(said)
    for answer in answers:
        assert all(v.verdict == "received" for v in BatchAnswer.from_json(answer).verdicts), answer[:500]
    return took


def _request(where: httpx.URL, token: str, path: str, body: bytes) -> bytes:
    head = f"POST /gateway/v1/{path} HTTP/1.1\r\nHost: {where.host}\r\nAuthorization: Bearer {token}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def memory(pid: int) -> dict[str, Any]:
    """MB now and at most."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    return {name: int(lines[field].split()[0]) / 1024 for name, field in (("now", "VmRSS"), ("most", "VmHWM"))}


def processor(pid: int, conn: psycopg.Connection[Any]) -> tuple[float, float]:
    """Seconds of processor so far, (of the server, of PostgreSQL on this machine): what a figure comes to where others
    use the machine too."""
    row = conn.execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None
    found = _spent()
    postmaster = found[row[0]][0]
    ended = found[postmaster][2]
    return found[pid][1], found[postmaster][1] + ended + sum(
        s for parent, s, _ in found.values() if parent == postmaster
    )


def _spent() -> dict[int, tuple[int, float, float]]:
    """process -> (its parent, seconds of its own, seconds of its children that ended)."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue  # it ended
        fields, tick = rest.split(), os.sysconf("SC_CLK_TCK")
        own, ended = (sum(map(int, fields[n : n + 2])) / tick for n in (11, 13))
        found[int(stat.parent.name)] = int(fields[1]), own, ended
    return found
