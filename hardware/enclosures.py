"""Cases: OpenSCAD makes a solid of each part to print, and a picture of the whole. Runs the program; the shapes are in
hardware/<device>/enclosure.scad."""

import re
import subprocess
from pathlib import Path

from hardware.bom import DEVICES, HERE

PARTS = ("base", "lid")
MORE = {"lamp": ("glass",), "camera": ("glass", "shutter")}
CAMERA = "0,0,0,52,0,26,500"  # where it looks at, from where, how far


class OpenScadError(Exception):
    """Its own words."""


def render(folder: Path) -> list[Path]:
    """Writes <device>-<part>.stl and <device>.png for every device; returns what was written. Raises OpenScadError."""
    made = []
    for device in DEVICES:
        scad = HERE / device / "enclosure.scad"
        for part in PARTS + MORE.get(device, ()):
            stl = folder / f"{device}-{part}.stl"
            _openscad(["-o", str(stl), "-D", f'part="{part}"', str(scad)])
            made.append(stl)
        png = folder / f"{device}.png"
        view = [f"--camera={CAMERA}", "--viewall", "--autocenter", "--imgsize=640,560", "--colorscheme=BeforeDawn"]
        _openscad(["-o", str(png), *view, str(scad)], screen=True)
        made.append(png)
    return made


def _openscad(arguments: list[str], screen: bool = False) -> None:
    """`screen`: pictures need an X server; Xvfb is one that nobody sees, and chooses a free number itself."""
    command = (["xvfb-run", "-a"] if screen else []) + ["openscad", "--hardwarnings", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    except FileNotFoundError as error:
        raise OpenScadError(f"{error.filename} is missing; `make hardware` fetches it") from None
    if done.returncode or ("-D" in arguments and not re.search(r"Simple:\s+yes", done.stderr)):  # else no closed solid
        raise OpenScadError(f"{' '.join(arguments)}: {done.stderr.strip()[-1500:]}")
