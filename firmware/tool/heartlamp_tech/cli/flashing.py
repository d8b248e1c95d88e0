"""doctor, image, flash: until a board runs our program."""

from pathlib import Path
from typing import Annotated

import typer

from heartlamp_tech import build
from heartlamp_tech.cli import parts
from heartlamp_tech.cli.parts import console
from heartlamp_tech.doctor.facts import gather
from heartlamp_tech.doctor.findings import findings
from heartlamp_tech.flash.boards import HELLO_S, MICROPYTHON, MICROPYTHON_ELSE, Order, flash
from heartlamp_tech.flash.copying import Copying
from heartlamp_tech.flash.several import Log, Told, each
from heartlamp_tech.flash.writer import Writer
from heartlamp_tech.port_lines import PortLines
from heartlamp_tech.serial_lines import SerialError
from heartlamp_tech.trouble import DONE, FAILED, NOTHING, Trouble

image = typer.Typer(
    no_args_is_help=True, help="MicroPython images, kept here with their checksums. Nothing is downloaded."
)
MARKS = {"good": "[green]✓[/]", "warn": "[yellow]![/]", "bad": "[red]✗[/]"}


def doctor(port: Annotated[str, typer.Option("--port", "-p", help="Ask the chip at this port, too.")] = "") -> None:
    """Name what stands between this laptop and a board, and the cure."""
    chips = frozenset(one.chip for one in parts.images().all())
    found = findings(gather(chips, (parts.built() / "app").is_dir()))
    for one in found:
        console.print(f"{MARKS[one.level]} {one.text}" + (f"\n  → {one.do}" if one.do else ""), highlight=False)
    if port:
        _ask_board(port)
    raise typer.Exit(FAILED if any(one.level == "bad" for one in found) and not port else DONE)


def _ask_board(port: str) -> None:
    with PortLines(port) as line:
        try:
            hello = line.ask("hello", timeout=HELLO_S)
        except SerialError:
            hello = {}
    if hello:
        whose = f"it is {hello['dev']}" if hello.get("provisioned") == 1 else "nobody's yet"
        about = f"our program {hello.get('version')}, MicroPython {hello.get('micropython')}"
        console.print(f"{MARKS['good']} {port}: {about}, {whose}", highlight=False)
        return
    try:
        with Copying(port) as board:
            platform, version, mac = board.about()
        old = version < MICROPYTHON.get(platform, MICROPYTHON_ELSE)
        text = f"{port}: MicroPython {'.'.join(map(str, version))} on {platform} ({mac})"
        console.print(f"{MARKS['bad' if old else 'good']} {text}", highlight=False)
        if old:
            raise Trouble("it is older than our program needs", "`heartlamp-tech image add FILE`, then `flash --erase`")
    except Trouble as trouble:
        if "prompt" not in trouble.error and "silent" not in trouble.error:
            raise
        found = Writer(port).look()
        console.print(f"{MARKS['good']} {port}: {found.name}, flash {found.flash_mb} MB, {found.mac}", highlight=False)
        if 0 < found.flash_mb < 4:
            raise Trouble(f"the flash at {port} has {found.flash_mb} MB; it takes 4", "take another board") from None


@image.command("add")
def image_add(
    file: Annotated[Path, typer.Argument(help="The .bin that you downloaded from micropython.org.")],
    sha256: Annotated[str, typer.Option(help="What it must be; your county's office knows it.")] = "",
) -> None:
    """Put an image into the store, if it is whole."""
    added = parts.images().add(file, sha256)
    console.print(f"{added.file}: for an {added.chip}, {added.size:,} B, SHA-256 {added.sha256}", highlight=False)


@image.command("list")
def image_list() -> None:
    """What is in the store."""
    found = parts.images().all()
    for one in found:
        console.print(f"{one.file}  {one.chip}  {one.size:,} B  {one.sha256}", highlight=False)
    if not found:
        console.print("the store is empty\n  → `heartlamp-tech image add FILE`", highlight=False)
        raise typer.Exit(NOTHING)


def build_program(
    out: Annotated[Path | None, typer.Option(help="Where to; without it where `flash` looks.")] = None,
) -> None:
    """Our program for all boards, from this checkout: half a minute, while `make firmware` also measures it."""
    raise typer.Exit(build.main(["--out", str(out or parts.built())]))


def flash_boards(
    port: Annotated[list[str], parts.Ports],
    board: Annotated[str, typer.Option(help="What they are: a name of hardware/boards.")] = "",
    image: Annotated[str, typer.Option(help="A file of the store; without it the newest for the chip.")] = "",
    erase: Annotated[bool, typer.Option(help="Begin anew, whatever is on them.")] = False,
    baud: Annotated[int, typer.Option(help="115200 where a cable is bad.")] = 460_800,
    jobs: Annotated[int, typer.Option(help="So many boards at once.")] = 4,
    log: Annotated[Path | None, parts.LogFile] = None,
) -> None:
    """MicroPython and our program onto boards. Given again, it goes on where each board is.

    Exit codes: 0 all done, 1 some failed, 2 wrong command, 3 nothing to do.
    """
    order = Order(parts.images(), parts.built(), parts.board(board), image, baud, erase)

    def one(name: str, told: Told) -> str:
        done = flash(name, order, told)
        return f"{done.version} ({', '.join(done.wrote) or 'was there already'})"

    done, _, code = each(list(dict.fromkeys(port)), one, console, Log(log), jobs)
    for name, text in done.items():
        console.print(f"[green]✓[/] {name}: program {text}", highlight=False)
    raise typer.Exit(code)
