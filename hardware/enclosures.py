"""Cases: OpenSCAD makes a solid of each part to print, a picture of the whole, and one of each step of the assembly.
Runs the program; the shapes are in hardware/<device>/enclosure.scad."""

import hashlib
import re
import subprocess
from pathlib import Path

from hardware.bom import DEVICES, HERE, read_all

PARTS = ("base", "lid")
MORE = {"lamp": ("glass",), "camera": ("glass", "shutter")}
COPIES = {"gateway-lid": 3}  # of a part, where one is not enough
DENSITY = 1.2  # g/cm³ of ABS, ASA and PC with what makes them V-0, printed solid
VIEW = (52, 26)  # degrees from above, and around
STEPS = {  # of the assembly: how each is looked at
    "button": ((35, 20), (45, 26), (65, 20)),
    "lamp": ((35, 20), (40, 20), (62, 62)),
    "camera": ((35, 20), (40, 20), (45, 20)),
    "sensor": ((40, 20), (75, 30)),
    "gateway": ((45, 20), (35, 15)),
    "access-point": ((70, 30), (70, 30)),
}


class OpenScadError(Exception):
    """Its own words."""


def render(folder: Path) -> list[Path]:
    """Writes <device>-<part>.stl and <device>.png for every device; returns what was written. Raises OpenScadError."""
    made: list[Path] = []
    for device in DEVICES:
        scad = HERE / device / "enclosure.scad"
        for part in PARTS + MORE.get(device, ()):
            stl = folder / f"{device}-{part}.stl"
            _openscad(["-o", str(stl), "-D", f'part="{part}"', str(scad)])
            made.append(stl)
        _weigh(device, [stl for stl in made if stl.suffix == ".stl" and stl.stem.rpartition("-")[0] == device])
        for step, view in enumerate((VIEW, *STEPS[device])):
            png = folder / picture(device, step)
            _openscad(["-o", str(png), *_seen(step, view), str(scad)], screen=True)
            made.append(png)
    return made


def pictures() -> list[str]:
    """Names of all of them."""
    return [picture(device, step) for device in DEVICES for step in range(len(STEPS[device]) + 1)]


def picture(device: str, step: int) -> str:
    """`step` 0: the whole."""
    return f"{device}-{step}.png" if step else f"{device}.png"


def drawn_from() -> str:
    """What the pictures depend on, by its SHA-256, a line a file: kept beside them, so that a test sees when somebody
    changed a shape and did not draw it anew. Their own bytes differ with the graphics library."""
    files = {f.relative_to(HERE).as_posix(): f.read_bytes() for f in sorted(HERE.glob("*/*.scad"))}
    files["views"] = repr((VIEW, STEPS)).encode()
    return "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())


def grams(stl: str) -> float:
    """What a solid weighs, from OpenSCAD's text of its triangles (mm): the sum of what each spans with the origin."""
    corners = [tuple(map(float, found)) for found in re.findall(r"vertex (\S+) (\S+) (\S+)", stl)]
    six = 0.0
    for (ax, ay, az), (bx, by, bz), (cx, cy, cz) in zip(corners[::3], corners[1::3], corners[2::3], strict=True):
        six += ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
    return six / 6 / 1000 * DENSITY


def _weigh(device: str, solids: list[Path]) -> None:
    """The parts list pays for the plastic that there is. Raises OpenScadError."""
    weight = sum(grams(stl.read_text("utf-8")) * COPIES.get(stl.stem, 1) for stl in solids)
    said = next(line.part for line in read_all()[device] if line.ref == "CASE")
    found = re.search(r"(\d+) g$", said)
    if found is None or abs(int(found[1]) / weight - 1) > 0.1:
        raise OpenScadError(f"hardware/{device}/bom.csv, CASE: its solids weigh {weight:.0f} g, not {said!r}")


def _seen(step: int, view: tuple[int, int]) -> list[str]:
    size = "560,440" if step else "640,560"
    camera = f"--camera=0,0,0,{view[0]},0,{view[1]},500"
    return ["-D", f"step={step}", camera, "--viewall", "--autocenter", f"--imgsize={size}", "--colorscheme=BeforeDawn"]


def _openscad(arguments: list[str], screen: bool = False) -> None:
    """`screen`: pictures need an X server; Xvfb is one that nobody sees, and chooses a free number itself."""
    command = (["xvfb-run", "-a"] if screen else []) + ["openscad", "--hardwarnings", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    except FileNotFoundError as error:
        raise OpenScadError(f"{error.filename} is missing; `make hardware` fetches it") from None
    if done.returncode or (not screen and not re.search(r"Simple:\s+yes", done.stderr)):  # else no closed solid
        raise OpenScadError(f"{' '.join(arguments)}: {done.stderr.strip()[-1500:]}")
