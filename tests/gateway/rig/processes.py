"""Mosquitto and the gateway, each its own process, killed or ended by pid."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.gateway.rig.waiting import until

GATEWAY = (sys.executable, "-m", "heartlamp_gateway", "run", "--config")


class Process:
    """`command` with its standard error in a file. `start` again after `end` or `kill`."""

    def __init__(self, command: list[str], log: Path, env: dict[str, str] | None = None) -> None:
        self.command, self.log = command, log
        self._env = {**os.environ, **(env or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Process":
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(self.command, stderr=out, stdout=out, env=self._env)
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """SIGSTOP, and SIGCONT at the end: it is there, takes connections and says nothing."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def end(self) -> int:
        """SIGTERM; returns the exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(10)

    def exit_code(self, seconds: float = 30.0) -> int:
        assert self._process is not None
        return self._process.wait(seconds)

    def says(self, text: str, seconds: float = 30.0) -> None:
        until(f"{text!r} in {self.log.name}", lambda: text in self.log.read_text(errors="replace"), seconds)

    def said(self, text: str) -> int:
        return self.log.read_text(errors="replace").count(text)
