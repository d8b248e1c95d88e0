"""One process of the rig, kept alive as systemd would: when it dies it is started again, unless its plug is pulled."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

RESTART_SECONDS = 0.1


class Process:
    """`argv` is started by `plug_in`; stdout and stderr go to `log`. `on_change(name, up)` hears of every start and
    end."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        log: Path,
        env: dict[str, str] | None = None,
        on_change: Callable[[str, bool], None] = lambda name, up: None,
    ) -> None:
        self.name = name
        self._argv = [str(a) for a in argv]
        self._log = log
        self._env = env
        self._on_change = on_change
        self._child: subprocess.Popen[bytes] | None = None
        self._wanted = threading.Event()
        self._keeper: threading.Thread | None = None
        self.starts = 0
        self.kills = 0

    @property
    def pid(self) -> int | None:
        child = self._child
        return child.pid if child is not None and child.poll() is None else None

    def plug_in(self) -> None:
        """Starts it and keeps it running. Returns at once."""
        if self._wanted.is_set():
            return
        self._wanted.set()
        started = threading.Event()
        self._keeper = threading.Thread(target=self._keep, args=(started,), name=f"keep-{self.name}", daemon=True)
        self._keeper.start()
        started.wait()

    def kill(self) -> None:
        """SIGKILL, as a power cut of this one box; the keeper starts it again."""
        child = self._child
        if child is not None:
            self.kills += 1
            child.kill()

    def pull_plug(self, how: signal.Signals = signal.SIGKILL, seconds: float = 10) -> None:
        """Ends it and leaves it ended."""
        self._wanted.clear()
        self.kills += 1
        child, keeper = self._child, self._keeper
        if child is not None:
            try:
                child.send_signal(how)
                child.wait(seconds)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if keeper is not None:
            keeper.join(seconds)

    def _start(self) -> "subprocess.Popen[bytes]":
        self.starts += 1
        with self._log.open("ab") as log:
            # A session of its own, so that Ctrl-C reaches the rig alone, which then ends its parts in order; and should
            # the rig itself be killed, the kernel ends the part. (That signal is bound to the starting thread: the
            # keeper, which lives as long as the part.)
            self._child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *self._argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(self._env or {})},
                start_new_session=True,
            )
        self._on_change(self.name, True)
        return self._child

    def _keep(self, started: threading.Event) -> None:
        while self._wanted.is_set():
            child = self._start()
            started.set()
            child.wait()
            self._on_change(self.name, False)
            time.sleep(RESTART_SECONDS)

    def tail(self, lines: int = 20) -> str:
        """The end of its log, for an error message."""
        if not self._log.exists():
            return ""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])
