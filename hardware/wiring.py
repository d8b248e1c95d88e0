"""hardware/<device>/wiring.toml: what is connected to what. Which GPIO a wire ends at comes from hardware/boards alone.

A net in small letters is a pin of the board's file by its name ("red"); every other net has a capital in it ("GND",
"CELL", "3V3"). Wiring picture, KiCad schematic and self-test are drawn from what `wired` returns. Pure but for `load`.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from heartlamp_tech.boards import ANALOG, INPUTS, OUTPUTS, Board, read_all

HERE = Path(__file__).parent
DEVICES = ("button", "lamp", "sensor", "camera", "gateway", "access-point")
CONTROLLERS = ("controller", "board")  # a bare module · a board that makes its own 3.3 V
PASSIVE = ("key", "contact", "resistor", "capacitor", "inductor", "led", "sounder", "fuse", "cell", "supply", "pads")
KINDS = (*CONTROLLERS, "converter", "module", *PASSIVE)
NAME_MOST = 36
POWER = {"VIN": "power_in", "VOUT": "power_out", "GND": "power_in", "EP": "power_in", "5V": "power_in"}


@dataclass(frozen=True)
class End:
    """A terminal of a part. `number`: on its footprint, the terminal's own name where the file gives none; `net`: ""
    for a terminal that stays free; `type`: as KiCad's electrical rules name it."""

    terminal: str
    number: str
    net: str
    type: str


@dataclass(frozen=True)
class Part:
    ref: str
    name: str
    kind: str
    ends: tuple[End, ...]


@dataclass(frozen=True)
class Wiring:
    """`fed`: net → ref of the part that feeds it though none of its terminals is a converter's output. `on_board`: pins
    that need no wire, and why."""

    device: str
    about: str
    board: Board | None
    parts: tuple[Part, ...]
    fed: dict[str, str]
    on_board: dict[str, str]

    def nets(self) -> dict[str, list[tuple[Part, End]]]:
        """Everything that hangs on each net, in the file's order."""
        found: dict[str, list[tuple[Part, End]]] = {}
        for part in self.parts:
            for end in part.ends:
                if end.net:
                    found.setdefault(end.net, []).append((part, end))
        return found


def load(device: str, boards: dict[str, Board] | None = None) -> Wiring:
    boards = boards if boards is not None else read_all(HERE / "boards")
    return wired(device, (HERE / device / "wiring.toml").read_text("utf-8"), boards)


def wired(device: str, text: str, boards: dict[str, Board]) -> Wiring:
    """Raises ValueError for a file that names what there is not."""
    read = tomllib.loads(text)
    board = boards[read["board"]] if read["board"] else None
    parts = []
    for ref, fields in read["parts"].items():
        if fields["kind"] not in KINDS:
            raise ValueError(f"hardware/{device}/wiring.toml, {ref}: kind must be one of {', '.join(KINDS)}")
        own = fields["kind"] in CONTROLLERS and board
        nets = {**(board_nets(board) if own and board else {}), **fields["pins"]}
        places = fields.get("places", {})
        for terminal in nets:
            if places and terminal not in places:
                raise ValueError(f"hardware/{device}/wiring.toml, {ref}: {fields['name']} brings out no {terminal}")
        ends = tuple(
            End(t, str(places.get(t, t)), nets.get(t, ""), _type(fields, t, nets.get(t, ""))) for t in (places or nets)
        )
        parts.append(Part(ref, fields["name"], fields["kind"], ends))
    wiring = Wiring(device, read["about"], board, tuple(parts), read.get("fed", {}), read.get("on_board", {}))
    reasons = list(reasons_of(wiring))
    if reasons:
        raise ValueError("\n".join(f"hardware/{device}/wiring.toml: {reason}" for reason in reasons))
    return wiring


def board_nets(board: Board) -> dict[str, str]:
    """IO<GPIO> → the name that the firmware has for it."""
    return {f"IO{number}": name for name, number in board.pins.items()}


def reasons_of(wiring: Wiring) -> Iterator[str]:
    """Why it could not be built like that."""
    pins = wiring.board.pins if wiring.board else {}
    for net, ends in wiring.nets().items():
        if net == net.lower() and net not in pins:
            yield f"{net} is no pin of {wiring.board.name if wiring.board else 'any board: there is none'}"
        if len(ends) < 2 and net not in wiring.on_board:
            yield f"{net} ends in the air at {ends[0][0].ref}"
    for net, ref in wiring.fed.items():
        if ref not in {part.ref for part, _ in wiring.nets().get(net, [])}:
            yield f"fed: {ref} is not on {net}"
    for name in wiring.on_board:
        if name not in pins:
            yield f"on_board: {name} is no pin of the board"
    for part in wiring.parts:
        if len(part.name) > NAME_MOST:
            yield f"{part.ref}: a name has room for {NAME_MOST} letters in the picture"
        used = [end.net for end in part.ends]
        if part.kind in ("key", "contact") and wiring.board:
            pin = next((net for net in used if net in pins), None)
            other = "3V3" if pin in wiring.board.active_high else "GND"
            if pin not in INPUTS or other not in used:
                yield f"{part.ref}: a key lies between an input and {other}"


def _type(fields: dict[str, dict[str, str]], terminal: str, net: str) -> str:
    """As KiCad's electrical rules call it."""
    if terminal in fields.get("types", {}):
        return fields["types"][terminal]
    kind = str(fields["kind"])
    if kind not in (*CONTROLLERS, "converter"):
        return "passive"
    if not net:
        return "bidirectional"
    if terminal.startswith("3V3"):
        return ("power_out" if terminal == "3V3" else "passive") if kind == "board" else "power_in"
    if terminal.startswith("GND"):
        return "power_in"
    if terminal in POWER:
        return POWER[terminal]
    if net in OUTPUTS:
        return "output"
    return "input" if net in INPUTS + ANALOG + ("modem_rx",) or terminal in ("EN", "SEL") else "bidirectional"
