"""A gateway whose disk can be treated badly: `python plug.py <synchronous> <folder of switches> <config>`.

Below SQLite lies a layer that keeps every write in this process's memory until SQLite asks for a sync, as a disk's
cache does; about half of them reach the platter earlier, in any order, as they may. kill -9 of this process is then a
power cut: what was not synced is gone or half there. Switches are files in a folder: `seed` (for what reaches it),
`full` (writes fail), `eio` (syncs fail), `die` (killed right after the sync of what contains the file's bytes).
"""

import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

import apsw
from heartlamp_gateway.config import read_config
from heartlamp_gateway.run import run
from heartlamp_gateway.say import to_stderr

NAME = "plug"


class Plug(apsw.VFS):
    def __init__(self, switches: Path) -> None:
        super().__init__(NAME, "")
        self._switches = switches

    def xOpen(self, name: Any, flags: list[int]) -> "PlugFile":
        return PlugFile(name, flags, self._switches)


class PlugFile(apsw.VFSFile):
    def __init__(self, name: Any, flags: list[int], switches: Path) -> None:
        super().__init__("", name, flags)
        self._switches = switches
        self._dice = random.Random((switches / "seed").read_bytes())
        self._unsynced: list[tuple[int, bytes | None]] = []  # (offset, bytes), or (size, None): cut to this size

    def xWrite(self, data: bytes, offset: int) -> None:
        if (self._switches / "full").exists():
            raise apsw.FullError("the disk is full")
        self._unsynced.append((offset, bytes(data)))
        if self._dice.random() < 0.5:
            super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self._unsynced.append((size, None))

    def xSync(self, flags: int) -> None:
        if (self._switches / "eio").exists():
            raise apsw.IOError("the disk does not answer")
        die = self._switches / "die"
        dies = die.exists() and any(data and die.read_bytes() in data for _, data in self._unsynced)
        for offset, data in self._unsynced:
            if data is None:
                super().xTruncate(offset)
            else:
                super().xWrite(data, offset)
        self._unsynced.clear()
        super().xSync(flags)
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)

    def xFileSize(self) -> int:
        size = super().xFileSize()
        for offset, data in self._unsynced:
            size = offset if data is None else max(size, offset + len(data))
        return size

    def xRead(self, amount: int, offset: int) -> bytes:
        on_disk = super().xFileSize()
        view = bytearray(super().xRead(min(amount, on_disk - offset), offset) if offset < on_disk else b"")
        view += bytes(amount - len(view))
        end = on_disk
        for at, data in self._unsynced:
            if data is None:
                view[max(0, at - offset) :] = bytes(len(view) - max(0, min(len(view), at - offset)))
                end = at
                continue
            end = max(end, at + len(data))
            first, last = max(at, offset), min(at + len(data), offset + amount)
            if first < last:
                view[first - offset : last - offset] = data[first - at : last - at]
        return bytes(view[: max(0, min(amount, end - offset))])


if __name__ == "__main__":
    synchronous, folder, config_path = sys.argv[1:]
    layer = Plug(Path(folder))
    to_stderr("plug")
    run(read_config(Path(config_path)), synchronous=synchronous, vfs=NAME)
