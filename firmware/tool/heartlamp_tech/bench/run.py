"""heartlamp-tech bench: some boards on this machine, until Ctrl-C."""

from pathlib import Path
from threading import Event

from rich.console import Console

from heartlamp_tech.bench import image
from heartlamp_tech.bench.board import BenchBoard
from heartlamp_tech.bench.control import Control


def boards_in(folder: Path, count: int, micropython: Path, repo: Path, chip: str) -> list[BenchBoard]:
    """`b001` to …; a folder each, whose flash stays from one day to the next."""
    return [BenchBoard(folder / f"b{number:03d}", micropython, repo, chip) for number in range(1, count + 1)]


def run(folder: Path, count: int, micropython: Path, repo: Path, chip: str, console: Console, until: Event) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    boards = boards_in(folder, count, micropython, repo, chip)
    try:
        for board in boards:
            board.plug_in()
        stands_for = folder / f"{chip}.bin"
        stands_for.write_bytes(image.make(chip, b"MicroPython's unix port runs in this image's place. " * 2000))
        with Control(folder / "hands.sock", boards):
            console.print(f"an image for them: heartlamp-tech image add {stands_for}", soft_wrap=True)
            console.print(f"{count} boards: {folder}/b001/port …, fingers: --hands {folder}/hands.sock", soft_wrap=True)
            until.wait()
    finally:
        for board in boards:
            board.close()
