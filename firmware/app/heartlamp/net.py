"""A TLS stream that wakes on the socket itself.

MicroPython's own TLS streams are asked every millisecond whether there is something; we wait on the TCP socket and
drain the TLS one, so an idle device sleeps and a receipt is noticed when it arrives.
"""

import asyncio
from asyncio import core
from hashlib import sha256

import tls

# What Mbed TLS says of a certificate's dates. They are reported, not enforced: an expired certificate or a device's
# clock of 1970 never silences a village. Anything else wrong with it refuses the connection.
_DATES = ("The certificate validity has expired", "The certificate validity starts in the future")


class Refused(OSError):
    """The other end is not our village's gateway."""


async def open_tls(host: str, port: int, name: str, ca: bytes, hello: bytes, on_dates) -> "Stream":
    """Connects, checks the certificate against `ca` and `name`, sends `hello` (the first bytes after the handshake).
    `on_dates(text)`: told what is wrong with the certificate's dates, "" nothing. Raises OSError."""
    seen = []

    def remember(cert, depth):
        if depth == 0:
            seen.append(sha256(cert).digest())
        return 0

    def only_the_same(cert, depth):
        if depth == 0:
            seen.append(sha256(cert).digest())
            return 0 if seen[0] == seen[-1] else 1
        return 0

    try:
        stream = await _open(host, port, name, ca, tls.CERT_REQUIRED, remember, hello)
        on_dates("")
        return stream
    except ValueError as error:
        wrong = [line for line in str(error).split("\n") if line]
        if not wrong or not seen or [line for line in wrong if line not in _DATES]:
            raise Refused("the gateway's certificate is refused: " + "; ".join(wrong))
    # Everything but the date was right, name and signature included: take that very certificate, byte for byte.
    on_dates("; ".join(wrong))
    checked = len(seen)
    stream = await _open(host, port, name, ca, tls.CERT_OPTIONAL, only_the_same, hello)
    if len(seen) == checked:
        stream.close()
        raise Refused("the gateway showed no certificate")
    return stream


async def _open(host: str, port: int, name: str, ca: bytes, mode: int, check, hello: bytes) -> "Stream":
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = mode
    context.load_verify_locations(ca)
    context.verify_callback = check
    tcp = (await asyncio.open_connection(host, port))[0].s
    try:
        try:
            tcp.setsockopt(6, 1, 1)  # IPPROTO_TCP, TCP_NODELAY: an alarm does not wait for company
        except OSError:
            pass
        stream = Stream(tcp, context.wrap_socket(tcp, server_hostname=name, do_handshake_on_connect=False))
        await stream.handshake(hello)
        return stream
    except BaseException:
        tcp.close()
        raise


class Stream:
    """`read` raises EOFError at the end, OSError where the line broke."""

    def __init__(self, tcp, secure) -> None:
        self._tcp = tcp
        self._tls = secure

    async def handshake(self, hello: bytes) -> None:
        """The first write carries the handshake, which waits for the other end. Raises ValueError where the
        certificate is refused."""
        while self._tls.write(hello) is None:
            await _readable(self._tcp)

    async def read(self) -> bytes:
        """At least one byte, as soon as there is one."""
        while True:
            data = self._tls.read(2048)
            if data:
                return data
            if data is not None:
                raise EOFError("the broker closed the connection")
            await _readable(self._tcp)

    async def write(self, data: bytes) -> None:
        while data:
            n = self._tls.write(data)
            if n is None:
                await _writable(self._tcp)
            else:
                data = data[n:]

    def close(self) -> None:
        for end in (self._tls, self._tcp):
            try:
                end.close()
            except OSError:
                pass


def _readable(tcp):
    yield core._io_queue.queue_read(tcp)


def _writable(tcp):
    yield core._io_queue.queue_write(tcp)
