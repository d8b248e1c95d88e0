"""A county that answers nonsense under the right certificate, or is the real one behind it."""

import socket
import ssl
import threading

from tests.server.county import County


def _page(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


JUNK = {
    "nothing": b"",
    "another protocol": b"220 mail.example ESMTP\r\n",
    "a page": _page(b"<html>please pay</html>"),
    "an empty object": _page(b"{}"),
    "a list": _page(b"[" * 3000),
    "no receipt": _page(b'{"v":1,"epoch":"c0c0c0c0c0c0c0c0","verdicts":[{"n":1,"verdict":"received"}]}'),
    "a forged receipt": _page(
        b'{"v":1,"epoch":"c0c0c0c0c0c0c0c0","verdicts":[{"n":1,"verdict":"received","receipt":"{\\"mac\\":\\"0\\"}"}]}'
    ),
    "a broken county": b"HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nsorry",
    "a redirect": b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n",
    "half an answer": b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
    "too much": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"fff\r\n" + b"x" * 4095 + b"\r\n") * 9,
    "a long head": b"HTTP/1.1 200 OK\r\nX-Pad: " + b"y" * 9000,
}


class Crooked:
    """`answer`: what every connection is told and closed with; None: it is passed on to the county. `asked`: requests
    that were answered with junk."""

    def __init__(self, county: County) -> None:
        self._county = int(county.gateways.rpartition(":")[2])
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(county.folder / "server.pem", county.folder / "server.key")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.answer: bytes | None = None
        self.asked = threading.Semaphore(0)
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                came, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(came,), daemon=True).start()

    def _serve(self, came: socket.socket) -> None:
        try:
            if self.answer is None:
                county = socket.create_connection(("127.0.0.1", self._county))
                threading.Thread(target=_pass, args=(county, came), daemon=True).start()
                _pass(came, county)
                return
            with self._tls.wrap_socket(came, server_side=True) as secure:
                secure.recv(4096)
                secure.sendall(self.answer)
                self.asked.release()
        except OSError:
            pass  # the board had enough of it


def _pass(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
