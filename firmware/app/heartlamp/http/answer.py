"""A request as bytes, and its answer read piece by piece. Whatever is not HTTP raises HttpError."""

LINE_MOST = 512  # bytes of one line of the head, or of a chunk's size
HEAD_MOST = 4096  # bytes of the head


class HttpError(Exception):
    """What came is not an answer that we can read."""


def request(method: str, path: str, host: str, token: str, more: str, body: bytes) -> bytes:
    """`more`: header lines, each with its line's end, or "". `body` b"" of a GET."""
    length = "Content-Length: %d\r\n" % len(body) if method == "POST" else ""
    head = "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n" % (method, path, host, token)
    return (head + length + more + "\r\n").encode() + body


_STATUS, _HEAD, _BODY, _REST, _SIZE, _CHUNK, _AFTER, _TRAILER, _DONE = range(9)


class Answer:
    """`status`: 0 until its head is whole; `done`: its body is; `keeps`: the connection may carry another request."""

    def __init__(self) -> None:
        self.status = 0
        self.done = False
        self.keeps = True
        self._state = _STATUS
        self._held = b""
        self._code = 0
        self._head = 0
        self._left = -1  # bytes of the body, or of the chunk, still to come; -1 not said
        self._chunked = False

    def feed(self, data: bytes) -> bytes:
        """What of the body is in it. Never holds more than one line."""
        held, body = self._held + data, b""
        while True:
            if self._state == _BODY or self._state == _CHUNK:
                part = held[: self._left]
                held, body = held[len(part) :], body + part
                self._left -= len(part)
                if self._left:
                    break
                self._state = _DONE if self._state == _BODY else _AFTER
            elif self._state == _REST:
                held, body = b"", body + held
                break
            elif self._state == _DONE:
                if held:
                    raise HttpError("more than the answer")
                self.done = True
                break
            else:
                end = held.find(b"\n")
                if (len(held) if end < 0 else end) > LINE_MOST:
                    raise HttpError("a line of more than %d bytes" % LINE_MOST)
                if end < 0:
                    break
                line, held = held[:end], held[end + 1 :]
                self._line(line[:-1] if line[-1:] == b"\r" else line)
        self._held = held
        return body

    def end(self) -> None:
        """The other side closed. Raises HttpError where more was to come."""
        if self._state != _REST and not self.done:
            raise HttpError("the answer was cut off" if self._code or self._held else "closed without an answer")
        self.done = True

    def _line(self, line: bytes) -> None:
        if self._state == _STATUS:
            if line[:7] != b"HTTP/1." or not line[9:12].isdigit() or len(line) < 12:
                raise HttpError("not an answer in HTTP")
            self._code, self.keeps, self._state = int(line[9:12]), line[7:8] == b"1", _HEAD
        elif self._state == _HEAD:
            self._head += len(line)
            if self._head > HEAD_MOST:
                raise HttpError("a head of more than %d bytes" % HEAD_MOST)
            if line:
                self._header(line)
            else:
                self._body()
        elif self._state == _SIZE:
            digits = line.split(b";")[0].strip()
            if not 0 < len(digits) <= 6 or [d for d in digits if d not in b"0123456789abcdefABCDEF"]:
                raise HttpError("not the size of a chunk")
            self._left = int(str(digits, "ascii"), 16)
            self._state = _CHUNK if self._left else _TRAILER
        elif self._state == _AFTER:
            if line:
                raise HttpError("a chunk is longer than it said")
            self._state = _SIZE
        elif not line:
            self._state = _DONE

    def _header(self, line: bytes) -> None:
        colon = line.find(b":")
        name, value = line[: max(colon, 0)].lower(), line[colon + 1 :].strip().lower()
        if name == b"content-length":
            if not value.isdigit() or len(value) > 9:
                raise HttpError("not a length")
            self._left = int(value)
        elif name == b"transfer-encoding":
            if value != b"chunked":
                raise HttpError("an encoding that we do not read")
            self._chunked = True
        elif name == b"connection" and value == b"close":
            self.keeps = False

    def _body(self) -> None:
        if self._code < 200:  # to be continued
            self._state, self._head = _STATUS, 0
            return
        self.status = self._code
        if self.status in (204, 304) or (self._left == 0 and not self._chunked):
            self._state = _DONE
        elif self._chunked:
            self._state = _SIZE
        elif self._left > 0:
            self._state = _BODY
        else:
            self._state, self.keeps = _REST, False
