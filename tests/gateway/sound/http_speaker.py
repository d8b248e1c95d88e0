"""A network loudspeaker that listens: it takes a WAV, or fetches one, and asks who is there."""

import hashlib
import json
import re
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class HttpSpeakerServer:
    """`needs`: "", "basic" or a digest's algorithm. `answers`: the status of a POST; `hangs`: says nothing at all;
    `drips`: a byte of its answer now and then; `fetches`: whether it gets the sound whose address it is given."""

    user: str = "village"
    password: str = "drum and gong"
    needs: str = ""
    answers: list[int] = field(default_factory=lambda: [200])
    hangs: bool = False
    drips: bool = False
    fetches: bool = True
    plays_s: float = 0.0  # before it answers
    got: list[tuple[str, str, str, bytes]] = field(default_factory=list)  # method, path, content type, body
    fetched: list[bytes] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    url: str = ""
    over: threading.Event = field(default_factory=threading.Event)

    def knows(self, method: str, path: str, header: str) -> bool:
        if not self.needs:
            return True
        if self.needs == "basic":
            return header == "Basic dmlsbGFnZTpkcnVtIGFuZCBnb25n"
        f = dict(re.findall(r'(\w+)="?([^",]+)"?', header))
        hashed = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[self.needs]

        def h(text: str) -> str:
            return hashed(text.encode()).hexdigest()

        one, two = h(f"{self.user}:yard:{self.password}"), h(f"{method}:{path}")
        wanted = h(f"{one}:n0nce:{f.get('nc')}:{f.get('cnonce')}:auth:{two}")
        return header.startswith("Digest ") and f.get("uri") == path and f.get("response") == wanted

    @contextmanager
    def listening(self) -> Iterator["HttpSpeakerServer"]:
        it = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                if self._let_in():
                    self._end(405)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                if not self._let_in():
                    return
                it.got.append((self.command, self.path, self.headers.get("Content-Type", ""), body))
                it.arrived.set()
                if self.path == "/stop":
                    self._end(200)
                    return
                status = it.answers.pop(0) if len(it.answers) > 1 else it.answers[0]
                if it.fetches and self.headers.get("Content-Type") == "application/json":
                    with urllib.request.urlopen(json.loads(body)["url"], timeout=5) as sound:
                        it.fetched.append(sound.read())
                it.over.wait(it.plays_s)
                self._end(status)

            do_PUT = do_POST

            def _let_in(self) -> bool:
                if it.hangs:
                    it.over.wait(60)
                    return False
                if it.drips:
                    for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: 1\r\n" * 1_000:
                        if it.over.wait(0.1):
                            return False
                        try:
                            self.wfile.write(bytes([byte]))
                        except OSError:
                            return False
                if it.knows(self.command, self.path, self.headers.get("Authorization", "")):
                    return True
                self._end(401)
                return False

            def _end(self, status: int) -> None:
                self.send_response(status)
                if status == 401:
                    algorithm = "" if it.needs == "MD5" else f", algorithm={it.needs}"
                    asked = 'Basic realm="yard"'
                    if it.needs != "basic":
                        asked = f'Digest realm="yard", qop="auth,auth-int", nonce="n0nce", opaque="o"{algorithm}'
                    self.send_header("WWW-Authenticate", asked)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            self.url = f"http://127.0.0.1:{server.server_address[1]}"
            thread = threading.Thread(target=lambda: server.serve_forever(0.05), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                self.over.set()
                server.shutdown()
                thread.join()


def took(start: float) -> float:
    return time.monotonic() - start
