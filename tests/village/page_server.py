"""Serves the demo page and its few controls. What the page presses are pins of virtual boards, never messages."""

import contextlib
import json
import queue
import re
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

BODY_MAX = 4096
LOCAL = re.compile(r"(127\.0\.0\.1|localhost)(:[0-9]+)?")  # of any port, because a person may have forwarded ours
PAGE = Path(__file__).parent / "page"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Hub:
    """Hands each event to every open page. A page that does not read fast enough loses its oldest events and, as
    each carries the whole state of one lamp, only looks a little less smooth."""

    def __init__(self) -> None:
        self._readers: set[queue.Queue[bytes]] = set()
        self._lock = threading.Lock()

    def send(self, kind: str, data: object) -> None:
        line = f"event: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
        with self._lock:
            for reader in self._readers:
                if reader.full():
                    reader.get_nowait()
                reader.put_nowait(line)

    def open(self) -> "queue.Queue[bytes]":
        reader: queue.Queue[bytes] = queue.Queue(1000)
        with self._lock:
            self._readers.add(reader)
        return reader

    def close(self, reader: "queue.Queue[bytes]") -> None:
        with self._lock:
            self._readers.discard(reader)


class PageServer:
    """`state()`: what GET /state answers; `act(path, fields)`: does what a POST asks, raises for bad input."""

    def __init__(self, state: Callable[[], dict[str, Any]], act: Callable[[str, dict[str, Any]], None]) -> None:
        self.hub = Hub()
        hub = self.hub

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if not self._ours():
                    self._refuse_stranger()
                elif self._length() != 0:
                    self._refuse(HTTPStatus.BAD_REQUEST, "no body here, please")
                elif self.path == "/state":
                    self._reply(HTTPStatus.OK, "application/json", json.dumps(state(), ensure_ascii=False).encode())
                elif self.path == "/events":
                    self._stream()
                else:
                    self._file(self.path.split("?")[0].lstrip("/") or "index.html")

            def do_POST(self) -> None:
                # A page of another origin must not press buttons here: browsers name its origin, and send this type
                # only with our consent.
                if not self._ours():
                    self._refuse_stranger()
                elif self.headers.get("Content-Type", "") != "application/json":
                    self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "application/json, please")
                elif (length := self._length()) is None:
                    self._refuse(
                        HTTPStatus.BAD_REQUEST, f"not done: a body of a known length, at most {BODY_MAX} bytes"
                    )
                else:
                    self._act(self.rfile.read(length))

            def _act(self, body: bytes) -> None:
                try:
                    fields = json.loads(body)
                    if not isinstance(fields, dict):
                        raise ValueError("a JSON object, please")
                    act(self.path, fields)
                except KeyError as error:
                    self._reply(HTTPStatus.BAD_REQUEST, "text/plain; charset=utf-8", f"not done: no {error}".encode())
                except Exception as error:  # whatever it was, who asked must hear that it was not done
                    self._reply(HTTPStatus.BAD_REQUEST, "text/plain; charset=utf-8", f"not done: {error}".encode())
                else:
                    self._reply(HTTPStatus.OK, "application/json", b"{}")

            def _ours(self) -> bool:
                """Asked for at our own address (a foreign name can be made to point here), by no page or our own."""
                host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
                return LOCAL.fullmatch(host) is not None and origin in (None, f"http://{host}")

            def _length(self) -> int | None:
                """Of the body, in bytes; None where it cannot be told or is too much."""
                said = self.headers.get_all("Content-Length", ["0"])
                if "Transfer-Encoding" in self.headers or len(said) != 1 or not re.fullmatch("[0-9]{1,9}", said[0]):
                    return None
                return int(said[0]) if int(said[0]) <= BODY_MAX else None

            def _refuse_stranger(self) -> None:
                self._refuse(HTTPStatus.FORBIDDEN, f"只在这个地址 · only at {url}")

            def _refuse(self, status: HTTPStatus, why: str) -> None:
                """With the body unread: what follows on this connection must not be taken for the next request."""
                self.close_connection = True
                self._reply(status, "text/plain; charset=utf-8", why.encode())
                # The rest is taken in for a moment and thrown away: closed over it, the kernel's reset may overtake
                # the answer.
                with contextlib.suppress(OSError):
                    self.connection.shutdown(socket.SHUT_WR)
                    self.connection.settimeout(1)
                    for _ in range(16):
                        if not self.connection.recv(65536):
                            break

            def _file(self, name: str) -> None:
                path = PAGE / name
                if "/" in name or path.suffix not in TYPES or not path.is_file():
                    self._reply(HTTPStatus.NOT_FOUND, "text/plain", b"no such page")
                    return
                self._reply(HTTPStatus.OK, TYPES[path.suffix] + "; charset=utf-8", path.read_bytes())

            def _stream(self) -> None:
                self.send_response(HTTPStatus.OK)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Cache-Control", "no-store")
                self.send_header("Connection", "close")
                self.end_headers()
                reader = hub.open()
                try:
                    while True:
                        try:
                            self.wfile.write(reader.get(timeout=5))
                        except queue.Empty:
                            self.wfile.write(b": ping\n\n")
                        self.wfile.flush()
                except OSError:
                    pass
                finally:
                    hub.close(reader)
                    self.close_connection = True

            def _reply(self, status: HTTPStatus, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                if self.close_connection:
                    self.send_header("Connection", "close")
                self.send_header("Cache-Control", "no-store")
                self.send_header("Content-Security-Policy", "default-src 'self'")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # a page that went away in the middle of an answer

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.1,), name="page", daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
