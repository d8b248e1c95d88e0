"""The program onto a board that runs MicroPython, by mpremote."""

import contextlib
import os
import struct
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any, Self

from mpremote import transport_serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from heartlamp_tech.doctor.explain import explained
from heartlamp_tech.trouble import Trouble

transport_serial.print = lambda *words: None  # it prints what it did not understand, in the middle of our bars

LAST = "main.py"  # without it a board waits at its prompt: half a program never starts
CHUNK = 1024
ANSWER_S = 10.0
PROMPT_S = 1.5  # a prompt that is there answers in hundredths
HASHES = """
import os,hashlib
def _h(p):
 try:
  h=hashlib.sha256()
  with open(p,'rb') as f:
   b=f.read(512)
   while b:
    h.update(b)
    b=f.read(512)
  return h.digest().hex()
 except OSError:
  return ''
"""


def program(built: Path, chip: str) -> dict[str, bytes]:
    """What lies on a board of this chip, by its path there. `built`: as `make firmware` leaves it. Raises Trouble."""
    files = {p.relative_to(built / "app").as_posix(): p.read_bytes() for p in (built / "app").rglob("*.mpy")}
    if not files:
        raise Trouble(f"there is no program in {built}", "`heartlamp-tech build` makes it")
    start = "virtual" if chip == "virtual" else "board_main"
    for name in ("boot", start):
        files[f"{name}.mpy"] = (built / "start" / f"{name}.mpy").read_bytes()
    return {**files, LAST: f"import {start}\n".encode()}


class Copying:
    """One board's file system. Context manager; while it is open the board is at its raw REPL. Raises Trouble."""

    def __init__(self, port: str) -> None:
        self._port = port
        self._board: Any = None

    def __enter__(self) -> Self:
        with self._explained():
            self._board = SerialTransport(os.path.realpath(self._port), timeout=PROMPT_S)
            try:
                self._board.enter_raw_repl(soft_reset=False, timeout_overall=PROMPT_S)
                self._board.serial.timeout = ANSWER_S
            except BaseException:
                self._board.serial.close()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._board.serial.close()
        except OSError:
            pass  # the cable is off

    def about(self) -> tuple[str, tuple[int, ...], str]:
        """(sys.platform, MicroPython's version, its hardware id as hex)."""
        with self._explained():
            found: tuple[str, tuple[int, ...], str] = self._ask(
                "(__import__('sys').platform, tuple(__import__('sys').implementation[1][:3]), "
                "__import__('machine').unique_id().hex())"
            )
        return found

    def copy(self, files: dict[str, bytes], told: Callable[[float], None]) -> int:
        """Writes those that differ, `main.py` last. -> how many it wrote."""
        with self._explained():
            self._board.exec(HASHES)
            there = self._hashes(sorted(files))
            wanted = [name for name in sorted(files) if there[name] != sha256(files[name]).hexdigest()]
            if wanted and there.get(LAST):
                self._board.fs_rmfile(LAST)
                wanted = [*(name for name in wanted if name != LAST), LAST]
            wanted.sort(key=lambda name: name == LAST)
            self._make_folders(wanted)
            total, done = sum(len(files[name]) for name in wanted), 0
            for name in wanted:
                self._board.fs_writefile(name, files[name], chunk_size=CHUNK)
                done += len(files[name])
                told(done / total)
            wrong = [n for n, sum in self._hashes(wanted).items() if sum != sha256(files[n]).hexdigest()]
        if wrong:
            raise Trouble(f"{wrong[0]} on the board is not what was written", "give the command again")
        return len(wanted)

    def restart(self) -> None:
        """As after a plug. The line ends with it."""
        with self._explained():
            self._board.exec_raw_no_follow("import machine\nmachine.reset()")

    def _hashes(self, names: list[str]) -> dict[str, str]:
        return {name: self._ask(f"_h({name!r})") for name in names}

    def _make_folders(self, names: list[str]) -> None:
        folders = {str(parent) for name in names for parent in PurePosixPath(name).parents if str(parent) != "."}
        for folder in sorted(folders):
            if not self._board.fs_exists(folder):
                self._board.fs_mkdir(folder)

    def _ask(self, expression: str) -> Any:
        return self._board.eval(expression)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (TransportError, TransportExecError, OSError, struct.error, TypeError, ValueError) as error:
            raise explained(self._port, f"{error} {error!r}") from None
