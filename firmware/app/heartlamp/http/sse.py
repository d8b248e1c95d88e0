"""Server-sent events out of a body that never ends."""

COMMENT = ":"


class Events:
    """`most`: bytes of one event's data. A longer one loses its data and spoils nothing else."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = b""
        self._skips = False  # the rest of a line that was too long
        self._fields: dict[str, bytes] = {}
        self._lost = False

    def feed(self, data: bytes) -> "list[tuple[str, str, bytes | None]]":
        """(event, id, data; None where it was too long), and (COMMENT, "", b"") for each comment."""
        out: list[tuple[str, str, bytes | None]] = []
        held = self._held + data
        while True:
            end = held.find(b"\n")
            if end < 0:
                break
            line, held = held[:end], held[end + 1 :]
            if self._skips or len(line) > self._most:
                self._skips, self._lost = False, True
            else:
                self._line(line[:-1] if line[-1:] == b"\r" else line, out)
        if len(held) > self._most:
            held, self._skips = b"", True
        self._held = held
        return out

    def _line(self, line: bytes, out: "list[tuple[str, str, bytes | None]]") -> None:
        if line[:1] == b":":
            out.append((COMMENT, "", b""))
        elif line:
            name, _, value = line.partition(b":")
            if name in (b"event", b"id", b"data"):
                self._fields[str(name, "ascii")] = value[1:] if value[:1] == b" " else value
        else:
            if self._fields or self._lost:
                get = self._fields.get
                whole = None if self._lost else get("data", b"")
                out.append((_text(get("event", b"")), _text(get("id", b"")), whole))
            self._fields, self._lost = {}, False


def _text(value: bytes) -> str:
    try:
        return str(value, "utf-8")
    except UnicodeError:
        return ""
