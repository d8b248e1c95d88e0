"""One sound under an address that nobody can guess, for a loudspeaker that fetches it, while it is announced."""

import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from heartlamp_gateway.outputs.speaker.kind import Unheard


@contextmanager
def served_to(speaker: str, wav: bytes, timeout_s: float) -> "Iterator[Served]":
    """On the side of this box that the loudspeaker sees. `speaker`: its URL. Raises Unheard."""
    parts = urlsplit(speaker)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout_s) as towards:
            here = towards.getsockname()[0]
    except OSError as wrong:
        raise Unheard(f"{speaker} cannot be asked: {wrong}", again=True) from None
    served = Served(f"/{secrets.token_urlsafe(16)}.wav", wav)
    with ThreadingHTTPServer((here, 0), served.handler()) as server:
        served.url = f"http://{here}:{server.server_address[1]}{served.path}"
        thread = threading.Thread(target=lambda: server.serve_forever(0.1), name="sound for a speaker", daemon=True)
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()


class Served:
    """`fetched`: set when somebody has had all of it."""

    def __init__(self, path: str, wav: bytes) -> None:
        self.path = path
        self.url = ""
        self.fetched = threading.Event()
        self._wav = wav

    def handler(self) -> type[BaseHTTPRequestHandler]:
        served = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 30

            def do_GET(self) -> None:
                self._send(with_body=True)
                if self.path == served.path:
                    served.fetched.set()

            def do_HEAD(self) -> None:
                self._send(with_body=False)

            def _send(self, with_body: bool) -> None:
                if self.path != served.path:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Type", "audio/wav")
                self.send_header("Content-Length", str(len(served._wav)))
                self.end_headers()
                if with_body:
                    self.wfile.write(served._wav)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler
