"""A network loudspeaker that takes the sound, or its address, by HTTP."""

import http.client
import json
import secrets
import socket
import ssl
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from heartlamp_gateway.outputs.speaker import sound
from heartlamp_gateway.outputs.speaker.digest import Challenge, Login, answer, read_challenges
from heartlamp_gateway.outputs.speaker.kind import CHECK_S, CutOff, Unheard
from heartlamp_gateway.outputs.speaker.served import served_to
from heartlamp_gateway.rules.languages import in_both

_LATER = (408, 409, 423, 425, 429, 500, 502, 503, 504)  # it may be free in a moment


@dataclass(frozen=True, slots=True)
class HttpSpeaker:
    """`send`: "wav", the sound as the body; "url", `body` with {url} put in, from which it fetches the sound itself.
    `stop_url`: POSTed to when the sound is cut off; `check_url`: asked with HEAD. `timeout_s`: until it answers; one
    that answers only when it has played may take the sound's length more. `ca`: trusted for https instead of the
    system's."""

    url: str
    method: str
    send: str
    body: str
    content_type: str
    stop_url: str
    check_url: str
    login: Login | None
    ca: Path | None
    timeout_s: float

    def play(self, samples: "array[int]", until: float, cut: threading.Event, begun: Callable[[], None]) -> None:
        length, wav = sound.seconds(samples), sound.to_wav(samples)
        start = time.monotonic()
        until = min(until, start + length + self.timeout_s)
        with served_to(self.url, wav, self.timeout_s) if self.send == "url" else nullcontext() as served:
            data = wav if served is None else self.body.replace("{url}", json.dumps(served.url)[1:-1]).encode()
            status = self._ask(self.method, self.url, data, until, cut, begun)
            if status in (401, 403):
                raise Unheard(f"{self.url} refuses our name and password ({status})", again=False)
            if not 200 <= status < 300:
                raise Unheard(f"{self.url} answered {status}", again=status in _LATER)
            if served is not None and not served.fetched.wait(max(0.0, min(until - time.monotonic(), self.timeout_s))):
                raise Unheard(f"{self.url} said yes and never fetched the sound", again=True)
            if cut.wait(max(0.0, start + length - time.monotonic())):  # it plays while we wait
                self._stop()
                raise CutOff

    def check(self) -> str:
        within = min(self.timeout_s, CHECK_S)
        try:
            status = self._ask("HEAD", self.check_url, b"", time.monotonic() + within, threading.Event())
        except Unheard as wrong:
            return in_both("连不上，请检查大喇叭的电源和网络", f"It cannot be reached: {wrong}")
        if status in (401, 403):
            return in_both(
                "用户名或密码不对，请核对 user 和 password_file", f"It refuses our name and password ({status})"
            )
        # 405 and 501: it is there, and knows no HEAD
        if status < 400 or status in (405, 501):
            return ""
        return in_both(f"回答 {status}，请核对网址", f"Its address {self.check_url} answered {status}")

    def _stop(self) -> None:
        if self.stop_url:
            try:
                self._ask("POST", self.stop_url, b"", time.monotonic() + self.timeout_s, threading.Event())
            except Unheard:
                pass  # the more urgent announcement is what counts, and it says itself whether it was heard

    def _ask(
        self,
        method: str,
        url: str,
        data: bytes,
        until: float,
        cut: threading.Event,
        written: Callable[[], None] = lambda: None,
    ) -> int:
        """The status, after having said who we are where it asks. `written`: called when the request itself is out,
        perhaps twice. Raises Unheard, CutOff."""
        challenge: Challenge | None = None
        if self.login is not None and data:  # asked before, so that no megabyte meets a 401
            challenge = self._challenge(self._exchange("HEAD", url, b"", "", until, cut))
        response = self._exchange(method, url, data, self._authorization(challenge, method, url), until, cut, written)
        fresh = self._challenge(response)
        if fresh is not None and (challenge is None or fresh.nonce != challenge.nonce):
            response = self._exchange(method, url, data, self._authorization(fresh, method, url), until, cut, written)
        return response.status

    def _challenge(self, response: http.client.HTTPResponse) -> Challenge | None:
        if response.status != 401 or self.login is None:
            return None
        return next(iter(read_challenges(response.headers.get_all("WWW-Authenticate") or [])), None)

    def _authorization(self, challenge: Challenge | None, method: str, url: str) -> str:
        if challenge is None or self.login is None:
            return ""
        return answer(challenge, self.login, method, _target(url), 1, secrets.token_hex(8))

    def _exchange(
        self,
        method: str,
        url: str,
        data: bytes,
        authorization: str,
        until: float,
        cut: threading.Event,
        written: Callable[[], None] = lambda: None,
    ) -> http.client.HTTPResponse:
        """A connection of its own. Only the status and headers are read: a body may never end."""
        parts = urlsplit(url)
        left = max(0.1, until - time.monotonic())
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=None if self.ca is None else str(self.ca))
            connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=left, context=context)
        else:
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=left)
        connection.timeout = min(left, self.timeout_s)  # to connect; after it the sound's length counts, too
        headers = {"Content-Type": self.content_type, "Connection": "close"} if data else {"Connection": "close"}
        if authorization:
            headers["Authorization"] = authorization
        try:
            connection.connect()
            connection.sock.settimeout(left)
            with _watched(connection.sock, until, cut):
                connection.request(method, _target(url), data or None, headers)
                written()
                return connection.getresponse()
        except (OSError, http.client.HTTPException) as wrong:
            if cut.is_set():
                raise CutOff from None
            late = isinstance(wrong, TimeoutError) or time.monotonic() >= until
            why = f"{url} does not answer" if late else f"{url} cannot be asked: {wrong or type(wrong).__name__}"
            raise Unheard(why, again=True) from None
        finally:
            connection.close()


@contextmanager
def _watched(sock: socket.socket, until: float, cut: threading.Event) -> Iterator[None]:
    """Ends the socket at `until`, or when cut: a socket's own timeout begins anew with every byte that drips in."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            if cut.is_set() or time.monotonic() >= until:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                return

    watcher = threading.Thread(target=watch, name="a speaker's deadline", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _target(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
