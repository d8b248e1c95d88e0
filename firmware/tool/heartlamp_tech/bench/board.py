"""One board on the virtual bench, at the end of a cable that is a pseudo-terminal."""

import json
import os
import pty
import select
import subprocess
import tempfile
import threading
import tty
from collections.abc import Callable
from pathlib import Path
from time import sleep, time_ns
from typing import IO, Any

from heartlamp_tech.bench.chip import Chip
from heartlamp_tech.bench.loader import Loader

ON_BOARD = Path(__file__).with_name("on_board.py")
LOOK_S = 0.02  # how often it looks whether somebody opened the port
PATIENCE_MS = 500  # for a reader that lags; a UART would lose the bytes at once
POWER_ON, RESET, WATCHDOG, DEEP_SLEEP = 1, 2, 3, 4  # machine's own numbers
CAUSES = {70: WATCHDOG, 71: WATCHDOG, 72: DEEP_SLEEP, 73: RESET}
BANNER = b"ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x%s\r\n"


class BenchBoard:
    """`folder`: of its flash, and of `port`, a link to its pseudo-terminal that stays the same through every cable.
    plug_in() before use. `boot_held`: somebody holds BOOT down, so that a start goes to the serial loader. As on a
    board without modem lines, a tool cannot reset it; RST is pressed where a tool that wrote the flash lets the port
    go. `dead`: pins that are soldered badly. `wrote(bytes)`: called at each write of the flash by the loader."""

    def __init__(self, folder: Path, micropython: Path, repo: Path, chip: str = "esp32", ether: str = "") -> None:
        self.port = folder / "port"
        self.boot_held = False
        self.dead: set[str] = set()
        self.wrote: Callable[[int], None] = lambda written: None
        self.said: Callable[[bytes], None] = lambda data: None
        mac = b"\x02" + folder.name.encode().rjust(5, b"\x00")[-5:]
        self.chip = Chip(folder, chip, mac)
        self._folder = folder
        self._command = [str(micropython), str(ON_BOARD), str(self.chip.flash)]
        self._ether = ether
        self._env = {**os.environ, "MICROPYPATH": f"{repo / 'firmware/app'}:{repo / 'protocol'}:.frozen"}
        self._cable = -1
        self._lock = threading.RLock()
        self._loader: Loader | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._mode = ""
        self._line = b""
        self._complaints: IO[bytes] | None = None
        self._threads: list[threading.Thread] = []
        self._reader: threading.Thread | None = None

    # --- the cable and the power --------------------------------------------------------------------------------------

    def plug_in(self) -> None:
        """The cable, which is also its power."""
        self._folder.mkdir(parents=True, exist_ok=True)
        master, slave = pty.openpty()
        tty.setraw(slave)
        name = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(master, False)
        self._cable = master
        self.port.unlink(missing_ok=True)
        self.port.symlink_to(name)
        self.power_on()
        self._reader = self._go(self._read_cable, master)

    def pull(self) -> None:
        """The cable comes off: the port is gone, and the power."""
        with self._lock:
            self._cable = -1
        self.port.unlink(missing_ok=True)
        if self._reader is not None and self._reader is not threading.current_thread():
            self._reader.join()  # closes it: a number closed under it could be another file's at its next read
        self._power_off()

    def power_on(self, cause: int = POWER_ON) -> None:
        """Also RST: it starts as a chip does, from what is in its flash."""
        with self._lock:  # two at once would be two programs on one flash
            self._power_off()
            loads = self.boot_held or not self.chip.has_image()
            self._say(BANNER % (b"3 (DOWNLOAD_BOOT)\r\nwaiting for download" if loads else b"13 (SPI_FAST_FLASH_BOOT)"))
            self._loader = Loader(self.chip, lambda written: self.wrote(written)) if loads else None
            if not loads:
                self._start(cause)

    def close(self) -> None:
        """Ends it, and its threads."""
        self.pull()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(5)
        if self._complaints is not None:
            self._complaints.close()

    @property
    def mode(self) -> str:
        """ "loader", "repl" or "program"; "" while it starts."""
        return "loader" if self._loader is not None else self._mode

    # --- fingers ------------------------------------------------------------------------------------------------------

    def move(self, pin: str, level: int) -> None:
        """A key, a plug, a contact: as firmware/README.md says of a virtual board's stdin."""
        if pin not in self.dead:
            self._tell({"pin": pin, "level": level, "t": time_ns()})

    def complaints(self) -> str:
        """What the unix port said on stderr."""
        if self._complaints is None or self._complaints.closed:
            return ""
        return os.pread(self._complaints.fileno(), 20_000, 0).decode(errors="replace")

    # --- inside -------------------------------------------------------------------------------------------------------

    def _go(self, run: Callable[[Any], None], what: object) -> threading.Thread:
        thread = threading.Thread(target=run, args=(what,), daemon=True, name=self._folder.name)
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()
        return thread

    def _start(self, cause: int) -> None:
        if self._complaints is None:
            self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 read as long as the board lives
        self._mode = ""
        more = [f"{self._ether},{self.chip.mac.hex()}"] if self._ether else []
        process = subprocess.Popen(
            [*self._command, str(cause), *more],
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self._process = process
        self._go(self._read_modes, process)
        self._go(self._read_process, process)

    def _power_off(self) -> None:
        with self._lock:
            process, self._process, self._loader, self._mode = self._process, None, None, ""
        if process is not None:
            process.kill()
            process.wait()

    def _read_modes(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stderr is not None
        with process.stderr as stderr:
            for line in stderr:
                if line.startswith(b"mode "):
                    self._mode, self._line = line[5:].decode().strip(), b""
                elif self._complaints is not None and not self._complaints.closed:
                    self._complaints.write(line)
                    self._complaints.flush()

    def _read_process(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        with process.stdout as stdout:
            while data := os.read(stdout.fileno(), 4096):
                self.said(data)
                self._say(data)
        code = process.wait()
        if process.stdin is not None:
            process.stdin.close()
        with self._lock:
            if self._process is process and code in CAUSES:  # it ended by itself
                self.power_on(CAUSES[code])

    def _read_cable(self, cable: int) -> None:
        poll = select.poll()
        poll.register(cable, select.POLLIN)
        was_open = False
        while self._cable == cable:
            try:
                if not poll.poll(LOOK_S * 1000):
                    continue
                data = os.read(cable, 4096)
            except BlockingIOError:
                continue
            except OSError:  # nobody has the port open
                if was_open:
                    was_open = False
                    self._let_go()
                sleep(LOOK_S)
                continue
            was_open = True
            self._take(data)
        with self._lock:  # nobody is writing to it
            os.close(cable)

    def _let_go(self) -> None:
        with self._lock:
            loader = self._loader
        if loader is not None and loader.wrote:
            self.power_on()

    def _take(self, data: bytes) -> None:
        with self._lock:
            loader, process, mode = self._loader, self._process, self._mode
        if loader is not None:
            self._say(loader.feed(data))
        elif mode == "program":
            *lines, self._line = (self._line + data).split(b"\n")
            for line in lines:
                self._tell({"serial": line.decode(errors="replace").strip()})
        elif process is not None and process.stdin is not None:
            self._write(process, data)

    def _tell(self, what: dict[str, object]) -> None:
        with self._lock:
            process = self._process
        if process is not None:
            self._write(process, json.dumps(what).encode() + b"\n")

    def _write(self, process: "subprocess.Popen[bytes]", data: bytes) -> None:
        assert process.stdin is not None
        try:
            process.stdin.write(data)
        except (BrokenPipeError, ValueError):
            pass  # the power is off

    def _say(self, data: bytes) -> None:
        while data:
            with self._lock:
                cable = self._cable
                if cable < 0:
                    return
                poll = select.poll()
                poll.register(cable, select.POLLOUT)
                found = poll.poll(0)
                if found and found[0][1] & select.POLLHUP:
                    return  # nobody listens
                try:
                    data = data[os.write(cable, data) :]
                    continue
                except BlockingIOError:
                    pass
                except OSError:
                    return
            waiting = select.poll()
            waiting.register(cable, select.POLLOUT)
            if not waiting.poll(PATIENCE_MS):
                return
