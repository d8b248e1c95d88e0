"""`make hardware`: every picture, solid, sum, table and schematic, from the sources in this folder into build/hardware.

python -m hardware.build [FOLDER] [--fast]   --fast leaves out the cases' solids and KiCad's rules, which take minutes.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from heartlamp_tech.board_rules import check
from heartlamp_tech.boards import Board, BoardsError, read_all

from hardware import bom, enclosures, kicad, links, power, power_plot, selftest, wiring, wiring_picture
from hardware.erc import ErcError, draw, hold

REPO = Path(__file__).resolve().parents[1]
SCHEMATICS = ("button", "lamp")
SHOWN = REPO / "hardware/images"
DRAWN_FROM = "drawn-from.txt"


def texts(boards: dict[str, Board]) -> dict[str, str]:
    """Everything that is a text, by its path in the folder. Raises ValueError, BoardsError."""
    check(boards)
    figures = power.load()
    battery = boards["esp32c3-button"].battery
    assert battery is not None
    divider = battery.top_kohm + battery.bottom_kohm
    made = {
        "power.md": power.table(figures, divider),
        "power.svg": power_plot.draw(power.values(figures), divider),
        "cost.md": bom.table(bom.read_all(), bom.load_village()),
        "links.md": links.table(),
    }
    for device in wiring.DEVICES:
        wired = wiring.load(device, boards)
        made[f"wiring/{device}.svg"] = wiring_picture.draw(wired)
        if device in SCHEMATICS:
            made |= {f"kicad/{device}/{name}": text for name, text in kicad.project(wired).items()}
    for board in boards.values():
        if board.chip != "virtual":
            made[f"selftest/{board.name}.py"] = selftest.program(board)
            made[f"selftest/{board.name}.md"] = f"# {board.name}\n\n{selftest.sheet(board)}"
    return made


def main() -> int:
    arguments = [a for a in sys.argv[1:] if a != "--fast"]
    folder = Path(arguments[0]) if arguments else REPO / "build/hardware"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        made = texts(read_all(REPO / "hardware/boards"))
        for name, text in made.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, "utf-8")
        print(made["cost.md"])
        print(made["power.md"].split("## The button")[0])
        if "--fast" not in sys.argv:
            program = REPO / ".tools/bin/kicad-cli"
            for device in SCHEMATICS:
                print(hold(program, folder / "kicad" / device, wiring.load(device)))
                draw(program, folder / "kicad" / device, wiring.load(device))
            (folder / "enclosures").mkdir()
            for path in enclosures.render(folder / "enclosures"):
                print(f"  {path.relative_to(REPO) if path.is_relative_to(REPO) else path}")
            _show(folder)
    except (BoardsError, ValueError, ErcError, enclosures.OpenScadError, subprocess.TimeoutExpired) as error:
        print(f"hardware: {error}", file=sys.stderr)
        return 1
    print(f"all of it is in {folder}")
    return 0


def _show(folder: Path) -> None:
    """The few pictures that pages show are kept in the repository; a test holds the drawn ones to their sources."""
    SHOWN.mkdir(exist_ok=True)
    for name in shown_texts():
        shutil.copy(folder / name, SHOWN / name.replace("/", "-"))
    kept = SHOWN / DRAWN_FROM
    if not kept.exists() or kept.read_text("utf-8") != enclosures.drawn_from():  # else they differ by a pixel or two
        for name in enclosures.pictures():
            shutil.copy(folder / "enclosures" / name, SHOWN / name)
        kept.write_text(enclosures.drawn_from(), "utf-8")


def shown_texts() -> list[str]:
    return ["power.svg", *(f"wiring/{device}.svg" for device in wiring.DEVICES)]


if __name__ == "__main__":
    sys.exit(main())
