"""bench, board: boards that are programs on this machine."""

import signal
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from heartlamp_tech import terminal
from heartlamp_tech.bench.run import run
from heartlamp_tech.cli import parts
from heartlamp_tech.cli.parts import console

MicroPython = typer.Option(help="The unix port; `make tools` brings it.")


def bench(
    folder: Annotated[Path, typer.Argument(help="Where their flash and their ports are.")],
    boards: Annotated[int, typer.Option(help="How many.")] = 1,
    chip: Annotated[str, typer.Option(help="esp32, esp32s3, esp32c3: what their loader says.")] = "esp32",
    micropython: Annotated[Path, MicroPython] = parts.REPO / ".tools/bin/micropython",
) -> None:
    """Bare boards behind pseudo-terminals, to try everything without one. Until Ctrl-C."""
    until = Event()
    signal.signal(signal.SIGTERM, lambda *_: until.set())
    try:
        run(folder.absolute(), boards, micropython, parts.REPO, chip, console, until)
    except KeyboardInterrupt:
        until.set()


def board(
    flash: Annotated[Path, typer.Option(help="Its flash image, see firmware/README.md.")],
    micropython: Annotated[Path, MicroPython] = parts.REPO / ".tools/bin/micropython",
) -> None:
    """Hold one virtual device in your hands: keys and colours in this terminal."""
    raise typer.Exit(terminal.hold(flash, micropython))
