"""Labels into files, and to a printer."""

import shutil
import subprocess
from pathlib import Path

from heartlamp_tech.label import pdf, svg
from heartlamp_tech.label.sheet import Label, sheets
from heartlamp_tech.trouble import Trouble


def save(labels: list[Label], to: Path) -> list[Path]:
    """`to`: a .pdf, or a .svg (a file for each page: name-2.svg, …). -> what was written. Raises Trouble."""
    pages = sheets(labels)
    if to.suffix not in (".pdf", ".svg"):
        raise Trouble(f"{to.name} is neither .pdf nor .svg", "end the name with one of them")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        if to.suffix == ".pdf":
            to.write_bytes(pdf.write(pages))
            return [to]
        files = [to if not index else to.with_name(f"{to.stem}-{index + 1}.svg") for index in range(len(pages))]
        for file, shapes in zip(files, pages, strict=True):
            file.write_text(svg.draw(shapes), "utf-8")
    except OSError as error:
        raise Trouble(f"{to} cannot be written: {error.strerror}", "name another folder") from None
    return files


def print_out(file: Path, printer: str) -> None:
    """`printer`: its name in CUPS, "" the default one. Raises Trouble; the file stays."""
    lp = shutil.which("lp")
    kept = f"the label is kept in {file}: print it from there, or from another computer"
    if lp is None:
        raise Trouble("this laptop has no printing system (CUPS)", f"{kept}; `sudo apt install cups` brings one")
    done = subprocess.run(
        [lp, *(["-d", printer] if printer else []), str(file)], capture_output=True, text=True, timeout=30
    )
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["it said no reason"])[-1]
        raise Trouble(
            f"the printer did not take the label ({why})", f"switch it on, `lpstat -p` lists those known; {kept}"
        )
