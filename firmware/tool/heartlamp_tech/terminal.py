"""heartlamp-tech board --flash FILE: hold one virtual board in your hands."""

import select
import sys
import termios
import tty
from pathlib import Path
from time import sleep

from heartlamp_tech.board_lines import said
from heartlamp_tech.virtual_board import BoardError, Line, VirtualBoard

REPO = Path(__file__).resolve().parents[3]
KEYS = "r red (help) · g green (I go) · G green long (I am here) · s smoke · f flood · q power off"
TAP_S, HOLD_S = 0.1, 1.7


def draw(line: Line) -> None:
    """One line per thing that happened."""
    print(f"{said(line)}\r")


def drive(board: VirtualBoard) -> None:
    """Until q or the end of the terminal."""
    levels = {"s": ("smoke", False), "f": ("flood", False)}
    while board.running:
        if not select.select([sys.stdin], [], [], 0.5)[0]:
            continue
        key = sys.stdin.read(1)
        if key in ("q", "", "\x03"):
            return
        if key in levels:
            pin, closed = levels[key]
            (board.release if closed else board.press)(pin)
            levels[key] = pin, not closed
        elif key in "rgG":
            pin = "red" if key == "r" else "green"
            board.press(pin)
            sleep(HOLD_S if key == "G" else TAP_S)
            board.release(pin)
    print(board.complaints().replace("\n", "\r\n"))


def hold(flash: Path, micropython: Path) -> int:
    """Until it is put down. -> exit code"""
    board = VirtualBoard(micropython, REPO, flash, draw)
    terminal = termios.tcgetattr(sys.stdin) if sys.stdin.isatty() else None
    print(KEYS)
    try:
        board.start()
        if terminal is not None:
            tty.setraw(sys.stdin)
        drive(board)
    except BoardError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        if terminal is not None:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, terminal)
        board.stop()
    return 0
