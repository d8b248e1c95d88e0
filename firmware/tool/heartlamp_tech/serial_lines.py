"""The technician's end of a device's serial line: asks in JSON lines, reads the answers among all else the device says.

firmware/docs/settings.md says what can be asked.
"""

import itertools
import json
import queue
import threading
from collections.abc import Callable, Mapping
from time import monotonic
from typing import IO, Any, TypeAlias
from zlib import crc32

from heartlamp_tech.virtual_board import BoardError, Line, VirtualBoard

Answer: TypeAlias = dict[str, Any]

ASK_S = 10.0  # a provisioning writes to the flash, a self-test rings the buzzer
LINE_MOST = 8192  # bytes; what a device takes


class SerialError(Exception):
    """The device said no (`answer` holds why, `do` what to do), or nothing at all (`answer` is empty)."""

    def __init__(self, error: str, do: str, answer: Answer | None = None) -> None:
        super().__init__(f"{error}; {do}")
        self.error = error
        self.do = do
        self.answer = answer or {}


class SerialLines:
    """One device. `write`: sends a line, given without its line feed; what the device says comes in by `said`."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._answers: queue.Queue[Answer] = queue.Queue()
        self._ids = itertools.count(1)

    def said(self, line: str) -> None:
        """One line of the device, of whatever kind; called by whoever reads it."""
        try:
            fields = json.loads(line)
        except ValueError:
            return  # a traceback, or half a line
        if isinstance(fields, dict) and isinstance(fields.get("serial"), dict):
            self._answers.put(fields["serial"])

    def ask(self, command: str, timeout: float = ASK_S, **fields: object) -> Answer:
        """The answer to `{"cmd": command, **fields}`. Raises SerialError where it is no, or does not come."""
        request = next(self._ids)
        line = framed({"id": request, "cmd": command, **fields})
        if len(line.encode()) > LINE_MOST:
            raise SerialError(f"{command} is longer than {LINE_MOST} bytes", "leave something out")
        while not self._answers.empty():
            self._answers.get()  # to what was asked before, and came too late
        until = monotonic() + timeout
        self._write(line)
        while True:
            try:
                answer = self._answers.get(timeout=max(0.0, until - monotonic()))
            except queue.Empty:
                raise SerialError(
                    f"no answer to {command} within {timeout:g} s",
                    "look at the cable; a sleeping button wakes by its key",
                ) from None
            if answer.get("id") == request or answer.get(
                "unread"
            ):  # unread: a line without a readable id, which is ours
                break
        if answer.get("ok") != 1:
            raise SerialError(str(answer.get("error", "no")), str(answer.get("do", "")), answer)
        return answer

    def hello(self) -> Answer:
        """What the device is: provisioned, dev, kind, board, micropython, mac, capabilities."""
        return self.ask("hello")

    def provision(self, settings: Mapping[str, object]) -> Answer:
        """All settings at once, as enrolment wrote them."""
        return self.ask("provision", settings=dict(settings))

    def set(self, **settings: object) -> Answer:
        """Some settings; None takes one away."""
        return self.ask("set", settings=settings)


def framed(fields: Mapping[str, object]) -> str:
    """A line with its CRC-32, so that the device knows what the serial line lost."""
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return f"{text}#{crc32(text.encode()):08x}"


class StreamLines(SerialLines):
    """Over a pair of byte streams, for example a serial port. open() before use: one thread reads until the end of
    `reader`, which is its owner's to bring about."""

    def __init__(self, reader: IO[bytes], writer: IO[bytes]) -> None:
        super().__init__(self._send)
        self._reader = reader
        self._writer = writer

    def open(self) -> None:
        threading.Thread(target=self._read, daemon=True, name="serial").start()

    def _send(self, line: str) -> None:
        self._writer.write(line.encode() + b"\n")
        self._writer.flush()

    def _read(self) -> None:
        try:
            for line in self._reader:
                self.said(line.decode(errors="replace"))
        except (ValueError, OSError):
            return  # closed


class BoardLines(SerialLines):
    """Over a virtual board's stdin and stdout. Keep it as long as the board: it hears from its making on."""

    def __init__(self, board: VirtualBoard) -> None:
        super().__init__(self._send)
        self._board = board
        board.tell(self._heard)

    def _heard(self, line: Line) -> None:
        if "serial" in line:
            self._answers.put(line["serial"])

    def _send(self, line: str) -> None:
        try:
            self._board.write({"serial": line})
        except BoardError as error:
            raise SerialError("the board is off", "start it") from error
