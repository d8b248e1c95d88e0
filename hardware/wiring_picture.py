"""A wiring as a picture: the board in the middle, a card for every part, a line for each pin, a tag for power."""

from hardware.drawing import FAINT, box, path, svg, text
from hardware.wiring import CONTROLLERS, End, Part, Wiring

HUB, CARD, GAP, ROW, HEAD = 280, 260, 150, 18, 24
TOP = 60
FIXED = {"GND": "#222222", "3V3": "#d35400", "5V": "#c0392b", "CELL": "#922b21", "12V_OUT": "#b03a2e"}
OWN = {"red": "#e8402a", "green": "#2f9e44", "BATTERY": "#922b21"}  # a key's wire has its colour
PALETTE = ("#1f77b4", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#17a2b8", "#bc8f00", "#3b5bdb", "#0b7a5c", "#a0305a")


def draw(wiring: Wiring) -> str:
    hub = hub_of(wiring)
    signals = [end.net for end in hub.ends if end.net and end.net not in FIXED]
    colors = {net: PALETTE[i % len(PALETTE)] for i, net in enumerate(wiring.nets())} | FIXED | OWN
    sides = _sides([part for part in wiring.parts if part is not hub], signals)
    rows = [[net for net in dict.fromkeys(e.net for p in side for e in p.ends) if net in signals] for side in sides]
    height = TOP + 30 + max(*(_height(side) for side in sides), HEAD + ROW * (max(map(len, rows)) + 2))
    width = 2 * (CARD + GAP) + HUB + 40
    marks = [
        text(20, 30, f"{wiring.device}: {wiring.about}", bold=True, size=15),
        text(20, 48, "lines: pins · tags of one colour and name: one wire", FAINT),
    ]
    left = 20 + CARD + GAP
    names = {end.net: end.terminal.replace("IO", "GPIO") if wiring.board else end.terminal for end in hub.ends}
    for right, (side, nets) in enumerate(zip(sides, rows, strict=True)):
        marks += _side(side, nets, bool(right), left, colors, names)
    power = [end.net for end in hub.ends if end.net in FIXED]
    hub_height = HEAD + ROW * (max(map(len, rows)) + 2)
    marks.insert(2, box(left, TOP, HUB, hub_height, "#eef3f8"))
    title = f"{hub.ref} {wiring.board.name if wiring.board else hub.name}"
    marks.append(text(left + HUB / 2, TOP + 16, title, anchor="middle", bold=True))
    for i, net in enumerate(dict.fromkeys(power)):
        marks += _tag(left + 10 + i * 52, TOP + hub_height - 24, net, colors[net])
    for i, (name, why) in enumerate(wiring.on_board.items()):
        pin = f"GPIO{wiring.board.pins[name]} {name}" if wiring.board else name
        marks.append(text(left + HUB / 2, TOP + hub_height + 18 + 16 * i, f"{pin}: {why}", FAINT, "middle"))
    return svg(width, height, f"wiring of {wiring.device}", marks)


def hub_of(wiring: Wiring) -> Part:
    return next((p for p in wiring.parts if p.kind in CONTROLLERS), None) or next(
        p for p in wiring.parts if p.ref == "U1"
    )


def _sides(parts: list[Part], signals: list[str]) -> list[list[Part]]:
    """Parts on a pin of the hub first, in the order of its pins; both columns about as high."""

    def place(part: Part) -> int:
        return min((signals.index(end.net) for end in part.ends if end.net in signals), default=len(signals))

    ordered, sides = sorted(parts, key=place), [list[Part](), list[Part]()]
    wired = [part for part in ordered if place(part) < len(signals)]
    for part in ordered:
        if part in wired:
            sides[_height(sides[0]) + _card(part) / 2 > _height(wired) / 2].append(part)
        else:
            sides[_height(sides[0]) > _height(sides[1])].append(part)
    return sides


def _card(part: Part) -> int:
    return HEAD + ROW * len([end for end in part.ends if end.net]) + 10


def _height(parts: list[Part]) -> int:
    return sum(_card(part) for part in parts)


def _side(
    parts: list[Part], nets: list[str], right: bool, left: int, colors: dict[str, str], names: dict[str, str]
) -> list[str]:
    marks, y = [], TOP
    edge = left + HUB if right else left  # of the hub
    card = left + HUB + GAP if right else 20
    at = {net: TOP + HEAD + ROW * i + 10 for i, net in enumerate(nets)}
    for net, row in at.items():
        x = edge - 8 if right else edge + 8
        pin = names[net]
        label = f"{pin} {net}" if net != pin else net
        marks.append(text(x, row + 4, label, anchor="end" if right else "start"))
    for part in parts:
        ends = [end for end in part.ends if end.net]
        marks.append(box(card, y, CARD, _card(part) - 8, "#fbfaf5"))
        marks.append(text(card + 8, y + 16, f"{part.ref}  {part.name}", bold=True, size=11))
        for i, end in enumerate(ends):
            row = y + HEAD + ROW * i + 8
            marks += _end(end, card, row, right, colors[end.net])
            if end.net in at:
                lane = (nets.index(end.net) + 1) * (GAP - 20) / (len(nets) + 1)
                turn = edge + lane + 10 if right else edge - lane - 10
                target = card if right else card + CARD
                way = [(float(edge), float(at[end.net])), (turn, at[end.net]), (turn, row), (float(target), row)]
                marks.append(path(way, colors[end.net]))
        y += _card(part)
    return marks


def _end(end: End, card: float, row: float, right: bool, color: str) -> list[str]:
    """The terminal on the side of the hub, its net's tag on the other."""
    if right:
        return [text(card + 8, row + 4, end.terminal), *_tag(card + CARD - 96, row - 8, end.net, color)]
    return [text(card + CARD - 8, row + 4, end.terminal, anchor="end"), *_tag(card + 8, row - 8, end.net, color)]


def _tag(x: float, y: float, net: str, color: str) -> list[str]:
    width = 12 + 6.6 * len(net)
    return [box(x, y, width, 15, color, "none", 7), text(x + width / 2, y + 11, net, "#ffffff", "middle", 10)]
