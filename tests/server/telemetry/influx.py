"""A real InfluxDB 1.6.7 on a port and in a folder of its own. It is older than /api/v2/write, which 1.8, 2 and 3 have,
so a path rewrite of ours stands before it."""

import os
import subprocess
import threading
import time
import urllib.parse
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from heartlamp_server.config import Influx

from tests.ports import free_port

DAEMON = Path(os.environ.get("HEARTLAMP_INFLUXD", Path(__file__).parents[3] / ".tools/influxdb/usr/bin/influxd"))
needed = pytest.mark.skipif(not DAEMON.exists(), reason="InfluxDB is not unpacked: sh bootstrap/influxdb.sh")

_CONFIG = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
wal-fsync-delay = "0s"
[http]
bind-address = "127.0.0.1:{http}"
log-enabled = false
[monitor]
store-enabled = false
"""


class InfluxDB:
    """`url`: of the rewrite before it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port, rpc = free_port(), free_port()
        folder.mkdir(exist_ok=True)
        self._config = folder / "influxdb.conf"
        self._config.write_text(_CONFIG.format(folder=folder, http=self._port, rpc=rpc))
        self._process: subprocess.Popen[bytes] | None = None
        self._rewrite = _Rewrite(self._port)
        self.url = f"http://127.0.0.1:{self._rewrite.server_address[1]}"
        self.written = self._rewrite.written

    def start(self) -> None:
        """Until it answers, with the database `county`."""
        with open(self._folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [DAEMON, "-config", self._config], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        until = time.monotonic() + 30
        while True:
            try:
                self.ask("CREATE DATABASE county")
                return
            except httpx.TransportError:
                assert self._process.poll() is None, (self._folder / "log").read_text()[-2000:]
                assert time.monotonic() < until
                time.sleep(0.02)

    def ask(self, query: str) -> httpx.Response:
        return httpx.post(f"http://127.0.0.1:{self._port}/query", params={"db": "county", "q": query}, timeout=20)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._rewrite.shutdown()
        self._rewrite.server_close()
        self.kill()

    def refuse(self, status: int) -> None:
        """Every write from now on, 0: none."""
        self._rewrite.status = status

    def settings(self, buffer_bytes: int = 1_000_000) -> Influx:
        return Influx(self.url, "county/autogen", "county", token="duty:secret", buffer_bytes=buffer_bytes)


class _Rewrite(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.port, self.status = port, 0
        self.written: list[str] = []  # the queries of writes, as they came
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Rewrite

    def _pass(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if path == "/api/v2/write":
            self.server.written.append(query)
            asked = dict(urllib.parse.parse_qsl(query))
            database, _, policy = asked["bucket"].partition("/")
            query = urllib.parse.urlencode({"db": database, "rp": policy, "precision": asked["precision"][0]})
            path = "/write"
            if self.server.status:
                self._answer(self.server.status, {"Content-Type": "application/json"}, b'{"error":"refused"}')
                return
        http = HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        try:
            kept = ("Content-Type", "Content-Encoding", "Accept")
            headers = {name: self.headers[name] for name in kept if name in self.headers}
            http.request(self.command, f"{path}?{query}", body, headers)
            reply = http.getresponse()
            self._answer(reply.status, dict(reply.getheaders()), reply.read())
        except OSError:
            self.close_connection = True
            self.connection.close()
        finally:
            http.close()

    do_GET = do_POST = _pass

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name in ("Content-Type", "Content-Encoding"):
            if name in headers:
                self.send_header(name, headers[name])
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
