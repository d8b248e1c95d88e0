"""A device's serial line at a real port: its answers, and all else that it says."""

import json
import os
import threading
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

import serial

from heartlamp_tech.doctor.explain import port_trouble
from heartlamp_tech.serial_lines import ASK_S, Answer, SerialError, SerialLines
from heartlamp_tech.trouble import Trouble

BAUD = 115_200
KEPT = 2000  # lines
TRIES = 3


class PortLines(SerialLines):
    """One device at `port`. Context manager; one thread reads while it is open. Raises Trouble where the port cannot be
    opened."""

    def __init__(self, port: str) -> None:
        super().__init__(self._send)
        self.port = port
        self._serial = serial.Serial()
        self._serial.port = os.path.realpath(port)
        self._serial.baudrate = BAUD
        self._serial.timeout = 0.2
        self._serial.dtr = False  # else many boards reset as their port is opened
        self._serial.rts = False
        self._serial.exclusive = True
        self._lines: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._count = 0
        self._news = threading.Condition()
        self._open = False

    def __enter__(self) -> "PortLines":
        try:
            self._serial.open()
        except (OSError, serial.SerialException) as error:
            raise port_trouble(self.port, error) from None
        self._open = True
        self._thread = threading.Thread(target=self._read, daemon=True, name=self.port)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open = False
        self._thread.join(5)
        try:
            self._serial.close()
        except OSError:
            pass  # the cable is off

    def ask(self, command: str, timeout: float = ASK_S, **fields: object) -> Answer:
        """As every serial line's. What the device could not read is sent again: it changed nothing, and began with what
        another program had left on the line. Raises Trouble where the cable is off, SerialError where the device says
        no."""
        for left in reversed(range(TRIES)):
            try:
                return super().ask(command, timeout, **fields)
            except SerialError as error:
                if self.gone:
                    raise self._cut() from None
                if not left or not error.answer.get("unread"):
                    raise
        raise AssertionError("the last try returns or raises")

    @property
    def gone(self) -> bool:
        """The cable came off, or another program took the port."""
        return not self._open

    def mark(self) -> int:
        with self._news:
            return self._count

    def wait_for(self, good: Callable[[dict[str, Any]], bool], seconds: float, after: int = 0) -> dict[str, Any] | None:
        """The first line that is good, from mark `after` on; None: none came. Raises Trouble where the cable is off."""
        until = monotonic() + seconds
        with self._news:
            while True:
                first = self._count - len(self._lines)
                for index, line in enumerate(self._lines):
                    if first + index >= after and good(line):
                        return line
                if not self._open:
                    raise self._cut()
                left = until - monotonic()
                if left <= 0:
                    return None
                self._news.wait(left)

    def trace(self, name: str, seconds: float, after: int = 0, **fields: object) -> dict[str, Any] | None:
        """The first trace of this name with these fields."""
        return self.wait_for(
            lambda line: line.get("trace") == name and all(line.get(k) == v for k, v in fields.items()), seconds, after
        )

    def awake(self, seconds: float = 15.0) -> Answer:
        """Its hello, as soon as it gives one: it may be starting. Raises Trouble."""
        until = monotonic() + seconds
        while True:
            try:
                return self.ask("hello", timeout=1.0)
            except SerialError as error:
                if monotonic() > until or error.answer:
                    raise Trouble(
                        f"the board at {self.port} does not answer",
                        "press its key (a button sleeps), or write the program to it first: `heartlamp-tech flash`",
                    ) from None

    def _cut(self) -> Trouble:
        return Trouble(
            f"the cable at {self.port} came off",
            "plug it in and give the same command again: it goes on where it was",
        )

    def _send(self, line: str) -> None:
        if not self._open:
            raise self._cut()
        try:
            self._serial.write(line.encode() + b"\n")
        except (OSError, serial.SerialException):
            self._open = False
            raise self._cut() from None

    def _read(self) -> None:
        rest = b""
        while self._open:
            try:
                data = self._serial.read(max(1, self._serial.in_waiting))
            except (OSError, serial.SerialException, TypeError):
                break
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._hear(line.decode(errors="replace"))
        with self._news:
            self._open = False
            self._news.notify_all()
        self._answers.put({"unread": 1, "ok": 0, "error": "the cable came off", "do": ""})  # who asks need not wait

    def _hear(self, text: str) -> None:
        self.said(text)
        try:
            line = json.loads(text)
        except ValueError:
            return
        if isinstance(line, dict):
            with self._news:
                self._lines.append(line)
                self._count += 1
                self._news.notify_all()
