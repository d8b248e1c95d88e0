"""A county server as a real process, and the villages enrolled at it."""

import asyncio
import json
import os
import queue
import secrets
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import psycopg
from heartlamp_protocol.device.names import event_id
from heartlamp_protocol.uplink import Batch, BatchAnswer, Item, Note, Verdict, device_of_one
from heartlamp_server import config
from heartlamp_server.area.model import read
from heartlamp_server.database.embedded import Embedded
from heartlamp_server.device.enrol import Folder, enrol
from heartlamp_server.device.vault import Vault, read_key
from heartlamp_server.responder import password, store
from heartlamp_server.responder.model import Person
from heartlamp_server.responder.scope import Grant

from tests import cluster
from tests.server.devices import Device, Message

PROGRAM = Path(sys.executable).parent / "heartlamp-server"
PASSWORD = "a long enough sentence"
WAIT_SECONDS = 60.0  # far more than anything takes: only a failure waits so long


@cache
def hashed() -> str:
    """Of PASSWORD, which everybody here has: hashing is slow on purpose."""
    return password.hash(PASSWORD)


class County:
    """`folder`: of server.toml; `database`: as the program takes it; one that is not
    embedded has the newest schema."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder, self.database = folder, database
        self.config = folder / "server.toml"
        self.gateways = self.console = ""
        self.process: subprocess.Popen[str] | None = None
        self.said: list[str] = []
        self._own = threading.local()

    def cli(self, *words: str | Path, check: bool = True) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [PROGRAM, *words], capture_output=True, text=True, timeout=60, env=self._environment(), check=False
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def make(self) -> None:
        self.cli(
            "init", "--dir", self.folder, "--database", self.database, "--gateway-port", "0", "--console-port", "0"
        )
        if self.database.startswith("embedded:"):
            cluster.copy(Path(self.database.removeprefix("embedded:")))

    def start(self, under: Sequence[str] = (), after: Sequence[str] = ()) -> None:
        """Until it listens. `under`: the start of a command line that runs the rest of it; `after`: its end."""
        assert self.process is None or self.process.poll() is not None, "it runs, and would be left behind"
        self.process = subprocess.Popen(
            [*under, PROGRAM, "run", "--config", self.config, *after],
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment(),
        )
        listening = threading.Event()
        threading.Thread(target=self._listen, args=(self.process, listening), daemon=True).start()
        assert listening.wait(WAIT_SECONDS), "".join(self.said)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> float:
        """Seconds that a clean end took."""
        assert self.process is not None
        if kept := getattr(self._own, "conn", None):
            kept.close()
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(WAIT_SECONDS)
        return time.monotonic() - began

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """While the county runs on one connection of each thread: to begin one takes PostgreSQL ten times as long as to
        answer on it."""
        for _ in range(2):
            kept: psycopg.Connection[Any] | None = getattr(self._own, "conn", None)
            conn = kept if kept and not kept.closed else psycopg.connect(self.conninfo, autocommit=True)
            self._own.conn = conn
            try:
                cursor = conn.execute(query, values)
            except psycopg.OperationalError:
                if conn is not kept or not conn.closed:
                    raise
                continue  # PostgreSQL was ended since, or killed
            rows = cursor.fetchall() if cursor.description else []
            if self.process is None or self.process.poll() is not None:
                conn.close()  # who stopped a county may want its database to himself
            return rows
        raise AssertionError("a connection that was just made is no kept one")

    @property
    def conninfo(self) -> str:
        if self.database.startswith("embedded:"):
            return Embedded(Path(self.database.removeprefix("embedded:"))).conninfo
        return self.database

    def village(self, houses: int = 2, more: Sequence[str] = (), wan: Sequence[int] = ()) -> "Village":
        """A new village: one household group, in each house a lamp and a button. `more`: kinds that the first house
        has besides; such a device's id begins with the first four letters of its kind. `wan`: houses whose lamp is a
        gateway of its own too."""
        mark = secrets.token_hex(3)
        gateway = f"gw{mark}"
        sites: list[dict[str, Any]] = [
            {
                "id": f"s{mark}{n}",
                "name": f"三组 {n}号",
                "address": f"三组{n}号",
                "landmark": "老井旁",
                "devices": [
                    {"id": f"lamp{mark}{n}", "kind": "lamp"} | ({"wan": True} if n in wan else {}),
                    {"id": f"key{mark}{n}", "kind": "button"},
                ],
            }
            for n in range(houses)
        ]
        sites[0]["devices"] += [{"id": f"{kind[:4]}{mark}", "kind": kind} for kind in more]
        document = {
            "county": {"name": "庆丰县", "code": "990101"},
            "villages": [
                {
                    "code": "",
                    "name": f"村{mark}",
                    "township": "城关镇",
                    "gateway": gateway,
                    "broker": {"host": "127.0.0.1", "port": 1, "name": f"{gateway}.heartlamp"},
                    "groups": [{"name": "三组", "sites": sites}],
                }
            ],
        }
        self.enrol(document)
        return Village(self, mark, gateway, [str(s["id"]) for s in sites], more)

    def enrol(self, document: Any) -> list[str]:
        """In this process; returns the problems."""
        settings = config.read(self.config)

        async def work() -> list[str]:
            async with await psycopg.AsyncConnection.connect(self.conninfo, autocommit=True) as conn:
                folder = Folder(self.out, settings.ca, settings.ca_key, settings.url, settings.name())
                return (await enrol(conn, read(document), Vault(read_key(settings.key_file)), folder)).problems

        return asyncio.run(work())

    @property
    def out(self) -> Path:
        return self.folder / "enrolled"

    def account(self, name: str = "", display: str = "值班员") -> "Operator":
        """As `heartlamp-server user add` makes it, in this process."""
        name = name or f"op{secrets.token_hex(3)}"

        async def make() -> None:
            async with await psycopg.AsyncConnection.connect(self.conninfo, autocommit=True) as conn:
                await store.add_person(conn, Person(name, display), hashed())
                await store.give_role(conn, name, Grant("operator"), "test")

        asyncio.run(make())
        return Operator(self.console, name, PASSWORD)

    def more_than(self, *roles: str) -> "Operator":
        """A county's operator with these roles too, signed in by the second factor."""
        operator = self.account()
        for role in roles:
            self.sql("INSERT INTO person_role (person, role, given_by) VALUES (%s, %s, 'test')", operator.name, role)
        self.sql("UPDATE session SET second = true WHERE person = %s", operator.name)
        return operator

    def _listen(self, process: "subprocess.Popen[str]", listening: threading.Event) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self.said.append(line)
            if "gateways: http" in line:
                self.gateways = _address(line)
            if "console: http" in line:
                self.console = _address(line)
                listening.set()

    def _environment(self) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}


def _address(line: str) -> str:
    """Of a line of the log, be it JSON."""
    return "http" + line.partition(": http")[2].split()[0].rstrip('"}')


class Gateway:
    """What speaks to the county under one token. `gateway`: its id."""

    def __init__(self, county: County, gateway: str, token: str) -> None:
        self.county, self.gateway, self.token = county, gateway, token
        settings = config.read(county.config)
        context = ssl.create_default_context(cafile=str(settings.ca))
        headers = {"Authorization": f"Bearer {token}"}
        self.http = httpx.Client(base_url=county.gateways, verify=context, headers=headers, timeout=WAIT_SECONDS)

    def send(self, *messages: Message, notes: Sequence[Note] = (), age: int = 0, to: str = "batch") -> list[Verdict]:
        """One batch, and its verdicts in the order of the messages and notes."""
        return self.send_items([Item(n, age, m.user, m.frame()) for n, m in enumerate(messages)], notes, to)

    def send_items(self, items: Sequence[Item], notes: Sequence[Note] = (), to: str = "batch") -> list[Verdict]:
        reply = self.post(Batch(self.gateway, "0" * 16, "", tuple(items), tuple(notes)).to_json(), to)
        assert reply.status_code == 200, reply.text
        verdicts = {v.n: v for v in BatchAnswer.from_json(reply.content).verdicts}
        return [verdicts[n] for n in [i.n for i in items] + [m.n for m in notes]]

    def post(self, body: bytes, to: str = "batch") -> httpx.Response:
        return self.http.post(f"/gateway/v1/{to}", content=body)

    def note(self, n: int, incident: str, what: str, subject: str) -> Note:
        owner = device_of_one(self.gateway) or self.gateway
        return Note(n, 5, event_id(owner, os.urandom(8)), incident, what, subject)

    def down(self, last_event_id: str = "") -> "Stream":
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        return Stream(self.http, "/gateway/v1/down", headers)


class OfOne(Gateway):
    """A device that is its own gateway, from the file that it is provisioned with."""

    def __init__(self, county: County, device: str) -> None:
        self.config: dict[str, Any] = json.loads((county.out / "devices" / f"{device}.json").read_text())
        super().__init__(county, self.config["wan"]["gateway"], self.config["wan"]["token"])


class Village(Gateway):
    """`lamps`, `keys`: one each for every house of `sites`; `more`: by kind, at the first house."""

    def __init__(self, county: County, mark: str, gateway: str, sites: list[str], more: Sequence[str] = ()) -> None:
        super().__init__(county, gateway, (county.out / "gateways" / gateway / "token").read_text().strip())
        self.sites, self.name = sites, f"村{mark}"
        devices = county.out / "devices"
        self.lamps = [Device(devices / f"lamp{mark}{n}.json") for n in range(len(sites))]
        self.keys = [Device(devices / f"key{mark}{n}.json") for n in range(len(sites))]
        self.more = {kind: Device(devices / f"{kind[:4]}{mark}.json") for kind in more}


class Operator:
    def __init__(self, console: str, name: str, password: str) -> None:
        self.name, self.password = name, password
        self.http = httpx.Client(base_url=console, headers={"X-Heartlamp": "1"}, timeout=WAIT_SECONDS)
        self.sign_in()

    def sign_in(self) -> None:
        reply = self.http.post("/api/login", json={"name": self.name, "password": self.password})
        assert reply.status_code == 200, reply.text

    def get(self, path: str, **params: Any) -> Any:
        reply = self.http.get(f"/api/{path}", params=params)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def card(self, incident: str) -> Any:
        return self.get(f"incidents/{incident}")["incident"]

    def kinds(self, incident: str) -> list[str]:
        return [line["kind"] for line in self.get(f"incidents/{incident}")["timeline"]]

    def say(self, incident: str, answer: str, **more: str) -> httpx.Response:
        return self.http.post(f"/api/incidents/{incident}/answer", json={"answer": answer, **more})

    def feed(self, cursor: str) -> "Stream":
        return Stream(self.http, "/api/feed", {}, {"cursor": cursor})


class Event:
    def __init__(self, kind: str, id: str, data: Any, at: float) -> None:
        self.kind, self.id, self.data, self.at = kind, id, data, at


class Stream:
    """Server-sent events, read by a thread; `next` waits for one that fits."""

    def __init__(
        self, http: httpx.Client, path: str, headers: dict[str, str], params: dict[str, str] | None = None
    ) -> None:
        self._events: queue.Queue[Event | None] = queue.Queue()
        self._request = (http, path, headers, params or {})
        self.status = 0
        self._open = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        assert self._open.wait(WAIT_SECONDS)

    def next(self, fits: Callable[[Event], bool], seconds: float = WAIT_SECONDS) -> Event:
        deadline = time.monotonic() + seconds
        while True:
            event = self._events.get(timeout=max(0.01, deadline - time.monotonic()))
            assert event is not None, "the stream ended"
            if fits(event):
                return event

    def ended(self, seconds: float) -> bool:
        """Whether the other side ends it within that time."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _read(self) -> None:
        http, path, headers, params = self._request
        try:
            with http.stream("GET", path, headers=headers, params=params) as reply:
                self.status = reply.status_code
                self._open.set()
                fields: dict[str, str] = {}
                for line in reply.iter_lines():
                    if line:
                        name, _, value = line.partition(": ")
                        fields[name] = value
                    elif "event" in fields:
                        data = json.loads(fields.get("data", "{}"))
                        self._events.put(Event(fields["event"], fields.get("id", ""), data, time.perf_counter()))
                        fields = {}
        except httpx.HTTPError:
            pass
        finally:
            self._open.set()
            self._events.put(None)
