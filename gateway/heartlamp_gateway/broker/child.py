"""Mosquitto as our own child, where no systemd looks after it (`run --with-broker`)."""

import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from heartlamp_gateway.say import log

PATIENCE_S = 5.0
LOOK_S = 0.5  # how late it may notice that we stop
AGAIN_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
LIVED_S = 10.0


class BrokerMissing(OSError):
    """There is no Mosquitto on this machine."""


def mosquitto() -> str:
    """Its path; Debian puts it where only root looks. Raises BrokerMissing."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if not found:
        raise BrokerMissing("mosquitto is missing: apt install mosquitto")
    return found


def running(pid_file: Path) -> int:
    """The pid of the Mosquitto whose file this is, 0 where none runs."""
    try:
        pid = int(pid_file.read_text())
        return pid if Path(f"/proc/{pid}/comm").read_text().strip() == "mosquitto" else 0
    except (OSError, ValueError):
        return 0


class Child:
    """`folder`: with mosquitto.conf; `pause(seconds)`: waits, True when we stop. Run in a thread that lives as long as
    the process: the kernel ends the broker with the thread that made it, so kill -9 leaves none behind."""

    def __init__(self, folder: Path, pause: Callable[[float], bool]) -> None:
        self._folder, self._pause = folder, pause

    def run(self) -> None:
        self._end_left_behind()
        short = 0
        while not self._pause(0):
            began = time.monotonic()
            code = self._once()
            if code is None:
                return
            short = 0 if time.monotonic() - began > LIVED_S else short + 1
            again = AGAIN_S[min(short, len(AGAIN_S) - 1)]
            log.error("the broker ended with %d; devices keep what they say; again in %g s", code, again)
            if self._pause(again):
                return

    def _once(self) -> int | None:
        """Its exit code, or None when we stopped it."""
        conf = self._folder / "mosquitto.conf"
        process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", mosquitto(), "-c", str(conf)])
        log.info("the broker is our child, pid %d", process.pid)
        ended = os.pidfd_open(process.pid)
        try:
            while not select.select([ended], [], [], LOOK_S)[0]:
                if self._pause(0):
                    break
            else:
                return process.wait()
        finally:
            os.close(ended)
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return None

    def _end_left_behind(self) -> None:
        """One that is on our files would hold the port: of a gateway that died in the very moment of starting it."""
        pid = running(self._folder / "mosquitto.pid")
        if not pid:
            return
        log.warning("a broker on our files runs already (pid %d): it is ended, ours takes its place", pid)
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE_S
        while running(self._folder / "mosquitto.pid") == pid and time.monotonic() < deadline:
            if self._pause(0.05):
                return
