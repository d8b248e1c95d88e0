"""KiCad's own judgement of a schematic: its electrical rules, and the nets that it reads out of the file, which must be
the nets of the wiring; and its picture. Runs kicad-cli."""

import json
import os
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

from hardware.wiring import Wiring


class ErcError(Exception):
    """What KiCad found."""


def hold(program: Path, folder: Path, wiring: Wiring) -> str:
    """A line that says what was held against what. Raises ErcError with every violation."""
    sheet = folder / f"{wiring.device}.kicad_sch"
    if not program.exists():
        return f"· {sheet.name} is written; kicad-cli is not here, so its rules were NOT run (sh bootstrap/kicad.sh)"
    found = violations(program, sheet)
    if found:
        raise ErcError("\n".join(found))
    nets = read_nets(program, sheet)
    wanted = {net: {(part.ref, end.number) for part, end in ends} for net, ends in wiring.nets().items()}
    if nets != wanted:
        wrong = sorted(net for net in nets.keys() | wanted.keys() if nets.get(net) != wanted.get(net))
        raise ErcError(f"{sheet.name}: KiCad reads other connections than were written, at {', '.join(wrong)}")
    return f"  {sheet.name}: 0 violations of KiCad's electrical rules, {len(nets)} nets as wired"


def draw(program: Path, folder: Path, wiring: Wiring) -> None:
    """<device>.svg beside the sheet, for whoever has no KiCad; nothing where it is not here."""
    if program.exists():
        _run(program, folder / f"{wiring.device}.kicad_sch", ["export", "svg", "-o", str(folder)])


def violations(program: Path, sheet: Path) -> list[str]:
    """Errors and warnings alike."""
    report = sheet.with_suffix(".erc.json")
    _run(program, sheet, ["erc", "--severity-all", "--format", "json", "-o", str(report)])
    sheets = json.loads(report.read_text("utf-8"))["sheets"]
    return [
        f"{sheet.name}: {v['type']}: {v['description']} ({'; '.join(i['description'] for i in v['items'])})"
        for one in sheets
        for v in one["violations"]
    ]


def read_nets(program: Path, sheet: Path) -> dict[str, set[tuple[str, str]]]:
    """(part, terminal) by net, as KiCad understands the file; without what stays free."""
    netlist = sheet.with_suffix(".net.xml")
    _run(program, sheet, ["export", "netlist", "--format", "kicadxml", "-o", str(netlist)])
    nets = {}
    for net in ET.parse(netlist).getroot().iter("net"):
        name = net.get("name", "")
        if not name.startswith("unconnected-"):
            nets[name] = {(node.get("ref", ""), node.get("pin", "")) for node in net.iter("node")}
    return nets


def _run(program: Path, sheet: Path, words: list[str]) -> None:
    """KiCad writes settings somewhere: beside the sheet, not into anybody's home."""
    environment = os.environ | {"KICAD_CONFIG_HOME": str(sheet.parent / "settings")}
    command = [str(program), "sch", *words, str(sheet)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise ErcError(f"{' '.join(words[:2])} of {sheet.name}: {(done.stderr or done.stdout).strip()}")
