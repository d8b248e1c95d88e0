"""One HTTPS connection to the county that stays open. A request is one write: two would wait for each other."""

import email.utils
import http.client
import io
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from heartlamp_protocol.packing import ENCODING, PACKED_FROM, pack

from heartlamp_gateway.config import Config
from heartlamp_gateway.county.address import FILE, Address
from heartlamp_gateway.county.tls import report_dates

ANSWER_S = 10.0
CONNECT_S = 3.5  # each step of it; a line that is dead without a word must not take longer than an alarm may be late
CHUNK = 16_384  # bytes; a large batch on a slow line takes minutes, and each piece that goes is a sign of life
AWAY = (OSError, http.client.HTTPException)
"""The county cannot be reached, or stopped in the middle."""


@dataclass(frozen=True, slots=True)
class Reply:
    """`date`: when the county said this, by its own clock, seconds since 1970; None: it did not say."""

    status: int
    body: bytes
    date: float | None = None


def read_token(path: Path) -> str:
    """Read at each connection, so that a new token needs no restart."""
    return path.read_text(encoding="ascii", errors="replace").strip()


class Line:
    """Used by one thread. Errors are AWAY; after one the next call connects anew. `alive`: called while bytes move."""

    def __init__(self, config: Config, context: ssl.SSLContext, alive: Callable[[], None] = lambda: None) -> None:
        self._config, self._context, self._alive = config, context, alive
        self._address = Address(config.county_host, config.county_port, config.data_dir / FILE)
        self._sock: ssl.SSLSocket | None = None
        self._head = self._token = ""
        self._answers: _Answers | None = None  # while some are awaited

    @property
    def socket(self) -> ssl.SSLSocket | None:
        return self._sock

    def connect(self) -> None:
        """Opens it ahead of need: the handshake must not stand between an alarm and the county."""
        if self._sock is not None:
            return
        token = self._token = read_token(self._config.token_file)
        host, port = self._config.county_host, self._config.county_port
        raw = self._address.open(CONNECT_S)
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sock = self._context.wrap_socket(raw, server_hostname=host)
        except BaseException:
            raw.close()
            raise
        self._sock.settimeout(ANSWER_S)
        self._head = f"Host: {host}:{port}\r\nAuthorization: Bearer {token}\r\n"
        report_dates(self._sock)

    def post(self, path: str, body: bytes, patience_s: float = ANSWER_S, packed: bool = False) -> Reply:
        """`patience_s`: for the answer, once all is sent; `packed`: where it is long enough for that."""
        head, body = _post(path, body, packed)
        return self._ask(head, body, "POST", patience_s)

    def send(self, path: str, body: bytes) -> None:
        """Packed, and not waited for: `answer` brings the answers, in the order of the sending, and nothing else may be
        asked before. After an error none of what was sent is answered."""
        self.connect()
        assert self._sock is not None
        try:
            if self._answers is None:
                self._answers = _Answers(self._sock)
            self._write(*_post(path, body, packed=True))
        except BaseException:
            self.close()
            raise

    def answer(self, more: bool) -> Reply:
        """`more`: further ones are awaited."""
        assert self._answers is not None
        try:
            reply = self._read(self._answers, "POST")
        except BaseException:
            self.close()
            raise
        if not more and self._answers is not None:
            self._answers.end()
            self._answers = None
        return reply

    def put(self, path: str, body: bytes, headers: str) -> Reply:
        """`headers`: further lines, each with its end."""
        head = f"PUT {path} HTTP/1.1\r\n{{}}{headers}Content-Length: {len(body)}\r\n\r\n"
        return self._ask(head, body, "PUT")

    def get(self, path: str, headers: str = "") -> Reply:
        return self._ask(f"GET {path} HTTP/1.1\r\n{{}}{headers}\r\n", b"", "GET")

    def stream(self, path: str, last: str, timeout: float) -> http.client.HTTPResponse:
        """Opens server-sent events; the caller reads lines from the answer."""
        self.close()
        self.connect()
        assert self._sock is not None
        self._sock.settimeout(timeout)
        resume = f"Last-Event-ID: {last}\r\n" if last else ""
        text = f"GET {path} HTTP/1.1\r\n{self._head}Accept: text/event-stream\r\n{resume}\r\n"
        self._sock.sendall(text.encode("latin-1", "replace"))
        response = http.client.HTTPResponse(self._sock, method="GET")
        response.begin()
        return response

    def is_stale(self) -> bool:
        """The county closed an idle connection: bytes or an end where none can be expected."""
        if self._sock is None:
            return False
        self._sock.setblocking(False)
        try:
            self._sock.recv(1)
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        except OSError:
            return True
        finally:
            self._sock.settimeout(ANSWER_S)
        return True

    def close(self) -> None:
        answers, self._answers = self._answers, None
        if answers is not None:
            answers.end()
        sock, self._sock = self._sock, None
        if sock is not None:
            sock.close()

    def _ask(self, head: str, body: bytes, method: str, patience_s: float = ANSWER_S) -> Reply:
        if self.is_stale():
            self.close()
        warm = self._sock is not None
        try:
            answer = self._exchange(head, body, method, patience_s)
            # A new token took the place of the one that this connection was opened with.
            renewed = answer.status == 401 and self._token != read_token(self._config.token_file)
            return self._exchange(head, body, method, patience_s) if renewed else answer
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
            if not warm:
                raise
        # It closed the idle connection while we wrote. Asking twice does no harm: everything is known by its id.
        return self._exchange(head, body, method, patience_s)

    def _exchange(self, head: str, body: bytes, method: str, patience_s: float) -> Reply:
        self.connect()
        assert self._sock is not None
        try:
            self._write(head, body)
            self._sock.settimeout(patience_s)
            return self._read(self._sock, method)
        except BaseException:
            self.close()
            raise

    def _write(self, head: str, body: bytes) -> None:
        assert self._sock is not None
        request = memoryview(head.format(self._head).encode("latin-1", "replace") + body)
        for at in range(0, len(request), CHUNK):
            self._alive()
            self._sock.sendall(request[at : at + CHUNK])
        self._alive()

    def _read(self, source: "ssl.SSLSocket | _Answers", method: str) -> Reply:
        assert self._sock is not None
        response = http.client.HTTPResponse(source, method=method)  # type: ignore[arg-type]
        response.begin()
        read = bytearray()
        while piece := response.read(CHUNK):
            self._alive()
            read += piece
        if response.length:
            raise http.client.IncompleteRead(bytes(read), response.length)
        self._sock.settimeout(ANSWER_S)
        answer = Reply(response.status, bytes(read), date_of(response))
        if response.will_close or response.status == 401:  # the next connection reads the token again
            self.close()
        return answer


class _Answers(io.BufferedReader):
    """Where the answers to several requests come from. One that ends closes what it was read from; the beginning of the
    next may be in there already."""

    def __init__(self, sock: ssl.SSLSocket) -> None:
        super().__init__(socket.SocketIO(sock, "r"))

    def makefile(self, mode: str) -> "_Answers":
        return self

    def close(self) -> None:
        pass

    def end(self) -> None:
        super().close()


def _post(path: str, body: bytes, packed: bool) -> tuple[str, bytes]:
    how = ""
    if packed and len(body) >= PACKED_FROM:
        body, how = pack(body), f"Content-Encoding: {ENCODING}\r\n"
    head = f"POST {path} HTTP/1.1\r\n{{}}Content-Type: application/json\r\n{how}Content-Length: {len(body)}\r\n\r\n"
    return head, body


def date_of(response: http.client.HTTPResponse) -> float | None:
    """When the county said this, as in Reply."""
    try:
        return email.utils.parsedate_to_datetime(response.getheader("Date", "")).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
