"""What this laptop knows of its USB ports: read from /sys, /proc and pyserial, judged elsewhere."""

import grp
import os
from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports

ADAPTERS = {
    0x1A86: ("CH340/CH341", "ch341"),
    0x10C4: ("CP210x", "cp210x"),
    0x0403: ("FTDI", "ftdi_sio"),
    0x067B: ("PL2303", "pl2303"),
    0x303A: ("the chip's own USB", "cdc_acm"),
}
"""USB vendor -> (what a technician calls it, its driver in Linux)."""


@dataclass(frozen=True)
class Port:
    """`vendor`: of its USB device, 0 none; `usable`: this user may open it."""

    device: str
    vendor: int
    usable: bool


@dataclass(frozen=True)
class Facts:
    """`usb`: vendors of ADAPTERS that are plugged in, one for each; `drivers`: of USB that are loaded; `running`: names
    of programs; `group`: of serial ports; `member`: this user is in it; `root`; `images`: chips that the store has an
    image for; `program`: it was built."""

    ports: tuple[Port, ...]
    usb: tuple[int, ...]
    drivers: frozenset[str]
    running: frozenset[str]
    group: str
    member: bool
    root: bool
    images: frozenset[str]
    program: bool


def gather(images: frozenset[str], program: bool, sys: Path = Path("/sys"), proc: Path = Path("/proc")) -> Facts:
    """Never raises: what cannot be read is not there."""
    ports = tuple(
        Port(one.device, one.vid or 0, os.access(one.device, os.R_OK | os.W_OK))
        for one in list_ports.comports()
        if one.vid is not None or one.device.startswith(("/dev/ttyUSB", "/dev/ttyACM", "/dev/cu."))
    )
    group = next((name for name in ("dialout", "uucp") if _group(name) is not None), "dialout")
    found = _group(group)
    return Facts(
        ports=ports,
        usb=tuple(v for v in (_hex(f) for f in sys.glob("bus/usb/devices/*/idVendor")) if v in ADAPTERS),
        drivers=frozenset(_names(sys / "bus/usb/drivers") | _names(sys / "bus/usb-serial/drivers")),
        running=frozenset(_text(file) for file in proc.glob("[0-9]*/comm")),
        group=group,
        member=found is not None and found in (*os.getgroups(), os.getgid()),
        root=os.geteuid() == 0,
        images=images,
        program=program,
    )


def _group(name: str) -> int | None:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None


def _names(folder: Path) -> set[str]:
    try:
        return {one.name for one in folder.iterdir()}
    except OSError:
        return set()


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""


def _hex(file: Path) -> int:
    try:
        return int(_text(file), 16)
    except ValueError:
        return 0
