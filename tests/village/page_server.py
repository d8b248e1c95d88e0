"""Serves the demo page and its few controls. What the page presses are pins of virtual boards, never messages."""

import json
import queue
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

BODY_MAX = 4096
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
                if self.path == "/state":
                    self._reply(HTTPStatus.OK, "application/json", json.dumps(state(), ensure_ascii=False).encode())
                elif self.path == "/events":
                    self._stream()
                else:
                    self._file(self.path.split("?")[0].lstrip("/") or "index.html")

            def do_POST(self) -> None:
                # A page of another origin must not press buttons here: browsers send this type only with its consent.
                if self.headers.get("Content-Type", "") != "application/json":
                    self._reply(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "text/plain", b"application/json, please")
                    return
                try:
                    act(self.path, self._fields())
                except KeyError as error:
                    self._reply(HTTPStatus.BAD_REQUEST, "text/plain; charset=utf-8", f"not done: no {error}".encode())
                except Exception as error:  # whatever it was, who asked must hear that it was not done
                    self._reply(HTTPStatus.BAD_REQUEST, "text/plain; charset=utf-8", f"not done: {error}".encode())
                else:
                    self._reply(HTTPStatus.OK, "application/json", b"{}")

            def _fields(self) -> dict[str, Any]:
                length = int(self.headers.get("Content-Length", 0))
                if not 0 <= length <= BODY_MAX:
                    self.close_connection = True  # what is not read must not be taken for the next request
                    raise ValueError(f"a body of {length} bytes, at most {BODY_MAX}")
                fields = json.loads(self.rfile.read(length))
                if not isinstance(fields, dict):
                    raise ValueError("a JSON object, please")
                return fields

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
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, name="page", daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
