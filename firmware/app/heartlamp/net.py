"""A TLS stream that wakes on the socket itself.

MicroPython's own TLS streams are asked every millisecond whether there is something; we wait on the TCP socket and
drain the TLS one, so an idle device sleeps and a receipt is noticed when it arrives.
"""

import socket
import time
from asyncio import core
from errno import EINPROGRESS
from hashlib import sha256

import tls

# What Mbed TLS says of a certificate's dates. They are reported, not enforced: an expired certificate or a device's
# clock of 1970 never silences a village. Anything else wrong with it refuses the connection.
_DATES = ("The certificate validity has expired", "The certificate validity starts in the future")


ASK_AGAIN_MS = 60_000  # between two questions for the same name
CLOCK_SET = 2025  # an earlier year is a clock that began at its epoch
_accepted = {}  # (host, port, name) -> (digest of a certificate that was right but for its dates, what to say of them)
_names = {}  # (host, port) -> (when it was asked for, its address, None: not found)


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
        remember(cert, depth)
        return int(depth == 0 and seen[0] != seen[-1])

    key = (host, port, name)
    if key in _accepted:  # a second handshake for each connect would cost an ESP32 a second
        digest, told = _accepted[key]
        seen.append(digest)
        try:
            stream = await _open(host, port, name, ca, tls.CERT_OPTIONAL, only_the_same, hello)
            if len(seen) > 1:
                on_dates(told)
                return stream
            stream.close()
        except ValueError:
            pass  # it shows another one by now
        del _accepted[key]
        seen.clear()
    try:
        stream = await _open(host, port, name, ca, tls.CERT_REQUIRED, remember, hello)
        on_dates("")
        return stream
    except ValueError as error:
        wrong = [line for line in str(error).split("\n") if line]
        if not wrong or not seen or [line for line in wrong if line not in _DATES]:
            raise Refused("the gateway's certificate is refused: " + "; ".join(wrong))
    # Everything but the date was right, name and signature included: take that very certificate, byte for byte.
    # A device whose clock nobody has set believes in no certificate's beginning: that is its fault, and not said.
    told = "; ".join([line for line in wrong if line != _DATES[1] or time.gmtime()[0] >= CLOCK_SET])
    on_dates(told)
    checked = len(seen)
    stream = await _open(host, port, name, ca, tls.CERT_OPTIONAL, only_the_same, hello)
    if len(seen) == checked:
        stream.close()
        raise Refused("the gateway showed no certificate")
    _accepted[key] = (seen[0], told)
    return stream


async def _open(host: str, port: int, name: str, ca: bytes, mode: int, check, hello: bytes) -> "Stream":
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = mode
    context.load_verify_locations(ca)
    context.verify_callback = check
    tcp = await _connect(host, port)
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


async def _connect(host: str, port: int):
    """A TCP socket that does not block. Asking for a name does, for seconds where nobody answers, and everything stands
    still meanwhile: so it is asked rarely, and what it was last time is used until that fails."""
    key = (host, port)
    asked, known = _names.get(key, (None, None))
    now = time.ticks_ms()
    if known is None:
        if asked is not None and time.ticks_diff(now, asked) < ASK_AGAIN_MS:
            raise OSError("the name %s was not found just now" % host)
        _names[key] = (now, None)
        known = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0]
        _names[key] = (now, known)
    tcp = socket.socket(known[0], socket.SOCK_STREAM)
    tcp.setblocking(False)
    try:
        try:
            tcp.connect(known[-1])
        except OSError as error:
            if error.errno != EINPROGRESS:
                raise
        await _writable(tcp)
        tcp.send(b"")  # raises where it was refused
    except BaseException:
        tcp.close()
        if time.ticks_diff(time.ticks_ms(), _names[key][0]) >= ASK_AGAIN_MS:
            _names[key] = (_names[key][0], None)  # it may have moved
        raise
    return tcp


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
