"""Starts a virtual board (firmware/app/virtual.py on MicroPython), moves its pins, reads what it shows and did."""

import hashlib
import json
import os
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import IO, Any, TypeAlias

from heartlamp_tech.ether import Ether

Line: TypeAlias = dict[str, Any]
"""One line of the board: "t" ns since 1970, and "trace" (what it did) or "show" (see firmware/README.md)."""

KEPT = 20_000  # lines kept for wait_for and lines(); older ones are forgotten


class BoardError(Exception):
    """The board did not start, or did not do what was waited for; the text holds what it last said."""


class VirtualBoard:
    """One board on one flash image. One thread reads it while it runs.

    `repo`: the folder with protocol/ and firmware/; `on_line`: called in that thread for each line, must be quick;
    `built`: run this folder's bytecode (build.py's `app` and `start`) instead of the sources; `options`: MicroPython's
    own; `run`: what it is to run instead of virtual.py; `ether`: what its radio sends into, None: it has no radio;
    `pictures`: a folder whose files its camera takes, one after the other; without it there is no camera; `restart`:
    start again after a crash, as an ESP32 does.
    """

    def __init__(
        self,
        micropython: Path,
        repo: Path,
        flash: Path,
        on_line: Callable[[Line], None] | None = None,
        built: Path | None = None,
        options: Sequence[str] = (),
        run: Path | None = None,
        ether: Ether | None = None,
        pictures: Path | None = None,
        restart: bool = False,
    ) -> None:
        self.flash = flash
        self._more = [] if pictures is None else ["--pictures", str(pictures)]
        self._more += ["--restart"] if restart else []
        start = [str(run)] if run else ["-m", "virtual"] if built else [str(repo / "firmware/app/virtual.py")]
        path = f"{built}/app:{built}/start" if built else f"{repo / 'protocol'}:{repo / 'firmware/app'}"
        self._command = [str(micropython), *options, *start]
        self._env = {**os.environ, "MICROPYPATH": f"{path}:.frozen"}
        self._told = [] if on_line is None else [on_line]
        self._ether = ether
        self._news = threading.Condition()
        self._lines: deque[Line] = deque(maxlen=KEPT)
        self._count = 0
        self._showing: Line = {}
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._stderr: IO[bytes] | None = None

    def tell(self, on_line: Callable[[Line], None]) -> None:
        """One more that hears each line from now on, also after the next start."""
        self._told.append(on_line)

    def provision(self, config: dict[str, object]) -> None:
        """Makes the flash image with these settings; in an existing one the events not yet received stay. Raises
        BoardError."""
        self._prepare("--provision", json.dumps(config, ensure_ascii=False))

    def blank(self) -> None:
        """Makes the flash image of a board that nobody has provisioned. Raises BoardError."""
        self._prepare("--blank", "")

    def _prepare(self, how: str, text: str) -> None:
        done = subprocess.run(
            [*self._command, how, "--flash", str(self.flash)],
            input=text,
            env=self._env,
            capture_output=True,
            text=True,
            timeout=30,
        )
        if done.returncode:
            raise BoardError(f"{self.flash.name} could not be provisioned: {done.stderr.strip()}")

    def start(self) -> None:
        """Power on. What an earlier run said stays in lines()."""
        if self.running:
            raise BoardError("the board is running already")
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 read by complaints() as long as the board lives
        radio = ["--ether", f"127.0.0.1:{self._ether.port},{self.mac.hex()}"] if self._ether else []
        self._process = subprocess.Popen(
            [*self._command, "--flash", str(self.flash), *radio, *self._more],
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
            encoding="utf-8",
            errors="replace",
            bufsize=1,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True, name=self.flash.name)
        self._reader.start()

    @property
    def mac(self) -> bytes:
        """The address of its radio, the same for the same flash image."""
        return b"\x02" + hashlib.sha256(str(self.flash).encode()).digest()[:5]

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._running().pid

    def press(self, pin: str) -> None:
        """Pulls the line "red", "green", "cancel", "smoke", "mains"…"""
        self._level(pin, 1)

    def measure(self, name: str, value: int | None) -> None:
        """What an analog part reads from now on; None: it does not answer."""
        self.write({"measure": name, "value": value})

    def release(self, pin: str) -> None:
        self._level(pin, 0)

    def kill(self) -> None:
        """SIGKILL: the power cut. Returns once it is gone and its last line is read."""
        if self._process is not None:
            self._process.kill()
            self._end()

    def stop(self) -> None:
        """The end of its stdin, which is its power switch."""
        if self._process is not None:
            if self._process.stdin is not None:
                try:
                    self._process.stdin.close()
                except BrokenPipeError:
                    pass  # it was gone already
            self._end()

    @property
    def showing(self) -> Line:
        """The newest "show", or {} before the first."""
        with self._news:
            return self._showing

    def mark(self) -> int:
        """A place in the board's lines, for `after`: only what comes from now on."""
        with self._news:
            return self._count

    def lines(self, after: int = 0) -> list[Line]:
        with self._news:
            return list(self._after(after))

    def wait_for(self, predicate: Callable[[Line], bool], timeout: float = 20.0, after: int = 0) -> Line:
        """The first line, from `after` on, that the predicate likes. Raises BoardError after `timeout` seconds, or when
        the board ended."""
        until = monotonic() + timeout
        with self._news:
            while True:
                for line in self._after(after):
                    if predicate(line):
                        return line
                after = max(after, self._count)
                left = until - monotonic()
                if left <= 0 or not (self._reader and self._reader.is_alive()):
                    last = "\n".join(json.dumps(line, ensure_ascii=False) for line in list(self._lines)[-12:])
                    why = f"waited {timeout:g} s in vain" if left <= 0 else f"ended ({self._running().poll()})"
                    raise BoardError(f"{self.flash.name}: {why}; it last said\n{last}\n{self.complaints()}")
                self._news.wait(left)

    def wait_trace(self, trace: str, timeout: float = 20.0, after: int = 0, **fields: object) -> Line:
        """The first trace of this name with these fields."""
        return self.wait_for(
            lambda line: line.get("trace") == trace and all(line.get(k) == v for k, v in fields.items()), timeout, after
        )

    def wait_show(self, meaning: str, timeout: float = 20.0, after: int = 0, **fields: object) -> Line:
        """The first line that shows this meaning, with these fields of "show"."""
        return self.wait_for(
            lambda line: (
                "show" in line
                and line["show"]["meaning"] == meaning
                and all(line["show"].get(k) == v for k, v in fields.items())
            ),
            timeout,
            after,
        )

    def complaints(self) -> str:
        """What the board wrote to stderr: a traceback, when it died."""
        if self._stderr is None or self._stderr.closed:
            return ""
        return os.pread(self._stderr.fileno(), 20_000, 0).decode(errors="replace")

    def _running(self) -> "subprocess.Popen[str]":
        if self._process is None:
            raise BoardError("the board was not started")
        return self._process

    def _level(self, pin: str, level: int) -> None:
        self.write({"pin": pin, "level": level, "t": time.time_ns()})

    def write(self, said: dict[str, object]) -> None:
        """A line on its stdin, as firmware/README.md says. Raises BoardError where it is off."""
        stdin = self._running().stdin
        assert stdin is not None
        try:
            stdin.write(json.dumps(said) + "\n")
            stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise BoardError(f"{self.flash.name} is off: {self.complaints()}") from error

    def _after(self, after: int) -> Iterator[Line]:
        skip = max(0, after - (self._count - len(self._lines)))
        return (line for i, line in enumerate(self._lines) if i >= skip)

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for text in process.stdout:
            try:
                line: Line = json.loads(text)
            except ValueError:
                continue  # the half line of a killed board
            with self._news:
                self._lines.append(line)
                self._count += 1
                if "show" in line:
                    self._showing = line["show"]
                self._news.notify_all()
            for on_line in list(self._told):
                on_line(line)
        with self._news:
            self._news.notify_all()

    def _end(self) -> None:
        process = self._running()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._reader is not None:
            self._reader.join(5)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None and not pipe.closed:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass
