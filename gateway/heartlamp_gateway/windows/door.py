"""A small HTTP server that nobody on the LAN can fill up: so many connections and no more, a request within so many
seconds, a head and a body of so many bytes, one request a connection."""

import io
import socket
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from heartlamp_gateway.say import log

CONNECTIONS_MAX, OF_ONE_MAX = 24, 10
REQUEST_S = 5.0  # from the connection to the last byte of the request
SEND_S = 5.0  # for one answer, or one word of a stream
GONE_MS = 20_000  # nothing of what was sent is acknowledged
HEAD_MAX, BODY_MAX = 8_192, 1_024
FULL = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 5\r\n\r\n"


class Door(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 16

    def __init__(self, address: tuple[str, int], handler: type["Request"], alive: Callable[[], None]) -> None:
        """`alive`: called while it serves, at least every second."""
        self._alive = alive
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self._lock = threading.Lock()
        self._open: dict[str, int] = {}
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Without a look-up of our own name, which takes seconds where no DNS answers."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def service_actions(self) -> None:
        self._alive()

    def process_request(self, request: Any, client_address: Any) -> None:
        host = str(client_address[0])
        with self._lock:
            full = sum(self._open.values()) >= CONNECTIONS_MAX or self._open.get(host, 0) >= OF_ONE_MAX
            if not full:
                self._open[host] = self._open.get(host, 0) + 1
        if not full:
            try:
                super().process_request(request, client_address)
            except RuntimeError as wrong:  # no thread to be had
                log.warning("a window cannot be opened now: %s", wrong)
                self._gone(host)
                self.shutdown_request(request)
            return
        try:
            request.setblocking(False)
            request.send(FULL)
        except OSError:
            pass
        self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._gone(str(client_address[0]))

    def _gone(self, host: str) -> None:
        with self._lock:
            left = self._open.get(host, 1) - 1
            if left:
                self._open[host] = left
            else:
                self._open.pop(host, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hung up is no news; what we did wrong is, and ends one answer, never the gateway."""
        wrong = sys.exception()
        if not isinstance(wrong, OSError):
            log.error("an answer to %s failed", client_address[0], exc_info=wrong)


class Request(BaseHTTPRequestHandler):
    """One request: read whole before it is looked at."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_version, sys_version = "heartlamp-gateway", ""

    def handle(self) -> None:
        raw = self._read()
        if raw is None:
            return
        self.rfile = io.BufferedReader(io.BytesIO(raw))
        self.connection.settimeout(SEND_S)
        # A television that left the Wi-Fi must not hold its place for the quarter of an hour that TCP tries.
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_MS)
        self.close_connection = True
        self.handle_one_request()

    def body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        return self.rfile.read(int(length)) if length.isdigit() and int(length) <= BODY_MAX else b""

    def log_message(self, format: str, *args: Any) -> None:
        """A line for each look would fill the log."""

    def _read(self) -> bytes | None:
        """Head and body, None where they do not come in time or are too long. By one deadline for all of it: a byte now
        and then wins nothing."""
        until, raw, wanted = time.monotonic() + REQUEST_S, b"", 0
        while not wanted or len(raw) < wanted:
            left = until - time.monotonic()
            if left <= 0 or len(raw) > HEAD_MAX + BODY_MAX:
                return None
            self.connection.settimeout(left)
            try:
                piece = self.connection.recv(4096)
            except OSError:
                return None
            if not piece:
                return None
            raw += piece
            head, end, _ = raw.partition(b"\r\n\r\n")
            if not wanted and end:
                if len(head) > HEAD_MAX:
                    return None
                wanted = len(head) + len(end) + min(_length(head), BODY_MAX)
        return raw


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            return int(value.strip()[:6])
    return 0
