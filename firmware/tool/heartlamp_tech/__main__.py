"""heartlamp-tech: the technician's tool. Here the commands are put together, and what went wrong is said."""

import sys

import typer

from heartlamp_tech.cli import bench, county, device, flashing, visiting
from heartlamp_tech.cli.parts import console
from heartlamp_tech.serial_lines import SerialError
from heartlamp_tech.trouble import DONE, FAILED, Trouble

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="From a bare board to a lamp on the wall, and a fleet that tells what it needs. "
    "A day: login · claims fetch · flash · provision · upload · fleet. docs/technician.md goes through it.",
)
BOARD, HOUSE, COUNTY, DEVICE, BENCH = "A board", "A house", "The county", "A device in use", "Without boards"
for panel, commands in {
    BOARD: {"doctor": flashing.doctor, "build": flashing.build_program, "flash": flashing.flash_boards},
    HOUSE: {
        "provision": visiting.provision, "visit": visiting.visited, "replace": visiting.replace,
        "label": visiting.label,
    },
    COUNTY: {"login": county.login, "upload": county.upload, "fleet": county.fleet},
    DEVICE: {
        "test": device.self_test, "logs": device.logs, "set": device.set_settings, "reset": device.reset,
        "update": device.update, "rotate": device.rotate, "revoke": device.revoke,
    },
    BENCH: {"bench": bench.bench, "board": bench.board},
}.items():  # fmt: skip
    for name, command in commands.items():
        app.command(name, rich_help_panel=panel)(command)  # type: ignore[type-var]
app.add_typer(flashing.image, name="image", rich_help_panel=BOARD)
app.add_typer(county.claims, name="claims", rich_help_panel=COUNTY)


def main() -> int:
    """The exit code: 0 done, 1 failed, 2 a wrong command, 3 nothing to do."""
    try:
        app()
    except (Trouble, SerialError) as trouble:
        console.print(f"[red]✗[/] {trouble.error}\n  → {trouble.do or 'ask the office'}", highlight=False)
        return FAILED
    return DONE  # not reached: every other end is a SystemExit with its code


if __name__ == "__main__":
    sys.exit(main())
