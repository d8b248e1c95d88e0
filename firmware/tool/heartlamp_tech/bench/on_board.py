"""What MicroPython's image for an ESP32 does, on the unix port: mounts the flash on "/", runs boot.py and main.py, and
has the REPL that mpremote speaks (which the unix port has not). Runs on MicroPython.

micropython on_board.py FLASH CAUSE [HOST:PORT,MAC]    CAUSE: why it starts, machine's own number

stdin and stdout are the serial line. stderr tells the bench what reads it: "mode repl", "mode program"; its other lines
are a program's. It ends as a chip does: 71 and 73 a reset, 72 deep sleep, 70 a program that died.
"""

import os
import sys

import vfs

WINDOW = 128  # bytes of raw paste, as an ESP32's
SOFT_REBOOT = b"MPY: soft reboot\r\n"
RAW = b"raw REPL; CTRL-B to exit\r\n>"
FRIENDLY = b"\r\nMicroPython on the virtual bench\r\n>>> "
RESET = 73


class Machine:
    """The part of `machine` that the unix port lacks."""

    PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET = 1, 2, 3, 4

    def __init__(self, cause: int, mac: bytes, nvs, ether: str) -> None:
        self._cause, self._mac = cause, mac
        self.nvs = nvs  # the partition beside the filesystem
        self.ether = ether

    def reset(self) -> None:
        raise SystemExit(RESET)

    def reset_cause(self) -> int:
        return self._cause

    def unique_id(self) -> bytes:
        return self._mac


def say(data: bytes) -> None:
    sys.stdout.buffer.write(data)


def mount(path: str):
    """The flash on "/", as the image's own _boot.py does: made, where there is none. Returns the NVS's partition."""
    from heartlamp.hal.unix.flash import LFS, partitions

    filesystem, nvs, _ = partitions(path, True)
    for name in list(sys.modules):
        if name.split(".")[0] == "heartlamp":
            del sys.modules[name]  # the bench's; a program loads its own, from the flash
    vfs.umount("/")
    try:
        vfs.mount(vfs.VfsLfs2(filesystem, **LFS), "/")
    except OSError:
        vfs.VfsLfs2.mkfs(filesystem, **LFS)
        vfs.mount(vfs.VfsLfs2(filesystem, **LFS), "/")
    return nvs


def run_file(name: str) -> None:
    """One of the flash, where it is there; what it raises goes to the line, as on a chip."""
    try:
        os.stat(name)
    except OSError:
        return
    try:
        with open(name) as f:
            exec(compile(f.read(), name, "exec"), {"__name__": "__main__"})
    except Exception as error:
        sys.print_exception(error)


class Repl:
    """The friendly one in a line or two, the raw one whole."""

    def __init__(self) -> None:
        self._names = {"__name__": "__main__"}
        self._raw = False
        self._line = b""

    def run(self) -> None:
        """Until Ctrl-D in the friendly REPL; that is a soft reboot, with main.py."""
        say(FRIENDLY)
        while True:
            byte = sys.stdin.buffer.read(1)
            if not byte:
                raise SystemExit(0)  # the power
            if byte == b"\x01":
                self._raw, self._line = True, b""
                say(RAW)
            elif byte == b"\x02":
                self._raw, self._line = False, b""
                say(FRIENDLY)
            elif byte == b"\x03":
                self._line = b""
                say(b"" if self._raw else b"\r\n>>> ")
            elif byte == b"\x04":
                if self._ended():
                    return
            elif byte == b"\x05" and self._raw and not self._line:
                self._paste()
            elif byte == b"\r" and not self._raw:
                self._friendly()
            else:
                self._line += byte

    def _ended(self) -> bool:
        """Ctrl-D. Whether the friendly REPL is over."""
        if self._raw and self._line:
            text, self._line = self._line, b""
            say(b"OK")
            self._execute(text)
            return False
        self._names = {"__name__": "__main__"}
        say((b"OK\r\n" if self._raw else b"\r\n") + SOFT_REBOOT)
        if not self._raw:
            return True
        say(RAW)
        return False

    def _paste(self) -> None:
        """Ctrl-E A Ctrl-A: raw paste, with a window so that no byte is lost."""
        if sys.stdin.buffer.read(2) != b"A\x01":
            say(RAW)
            return
        say(b"R\x01" + bytes([WINDOW & 255, WINDOW >> 8]))
        parts, taken = [], 0
        while True:
            byte = sys.stdin.buffer.read(1)
            if not byte:
                raise SystemExit(0)
            if byte == b"\x04":
                break
            parts.append(byte)
            taken += 1
            if taken == WINDOW:
                taken = 0
                say(b"\x01")
        say(b"\x04")
        self._execute(b"".join(parts))

    def _execute(self, text: bytes) -> None:
        try:
            exec(compile(text, "<stdin>", "exec"), self._names)
            say(b"\x04")
        except Exception as error:
            say(b"\x04")
            sys.print_exception(error)
        say(b"\x04>")

    def _friendly(self) -> None:
        text, self._line = self._line, b""
        say(text + b"\r\n")
        try:
            exec(compile(text, "<stdin>", "single"), self._names)
        except Exception as error:
            sys.print_exception(error)
        say(b">>> ")


def start(path: str, cause: str, ether: str = "") -> None:
    nvs = mount(path)
    mac = ether.partition(",")[2] or "020000000000"
    sys.modules["machine"] = Machine(int(cause), bytes([int(mac[i : i + 2], 16) for i in range(0, 12, 2)]), nvs, ether)
    sys.path[:] = ["", "/lib", ".frozen"]
    sys.argv[:] = ["main.py", "--mounted"] + (["--ether", ether] if ether else [])
    while True:
        print("mode program", file=sys.stderr)
        run_file("boot.py")
        run_file("main.py")
        print("mode repl", file=sys.stderr)
        Repl().run()


start(*sys.argv[1:])
