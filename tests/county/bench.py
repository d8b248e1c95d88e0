"""`make bench`, the county's part: on a county of `make county`, what people at screens wait for, how many alarms and
readings become durable over HTTP, beside the bare SQL of the same run, and what memory that takes. Figures of this
machine: nothing is asserted but that every answer is right."""

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
from heartlamp_server import config as configuration
from heartlamp_server.calling import Plans
from heartlamp_server.config import Config
from heartlamp_server.database.embedded import Embedded
from heartlamp_server.database.pool import Database
from heartlamp_server.seal import Seal, read_key

from tests.county import bare, client
from tests.county.places import Areas
from tests.county.seed import PROGRAM, ROOT
from tests.county.series import NAMES
from tests.county.size import Size

ROLES = {
    "county": "county.operator.1",
    "township": "town001.1",
    "village": "village0001",
    "grid worker": "grid0001.1",
}
OFTEN = 60
AIM_MS, DEVICE_AIM_MS = 50.0, 100.0
BATCHED, SINGLE, POINTS = 20_000, 4_000, 400_000


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dir", type=Path, default=ROOT / "build" / "county")
    parser.add_argument("--only", choices=("queries", "reports", "plans", "ingest"), help="one part")
    parser.add_argument("--often", type=int, default=OFTEN, help="how often each query is asked")


def main(args: argparse.Namespace) -> int:
    if not (args.dir / "seed.json").exists():
        print(f"· there is no county in {args.dir}: `make county` makes one")
        return 0
    made = json.loads((args.dir / "seed.json").read_text())
    size = Size(datetime.fromisoformat(made["now"]), made["villages"], seed=made["seed"])
    config = configuration.read(args.dir / "server.toml")
    result: dict[str, Any] = {"load": os.getloadavg(), "villages": size.villages}
    with database(config) as conninfo, served(args.dir) as (pid, gateways, console):
        bring_to_now(conninfo, size)
        print(f"· load {os.getloadavg()[0]:.1f}; {counted(conninfo)}")
        parts: dict[str, Callable[[], Any]] = {
            "queries": lambda: queries(console, made["password"], conninfo, args.often),
            "reports": lambda: reports(console, made["password"], size),
            "memory_idle": lambda: client.memory(pid),
            "plans": lambda: asyncio.run(plans(conninfo, read_key(config.key_file))),
            "ingest": lambda: ingest(gateways, config, size, conninfo, pid),
            "memory": lambda: client.memory(pid),
        }
        for name, part in parts.items():
            if args.only in (None, name) or name.startswith("memory"):
                result[name] = part()
    print(f"  memory of the server: {result['memory_idle']['now']:.0f} MB after the queries, "
          f"{result['memory']['most']:.0f} MB at most")  # fmt: skip
    (args.dir / "bench.json").write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    return 0


# --- the county that is measured ----------------------------------------------------------------------------------


@contextmanager
def database(config: Config) -> Iterator[str]:
    if not config.database.startswith("embedded:"):
        yield config.database
        return
    embedded = Embedded(Path(config.database.removeprefix("embedded:")))
    embedded.ensure_running()
    try:
        yield embedded.conninfo
    finally:
        embedded.stop()


@contextmanager
def served(folder: Path) -> Iterator[tuple[int, str, str]]:
    """(process, where gateways reach it, where screens do)."""
    text = (folder / "server.toml").read_text()
    file = folder / "bench.toml"
    file.write_text(text.replace("port = 8443", "port = 0").replace("port = 8080", "port = 0"))
    process = subprocess.Popen([PROGRAM, "run", "--config", file], stderr=subprocess.PIPE, text=True)
    where: dict[str, str] = {}
    ready = threading.Event()

    def listen() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            for name in ("gateways", "console"):
                if f" {name}: http" in line:
                    where[name] = line.split()[-1]
            if len(where) == 2:
                ready.set()

    threading.Thread(target=listen, daemon=True).start()
    try:
        assert ready.wait(120), "the server does not start"
        loaded(where["console"])
        yield process.pid, where["gateways"], where["console"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        file.unlink()


def loaded(console: str) -> None:
    """Returns when the screens answer: their programs are loaded beside the first alarms, and that is not measured."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            if httpx.get(f"{console}/api/me").status_code == 401:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError("the console does not answer")


def bring_to_now(conninfo: str, size: Size) -> None:
    """A county that was made some time ago: its devices say that they live, as they would have since."""
    with psycopg.connect(conninfo, autocommit=True) as conn:
        late = (datetime.now(UTC) - size.now).total_seconds()
        conn.execute(
            "UPDATE device SET last_seen = last_seen + make_interval(secs => %s - coalesce((SELECT extract(epoch FROM "
            "until - %s) FROM retention WHERE what = 'bench'), 0)) WHERE last_seen IS NOT NULL",
            (late, size.now),
        )
        conn.execute(
            "INSERT INTO retention (what, until) VALUES ('bench', %s + make_interval(secs => %s)) "
            "ON CONFLICT (what) DO UPDATE SET until = EXCLUDED.until",
            (size.now, late),
        )
        conn.execute("UPDATE gateway SET last_seen = clock_timestamp()")
        conn.execute("VACUUM ANALYZE device")


def counted(conninfo: str) -> str:
    with psycopg.connect(conninfo) as conn:
        row = conn.execute(
            "SELECT (SELECT count(*) FROM device), (SELECT count(*) FROM incident), (SELECT count(*) FROM timeline), "
            "pg_size_pretty(pg_database_size(current_database()))"
        ).fetchone()
    assert row is not None
    return "{:,} devices, {:,} incidents, {:,} lines, {}".format(*row)


# --- what people at screens wait for -------------------------------------------------------------------------------


def paths(conninfo: str) -> dict[str, str]:
    """What a console asks for, by name."""
    with psycopg.connect(conninfo) as conn:

        def one(query: str) -> Any:
            row = conn.execute(query).fetchone()
            assert row is not None
            return row[0]

        old = one(
            "SELECT id FROM incident WHERE site LIKE 's0001%' AND closed_at IS NOT NULL ORDER BY opened_at LIMIT 1"
        )
        village = one("SELECT id FROM area WHERE level = 'village' ORDER BY id LIMIT 1")
        full = one("SELECT id FROM device WHERE site = 's0001001' AND kind = 'lamp'")
    return {
        "who am I": "me",
        "incidents, open": "incidents?state=open",
        "incidents, closed, as the desk asks": "incidents?state=closed&limit=100",
        "incidents, closed, 200": "incidents?state=closed&limit=200",
        "one incident with its timeline": f"incidents/{old}",
        "devices, 200 sites": "devices?limit=200",
        "devices that are missed": "devices?missed=true",
        "counts of devices": "device-counts",
        "gateways": "gateways",
        "quarantine": "quarantine",
        "an area": f"areas/{village}",
        "sites of a village": f"areas/{village}/sites",
        "people": "people?limit=100",
        "policies": "policies",
        "matters": "matters",
        "device page, a day": f"readings/device?device={full}&hours=24",
        "device page, 30 days": f"readings/device?device={full}&hours=720",
        "devices, every one (no aim)": "devices",
    }


def queries(console: str, password: str, conninfo: str, often: int) -> dict[str, dict[str, list[float]]]:
    found: dict[str, dict[str, list[float]]] = {}
    every = paths(conninfo)
    floor(console, conninfo, often)
    print(f"\n  {'over HTTP, p50 and p95 in ms':<34}" + "".join(f"{role:>18}" for role in ROLES))
    people = {role: client.signed_in(console, name, password) for role, name in ROLES.items()}
    for name, path in every.items():
        line = f"  {name:<34}"
        for role, http in people.items():
            status = http.get(f"/api/{path}").status_code
            if status != 200:
                line += f"{'(' + str(status) + ')':>18}"
                continue
            took = client.times(http, path, often if "no aim" not in name else 1)
            p50, p95 = statistics.median(took), sorted(took)[int(len(took) * 0.95)]
            found.setdefault(name, {})[role] = [round(p50, 1), round(p95, 1)]
            aim = DEVICE_AIM_MS if name.startswith("device page") else AIM_MS
            line += f"{p50:>8.1f}{p95:>8.1f}{' *' if p95 > aim else '  '}"
        print(line, flush=True)
    return found


def reports(console: str, password: str, size: Size) -> dict[str, float]:
    """Seconds of each, the second time: of the last month that is over, of the county and its townships, last year's
    beside it."""
    http, found = client.signed_in(console, "county.operator.1", password), {}
    day = (size.now.replace(day=1) - timedelta(days=1)).date()
    area = Areas.COUNTY
    asked = {
        "month, figures": f"figures?kind=month&day={day}&area={area}",
        "month's report, XLSX": f"reports/month.xlsx?month={day}&area={area}",
        "month's report, print": f"reports/month.html?month={day}&area={area}",
        "year, figures": f"figures?kind=year&day={day}&area={area}",
        "daily brief": f"reports/brief?area={area}",
    }
    for name, path in asked.items():
        for _ in range(2):
            began = time.perf_counter()
            reply = http.get(f"/api/{path}", timeout=600)
            found[name] = round(time.perf_counter() - began, 2)
            assert reply.status_code == 200, (path, reply.text[:300])
        print(f"  {name:<34}{found[name]:>8.2f} s", flush=True)
    return found


def floor(console: str, conninfo: str, often: int) -> None:
    """What this machine takes at this moment for a request that asks the store nothing, and for one row by its key."""
    with httpx.Client(base_url=console) as http, psycopg.connect(conninfo, autocommit=True) as conn:
        for name, ask in (
            ("floor: HTTP, nothing asked", lambda: http.get("/livez")),
            ("floor: a row by its key, SQL", lambda: conn.execute("SELECT * FROM device WHERE id = 'lamp0001001'")),
        ):
            took = []
            for _ in range(often):
                began = time.perf_counter()
                ask()
                took.append((time.perf_counter() - began) * 1000)
            p50, p95 = statistics.median(took), sorted(took)[int(len(took) * 0.95)]
            print(f"  {name:<34}{p50:>8.1f}{p95:>8.1f}")


async def plans(conninfo: str, key: bytes) -> dict[str, float]:
    """Seconds to renew every village's plan, as the server does each minute."""
    database = Database(conninfo)

    async def nothing(conn: psycopg.AsyncConnection[Any]) -> None:
        pass

    await database.open(nothing, nothing)
    made: dict[str, float] = {}
    for name in ("first", "again"):
        began = time.perf_counter()
        handed = await Plans(database, Seal(key)).renew()
        made[name] = round(time.perf_counter() - began, 2)
        print(f"  plans renewed, {name}: {made[name]:.2f} s, {len(handed)} villages were handed a new one", flush=True)
    await database.close()
    return made


# --- what comes from the villages ----------------------------------------------------------------------------------


def ingest(gateways: str, config: Config, size: Size, conninfo: str, pid: int) -> dict[str, float]:
    found: dict[str, float] = {}

    def sent(said: list[client.Said], path: str, at_once: int) -> float:
        return asyncio.run(client.send(gateways, config.ca, size, said, path, at_once))

    with psycopg.connect(conninfo, autocommit=True) as conn:

        def measured(name: str, said: list[client.Said], many: int, path: str, at_once: int) -> str:
            """What it took of the processors, as printed."""
            before = client.processor(pid, conn)
            found[name] = many / sent(said, path, at_once)
            server, store = (a - b for a, b in zip(client.processor(pid, conn), before, strict=True))
            found[f"{name} processor"] = both = many / (server + store)
            each = f"{server / many * 1000:.2f} s of the server, {store / many * 1000:.2f} s of PostgreSQL"
            return f"; 1,000 take {each}: {both:,.0f} a second of processor"

        for name, in_one, most, of_a_village, skip, at_once in (
            ("batched", 100, BATCHED, 100, 0, 8),
            ("single, 8 at once", 1, SINGLE, 20, 100, 8),
            ("single, 64 at once", 1, SINGLE, 20, 120, 64),
        ):
            many, begun = min(most, size.villages * of_a_village), datetime.now(UTC)
            took = measured(name, client.alarms(size, many, in_one, skip), many, "batch", at_once)
            left, until = followed(conn)
            took += f"; {left:,} of the calls were yet to be followed, which took {until:.1f} s"
            found[f"{name} left"], found[f"{name} followed after"] = left, until
            rows = bare.rows(conninfo, in_one, many)
            forget(conninfo, begun)  # open calls go on to be followed, beside whatever is measured next
            floor = found[f"{name} bare"] = bare.measure(conninfo, rows, in_one)
            ratio = found[name] / floor
            print(
                f"  alarms, {name}: {found[name]:,.0f} a second, bare SQL {floor:,.0f}: {ratio:.2f}{took}", flush=True
            )
        took = measured("points", client.readings(size, POINTS // len(NAMES), 200, NAMES), POINTS, "readings", 4)
        print(f"  points of readings: {found['points']:,.0f} a second{took}", flush=True)
    return {name: round(value, 1) for name, value in found.items()}


def followed(conn: psycopg.Connection[Any]) -> tuple[int, float]:
    """(how many calls nobody has looked at yet, seconds until each was), so that what is measured next is alone."""
    began, left = time.monotonic(), _wanted(conn)
    while _wanted(conn):
        assert time.monotonic() - began < 600, "there are calls that cannot be followed: see the server's log"
        time.sleep(0.05)
    return left, time.monotonic() - began


def _wanted(conn: psycopg.Connection[Any]) -> int:
    row = conn.execute("SELECT count(*) FROM course_wanted").fetchone()
    assert row is not None
    return int(row[0])


def forget(conninfo: str, since: datetime) -> None:
    """What the bench brought in, so that the county is what it was."""
    mine = "SELECT id FROM incident WHERE opened_at >= %(since)s"
    statements: list[str] = [
        "SET LOCAL session_replication_role = replica",  # for each of them all notes of the county would be looked at
        f"DELETE FROM course_wanted WHERE incident IN ({mine})",
        f"DELETE FROM course WHERE incident IN ({mine})",
        f"DELETE FROM figure_fact WHERE incident IN ({mine})",
        f"DELETE FROM command WHERE kind = 'incident' AND about IN ({mine})",
        f"DELETE FROM timeline WHERE incident IN ({mine})",
        f"DELETE FROM event WHERE incident IN ({mine})",
        "DELETE FROM incident WHERE opened_at >= %(since)s",
    ]
    with psycopg.connect(conninfo) as conn:
        conn.execute("LOCK TABLE course IN EXCLUSIVE MODE")  # the worker follows them meanwhile
        for statement in statements:
            conn.execute(statement, {"since": since} if "%" in statement else None)
