"""A county over real HTTPS: stores what comes, judges it by its MAC, answers with signed receipts, streams commands."""

import json
import secrets
import select
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from heartlamp_protocol.device.frame import FrameError, verify
from heartlamp_protocol.device.mac import county_key, device_key, digest16
from heartlamp_protocol.downlink import IncidentCommand, PlanCommand, cursor_text, write_command
from heartlamp_protocol.escalation.plan import NO_PLAN, Plan
from heartlamp_protocol.inbound import Reading, read_frame
from heartlamp_protocol.packing import ENCODING, unpack
from heartlamp_protocol.registry import Registry
from heartlamp_protocol.said_to_device import SETTINGS_VER, write_county_answer, write_received, write_settings
from heartlamp_protocol.uplink import BATCH_BYTES_MAX, Batch, BatchAnswer, Item, Verdict

from tests.gateway.rig.waiting import Board
from tests.ports import free_port


@dataclass
class Store:
    """What survives a restart of the county; a new one has a new epoch."""

    epoch: str = field(default_factory=lambda: secrets.token_hex(8))
    events: dict[str, bytes] = field(default_factory=dict)  # id -> body
    items: list[Item] = field(default_factory=list)  # each as it came, repetitions too
    notes: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # id -> (incident, what, subject)
    readings: list[Item] = field(default_factory=list)
    commands: list[dict[str, Any]] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)  # as confirmed
    resumed: list[str] = field(default_factory=list)  # Last-Event-ID of each stream
    gateway_epochs: set[str] = field(default_factory=set)
    pictures: dict[str, bytes] = field(default_factory=dict)
    parts: list[tuple[str, int, int]] = field(default_factory=list)  # (still, byte, how many), as they were put


class County:
    """`start` and `stop` as often as one likes; the port stays."""

    def __init__(self, certificate: tuple[Path, Path], registry: Registry, roots: dict[str, bytes]) -> None:
        self.token = secrets.token_hex(32)
        self.store = Store()
        self.board = Board()
        self.registry = registry
        self.plan = NO_PLAN
        self.refuse_token = False
        self.busy = 0  # a status that readings are answered with, 0: they are taken
        self.turned_away = 0
        self.looks_s = 0.0  # before it answers readings: whether the next request is there already
        self.ahead = 0  # so often it was
        self.unreadable: set[bytes] = set()  # a batch with such a piece in a frame is answered with 400
        self.breaking: set[bytes] = set()  # the same, with 500
        self.quarantined: set[str] = set()  # devices
        self.wanted: dict[
            str, int
        ] = {}  # device -> the version of its settings, which its heartbeats are answered with
        self.arrived_at: dict[str, int] = {}  # event -> perf_counter_ns
        self.posts = 0
        self.no_pictures = False  # 410 to each
        self.spoils = 0  # so many pictures arrive wrong
        self.bundles: dict[str, bytes] = {}
        self.ranges: list[tuple[int, int]] = []  # of bundles, as they were asked for
        self.bundle_stops_at: int | None = None  # the line breaks before this byte of a bundle
        self._roots = roots
        self._certificate = certificate
        self._server: _Server | None = None
        self.port = free_port()
        self.start()

    def start(self, certificate: tuple[Path, Path] | None = None) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*(certificate or self._certificate))
        self._server = _Server(("127.0.0.1", self.port), _Handler, self, context)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.stopping = True
            with self.board:
                pass
            self._server.shutdown()
            self._server.end_connections()
            self._server.server_close()
            self._server = None

    def command(self, fields: dict[str, Any]) -> str:
        """Puts a command into the stream. Returns its cursor."""
        with self.board:
            self.store.commands.append(fields)
            return cursor_text(self.store.epoch, len(self.store.commands))

    def plan_is(self, plan: Plan) -> None:
        """Hands it down to a gateway that is there."""
        self.plan = plan
        self.command(PlanCommand(plan.version).to_fields())

    def incident(
        self,
        incident: str,
        site: str,
        what: str,
        events: tuple[str, ...],
        aver: int,
        answer: str,
        who: str,
        lamps: list[str],
        by: str = "",
        withdrawn: tuple[str, ...] = (),
    ) -> str:
        frames = {
            lamp: write_county_answer(
                county_key(self._roots[lamp], 1),
                lamp,
                1,
                self.store.epoch,
                incident,
                len(events),
                aver,
                answer,
                who,
                by,
            ).decode()
            for lamp in lamps
        }
        return self.command(
            IncidentCommand(incident, site, what, events, aver, answer, who, by, withdrawn, frames).to_fields()
        )

    def has(self, event: str, seconds: float = 30.0) -> None:
        self.board.wait(f"{event} at the county", lambda: event in self.store.events, seconds)

    def noted(self, what: str, subject: str, seconds: float = 30.0) -> str:
        """Waits for a note; returns its incident."""

        def find() -> tuple[str] | None:
            found = [n[0] for n in self.store.notes.values() if n[1:] == (what, subject)]
            return (found[0],) if found else None

        return self.board.wait(f"note {what} {subject}", find, seconds)[0]

    def wishes(self, item: Item) -> str:
        """The answer to a reading: settings that its device has yet to take, signed, or ""."""
        if not self.wanted or SETTINGS_VER.encode() not in item.frame:
            return ""
        content = read_frame(item.frame).content
        assert isinstance(content, Reading)
        device = content.head.device
        if content.values[SETTINGS_VER] >= self.wanted.get(device, 0):
            return ""
        key = county_key(self._roots[device], content.head.key_version)
        return write_settings(key, device, content.head.key_version, self.wanted[device], "{}").decode()

    def judge(self, item: Item) -> Verdict:
        self.store.items.append(item)
        try:
            frame = read_frame(item.frame)
        except FrameError as wrong:
            return Verdict(item.n, "rejected", str(wrong))
        if isinstance(frame.content, Reading):
            return Verdict(item.n, "rejected", "a reading")
        head, event = frame.content.head, frame.content.id
        root = self._roots.get(head.device)
        if root is None or head.device in self.quarantined:
            return Verdict(item.n, "quarantined", "unknown device")
        if not verify(device_key(root, head.key_version), frame.body, frame.mac):
            return Verdict(item.n, "unverified", "the mac is wrong")
        known = self.store.events.setdefault(event, frame.body)
        self.arrived_at.setdefault(event, time.perf_counter_ns())
        if known != frame.body:
            return Verdict(item.n, "unverified", "same id, other bytes")
        key = county_key(root, head.key_version)
        sum16 = digest16(frame.body)
        receipt = write_received(key, head.device, head.key_version, event, sum16, self.store.epoch)
        repeated = sum(i.frame == item.frame for i in self.store.items) > 1
        return Verdict(item.n, "duplicate" if repeated else "received", "", receipt.decode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], handler: type, county: County, context: ssl.SSLContext) -> None:
        super().__init__(address, handler)
        self.county, self.context, self.stopping = county, context, False
        self._open: list[Any] = []

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            request = self.context.wrap_socket(request, server_side=True)
        except OSError:
            request.close()
            return
        self._open.append(request)
        super().process_request_thread(request, client_address)

    def end_connections(self) -> None:
        for each in self._open:
            try:
                each.shutdown(2)
            except OSError:
                pass

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # the gateway was killed, or we were


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        county = self.server.county
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._allowed():
            return
        try:
            if self.headers["Content-Encoding"] == ENCODING:
                body = unpack(body, BATCH_BYTES_MAX) or b""
            batch = Batch.from_json(body)
        except FrameError as wrong:
            self._answer(400, {"error": str(wrong), "do": "mend it"})
            return
        if county.busy and self.path == "/gateway/v1/readings":
            with county.board:
                county.turned_away += 1
            self._answer(county.busy, {"error": "too much to do", "do": "come again later"})
            return
        if county.looks_s and self.path == "/gateway/v1/readings":
            there = self.connection.pending() or select.select([self.connection], [], [], county.looks_s)[0]
            with county.board:
                county.ahead += bool(there)
        if any(piece in item.frame for piece in county.breaking for item in batch.items):
            self._answer(500, {"error": "internal", "do": "mend the county"})
            return
        if any(piece in item.frame for piece in county.unreadable for item in batch.items):
            self._answer(400, {"error": "unreadable", "do": "send one by one"})
            return
        with county.board:
            county.posts += 1
            county.store.gateway_epochs.add(batch.epoch)
            county.store.cursors.append(batch.cursor)
            if self.path == "/gateway/v1/readings":
                county.store.readings += batch.items
                verdicts = [Verdict(item.n, "received", "", county.wishes(item)) for item in batch.items]
            else:
                verdicts = [county.judge(item) for item in batch.items]
            for note in batch.notes:
                county.store.notes[note.id] = (note.incident, note.what, note.subject)
                verdicts.append(Verdict(note.n, "received"))
            answer = BatchAnswer(county.store.epoch, tuple(verdicts)).to_json()
        self._reply(200, answer)

    def do_PUT(self) -> None:
        county, still = self.server.county, self.path.rpartition("/")[2]
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._allowed():
            return
        span, _, _ = self.headers["Content-Range"].removeprefix("bytes ").partition("/")
        with county.board:
            if still not in county.store.events:
                self._answer(404, {"error": "no such still", "do": "come again"})
                return
            if county.no_pictures:
                self._answer(410, {"error": "it was deleted", "do": "delete it"})
                return
            here = county.store.pictures.setdefault(still, b"")
            if span != "*" and int(span.partition("-")[0]) == len(here):
                county.store.pictures[still] = here = here + data
                county.store.parts.append((still, len(here) - len(data), len(data)))
            wrong = int(county.spoils > 0 and len(here) == int(self.headers["Content-Range"].partition("/")[2]))
            if wrong:
                county.spoils -= 1
                county.store.pictures[still] = here = b""
        self._reply(200, json.dumps({"v": 1, "at": len(here), "wrong": wrong}).encode())

    def do_GET(self) -> None:
        if not self._allowed():
            return
        if self.path.startswith("/gateway/v1/firmware/"):
            self._firmware()
            return
        if self.path == "/gateway/v1/registry":
            self._reply(200, self.server.county.registry.to_json())
        elif self.path == "/gateway/v1/plan":
            self._reply(200, self.server.county.plan.to_json())
        elif self.path == "/gateway/v1/down":
            self._stream()
        else:
            self._answer(404, {"error": "no such page", "do": ""})

    def _firmware(self) -> None:
        county = self.server.county
        data = county.bundles.get(self.path.rpartition("/")[2])
        first, _, last = self.headers["Range"].removeprefix("bytes=").partition("-")
        if data is None:
            self._answer(404, {"error": "no such bundle", "do": ""})
            return
        with county.board:
            county.ranges.append((int(first), int(last)))
        if county.bundle_stops_at is not None and int(last) >= county.bundle_stops_at:
            self.connection.shutdown(2)
            return
        self._reply(206, data[int(first) : int(last) + 1])

    def _stream(self) -> None:
        county, store = self.server.county, self.server.county.store
        last = self.headers.get("Last-Event-ID", "")
        with county.board:
            store.resumed.append(last)
        epoch, _, seq = last.partition(":")
        sent = int(seq) if epoch == store.epoch else 0
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        said = {"v": 1, "epoch": store.epoch, "registry": county.registry.version, "plan": county.plan.version}
        hello = json.dumps(said)
        self._chunk(f"event: hello\ndata: {hello}\n\n")
        ping_at = time.monotonic() + 5
        while not self.server.stopping and county.store is store:
            while sent < len(store.commands):
                sent += 1
                data = write_command(sent, 0, store.commands[sent - 1])
                self._chunk(f"id: {cursor_text(store.epoch, sent)}\nevent: command\ndata: {data}\n\n")
            if time.monotonic() > ping_at:
                ping_at = time.monotonic() + 5
                self._chunk(": ping\n\n")
            with county.board:
                county.board._changed.wait(0.5) if sent == len(store.commands) else None
        self.close_connection = True

    def _chunk(self, text: str) -> None:
        data = text.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _allowed(self) -> bool:
        county = self.server.county
        if county.refuse_token or self.headers.get("Authorization") != f"Bearer {county.token}":
            self._answer(401, {"error": "unknown or revoked token", "do": "give this gateway a new one"})
            return False
        return True

    def _answer(self, status: int, fields: dict[str, str]) -> None:
        self._reply(status, json.dumps(fields).encode())

    def _reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
