"""A Raspberry Pi 3 that QEMU plays: its real kernel driver for the pins, in memory, for one script."""

import gzip
import json
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
PI = ROOT / ".tools/pi"
INIT = """#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t debugfs debug /sys/kernel/debug
export PATH=/usr/bin:/usr/sbin PYTHONPATH=/app PYTHONUTF8=1
/usr/bin/python3.13 /app/on_the_pi.py
echo OVER
exec /bin/busybox sleep 1000
"""


def said_on_a_pi(folder: Path, kernel_words: str) -> dict[str, Any]:
    """What tests/gateway/sound/on_the_pi.py printed there: a line of JSON each, as one object."""
    memory = folder / "memory.gz"
    with gzip.open(memory, "wb", 1) as out:
        for piece in _cpio():
            out.write(piece)
    kernel = next(PI.glob("kernel/boot/vmlinuz-*"))
    tree = next(PI.glob("kernel/usr/lib/linux-image-*/broadcom/bcm2837-rpi-3-b.dtb"))
    command = [
        "qemu-system-aarch64", "-M", "raspi3b", "-m", "1G", "-kernel", str(kernel), "-dtb", str(tree),
        "-initrd", str(memory), "-append", f"console=ttyS1,115200 loglevel=3 rdinit=/init {kernel_words}",
        "-display", "none", "-monitor", "none", "-serial", "null", "-serial", "stdio",
    ]  # fmt: skip
    said: dict[str, Any] = {}
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace") as pi:
        assert pi.stdout is not None
        try:
            for line in pi.stdout:
                print(line, end="")
                _, begins, rest = line.partition("SAID ")
                if begins:
                    said |= json.loads(rest)
                if "OVER" in line:
                    break
        finally:
            pi.kill()
    return said


def _cpio() -> Iterator[bytes]:
    """An archive of the "newc" kind, as a kernel unpacks it into memory: Debian's files, ours, and what starts them."""
    yield _entry("dev", 0o040755)
    yield _entry("dev/console", 0o020600, device=(5, 1))
    yield _entry("init", 0o100755, INIT.encode())
    for name in ("proc", "sys", "tmp"):
        yield _entry(name, 0o040755)
    for folder, into in (
        (PI / "root", ""),
        (ROOT / "gateway/heartlamp_gateway", "app/heartlamp_gateway"),
        (ROOT / "protocol/heartlamp_protocol", "app/heartlamp_protocol"),
    ):
        if into:
            yield _entry(into, 0o040755)
        for path in sorted(folder.rglob("*")):
            if "__pycache__" in path.parts:
                continue
            name, mode = str(Path(into) / path.relative_to(folder)), path.lstat().st_mode
            if stat.S_ISLNK(mode):
                yield _entry(name, 0o120777, os.readlink(path).encode())
            elif stat.S_ISDIR(mode):
                yield _entry(name, 0o040755)
            else:
                yield _entry(name, mode, path.read_bytes())
    yield _entry("app/on_the_pi.py", 0o100644, Path(__file__).with_name("on_the_pi.py").read_bytes())
    yield _entry("TRAILER!!!", 0)


def _entry(name: str, mode: int, data: bytes = b"", device: tuple[int, int] = (0, 0)) -> bytes:
    named = name.encode() + b"\0"
    fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(named), 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + named
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)
