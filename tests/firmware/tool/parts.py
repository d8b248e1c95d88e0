"""Boards on the virtual bench, with our program on them or bare, and a store of images."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from heartlamp_tech.bench import image
from heartlamp_tech.bench.board import BenchBoard
from heartlamp_tech.flash.boards import Order
from heartlamp_tech.flash.copying import program
from heartlamp_tech.flash.images import Images

from tests.firmware.conftest import MICROPYTHON, REPO, on_device

PAYLOAD = bytes(range(256)) * 300


def store(folder: Path) -> Images:
    """With an image for each chip, as whole as a chip's ROM wants it."""
    folder.mkdir(exist_ok=True)
    images = Images(folder / "images")
    for chip in ("esp32", "esp32s3", "esp32c3"):
        file = folder / f"{chip}.bin"
        file.write_bytes(image.make(chip, PAYLOAD))
        images.add(file)
    return images


def order(folder: Path, built: Path) -> Order:
    return Order(store(folder), built)


def with_program(folder: Path, built: Path) -> Path:
    """Flash files of a board that has all of it, to be copied: as `heartlamp-tech flash` leaves it, in a moment."""
    made = folder / "made"
    made.mkdir(parents=True)
    files = folder / "files"
    for name, data in program(built, "virtual").items():
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).write_bytes(data)
    on_device("fill_flash.py", made / "flash.img", files)
    (made / "image.bin").write_bytes(b"\xff" * 0x1000 + image.make("esp32", PAYLOAD))
    return made


@contextmanager
def bench_board(folder: Path, made: Path | None = None, chip: str = "esp32") -> Iterator[BenchBoard]:
    """Plugged in; `made`: what is in its flash already."""
    if made is not None:
        shutil.copytree(made, folder)
    board = BenchBoard(folder, MICROPYTHON, REPO, chip)
    board.plug_in()
    try:
        yield board
    finally:
        board.close()
    assert "Traceback" not in board.complaints(), board.complaints()
