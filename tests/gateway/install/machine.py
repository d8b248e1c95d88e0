"""A bare Debian as a machine of its own, in namespaces of this one: real systemd, no network but its loopback, its own
files. Not its own: the kernel and its clock, and so no power cut of the disk's cache."""

import ctypes
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from tests.gateway.rig.waiting import until

HOUSE = Path(__file__).resolve().parents[3]
ARCHIVE = os.environ.get("DEBIAN_ARCHIVE", "http://deb.debian.org/debian")
BARE = "systemd-sysv,dbus,python3"
"""Beyond debootstrap's smallest: what Raspberry Pi OS and Debian's standard system have."""
START_S = 60.0
_CLONE_NEWNET = 0x40000000


def needs() -> str:
    """What is missing here for such a machine; "": nothing."""
    if os.geteuid() != 0:
        return "namespaces, and a Debian's files, are root's"
    missing = [name for name in ("debootstrap", "unshare", "nsenter", "setpriv", "ip") if not shutil.which(name)]
    return f"{', '.join(missing)}: not installed here" if missing else ""


def bare(codename: str) -> Path:
    """The files of a bare Debian, made once (a minute, from Debian's archive)."""
    place = HOUSE / "build" / "roots" / codename
    if not place.exists():
        room = place.with_suffix(".new")
        shutil.rmtree(room, ignore_errors=True)
        room.parent.mkdir(parents=True, exist_ok=True)
        command = ["debootstrap", "--variant=minbase", f"--include={BARE}", codename, str(room), ARCHIVE]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        room.rename(place)
    return place


class Machine:
    """`start()` first, and again after `pull_the_plug()` or `do("poweroff")`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._doors: list[socket.socket] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = 0

    def start(self, how: str = "rw") -> "Machine":
        """Until systemd says that all has come up. `how`: "ro": its card is read-only, but for /var/lib/heartlamp."""
        script = Path(__file__).with_name("machine.sh")
        mark = f"heartlamp-{self.root.name}-{os.getpid()}"
        self._process = subprocess.Popen([str(script), str(self.root), mark, how])
        self._pid = until("the machine's init", self._init, START_S)
        until("systemd", lambda: (Path(f"/proc/{self._pid}/root/run/systemd/private")).exists(), START_S)
        done = self.do("systemctl is-system-running --wait", check=False)
        well = ("running",) if how == "rw" else ("running", "degraded")  # not all of Debian likes a read-only root
        assert done.stdout.strip() in well, self.do("systemctl --failed --no-pager").stdout
        return self

    def pull_the_plug(self) -> None:
        """All its processes end at once."""
        if self._process is not None:
            self._process.terminate()
            self.ended()

    def ended(self) -> None:
        assert self._process is not None
        self._process.wait(START_S)
        self._process = None
        for door in self._doors:
            _end(door)
        self._doors.clear()

    def do(self, command: str, check: bool = True, typed: str = "") -> "subprocess.CompletedProcess[str]":
        """A line of shell, as root."""
        done = subprocess.run(self._inside(command), capture_output=True, text=True, input=typed, timeout=180)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def begin(self, command: str) -> "subprocess.Popen[str]":
        """The same, not waited for."""
        return subprocess.Popen(
            self._inside(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
        )

    def lead_out(self, port: int) -> None:
        """Whoever connects to this loopback port there is connected to the same port here: a cable to the county."""
        door = self._socket()
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("127.0.0.1", port))
        self._serve(door, port, socket.socket)

    def lead_in(self, port: int) -> None:
        """The other way round: the village's LAN."""
        self._serve(socket.create_server(("127.0.0.1", port)), port, self._socket)

    def _inside(self, command: str) -> list[str]:
        clean = ["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"]
        return ["nsenter", "--all", "--target", str(self._pid), *clean, "LANG=C.UTF-8", "sh", "-c", command]

    def _init(self) -> int:
        """The pid, as this machine counts, of that machine's 1."""
        assert self._process is not None
        assert self._process.poll() is None, "the machine did not start"
        pid = self._process.pid
        for _ in range(2):  # our script, unshare, init
            children = [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
            children = [p for p in children if _name(p) in ("unshare", "systemd")]
            if not children:
                return 0
            pid = children[0]
        return pid

    def _socket(self) -> socket.socket:
        """One that belongs to that machine's network: a thread goes there to make it. Raises OSError: it is off."""
        made: list[socket.socket] = []

        def there(network: int) -> None:
            if ctypes.CDLL(None).setns(network, _CLONE_NEWNET) == 0:
                made.append(socket.socket())

        with open(f"/proc/{self._pid}/ns/net") as network:
            thread = threading.Thread(target=there, args=(network.fileno(),))
            thread.start()
            thread.join()
        if not made:
            raise OSError("its network cannot be entered")
        return made[0]

    def _serve(self, door: socket.socket, port: int, make: Callable[[], socket.socket]) -> None:
        door.listen()
        self._doors.append(door)
        threading.Thread(target=_pass_on, args=(door, port, make), daemon=True).start()


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:  # it has ended
        return ""


def _pass_on(door: socket.socket, port: int, make: Callable[[], socket.socket]) -> None:
    while True:
        try:
            caller, _ = door.accept()
        except OSError:
            return
        try:
            called = make()
            called.connect(("127.0.0.1", port))
        except OSError:
            caller.close()
            continue
        for source, sink in ((caller, called), (called, caller)):
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_carry, args=(source, sink), daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            sink.sendall(data)
    except OSError:
        pass
    _end(source)
    _end(sink)


def _end(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    end.close()
