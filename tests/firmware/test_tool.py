"""The technician's terminal, on a real pty with a real board."""

import os
import pty
import select
import sys
from time import monotonic

from tests.firmware.parts import BoardMaker, Village


def test_r_is_red_and_the_lamp_is_drawn(make_board: BoardMaker, village: Village) -> None:
    board = make_board(village.broker)
    arguments = [sys.executable, "-m", "heartlamp_tech", "board", "--flash", str(board.flash)]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, arguments)
    try:
        read_until(terminal, b"WORKING")
        os.write(terminal, b"r")
        village.hear(village.wait("event"))
        read_until(terminal, b"TOLD")
        os.write(terminal, b"q")
        read_until(terminal, None)
    finally:
        os.close(terminal)
        assert os.waitpid(pid, 0)[1] == 0


def read_until(terminal: int, wanted: bytes | None) -> None:
    """Reads until `wanted` was drawn; None: until the tool is gone."""
    said, until = b"", monotonic() + 10
    while wanted is None or wanted not in said:
        assert select.select([terminal], [], [], max(0, until - monotonic()))[0], said.decode()
        try:
            said += os.read(terminal, 4096)
        except OSError:  # a pty's way to say that the other end is closed
            assert wanted is None, said.decode()
            return
