"""A wiring as a KiCad 9 project: schematic, our own symbols, and the table that names them. Pure: texts by file name.

A part is a rectangle with its terminals, or what kicad_shapes.py draws for its kind; a global label at each terminal's
tip connects it. What feeds a net without being a converter's output gets a flag, which is what the electrical rules ask
for.
"""

import json
from collections.abc import Callable
from itertools import count
from uuid import NAMESPACE_URL, uuid5

from hardware.kicad_shapes import drawn
from hardware.wiring import Part, Wiring

STEP, STUB, HALF = 2.54, 2.54, 12.7  # mm: between pins, a pin's length, half a symbol's width
FONT = "(effects (font (size 1.27 1.27)))"
HIDDEN = "(effects (font (size 1.27 1.27)) (hide yes))"
IN_ALL = "(exclude_from_sim no) (in_bom yes) (on_board yes)"
COLUMNS, ACROSS, ROW_GAP = 5, 76.2, 12.7


def project(wiring: Wiring) -> dict[str, str]:
    """Text by file name."""
    name = wiring.device
    symbols = [_symbol(part) for part in wiring.parts] + [_flag_symbol()]
    library = "\n".join(s.replace('(symbol "heartlamp:', '(symbol "') for s in symbols)
    return {
        f"{name}.kicad_sch": _schematic(wiring, "\n".join(symbols)),
        "heartlamp.kicad_sym": f'(kicad_symbol_lib (version 20241209) (generator "heartlamp")\n{library}\n)\n',
        "sym-lib-table": (
            '(sym_lib_table (version 7)\n  (lib (name "heartlamp")(type "KiCad")'
            '(uri "${KIPRJMOD}/heartlamp.kicad_sym")(options "")(descr "ours"))\n)\n'
        ),
        f"{name}.kicad_pro": json.dumps({"meta": {"filename": f"{name}.kicad_pro", "version": 3}}) + "\n",
    }


def _pins(part: Part) -> list[tuple[float, float, int]]:
    """Where each terminal's tip is in the symbol, y upward, and which way its pin looks: 0 to the right, 180 left."""
    half = (len(part.ends) + 1) // 2
    top = STEP * (half // 2)
    places = []
    for i in range(len(part.ends)):
        left = i < half
        places.append((-HALF - STUB if left else HALF + STUB, top - STEP * (i % half), 0 if left else 180))
    return places


def _head(name: str, prefix: str, value: str, hide_numbers: bool, hide_names: bool) -> str:
    hide = "(pin_numbers (hide yes)) " if hide_numbers else ""
    names = "(pin_names (offset 1.016) (hide yes))" if hide_names else "(pin_names (offset 1.016))"
    return (
        f'(symbol "heartlamp:{name}" {hide}{names} {IN_ALL}\n'
        f'  (property "Reference" "{prefix}" (at 0 0 0) {FONT})\n'
        f'  (property "Value" {_quoted(value)} (at 0 0 0) {FONT})\n'
        f'  (property "Footprint" "" (at 0 0 0) {HIDDEN})\n  (property "Datasheet" "" (at 0 0 0) {HIDDEN})\n'
    )


def _symbol(part: Part) -> str:
    places = _pins(part)
    top, bottom = places[0][1] + STEP, min(y for _, y, _ in places) - STEP
    pins = "\n".join(
        f"    (pin {end.type} line (at {x:g} {y:g} {angle}) (length {STUB}) "
        f"(name {_quoted(end.terminal)} {FONT}) (number {_quoted(end.number)} {FONT}))"
        for end, (x, y, angle) in zip(part.ends, places, strict=True)
    )
    shape = drawn(part.kind, HALF)
    body = shape or (
        f"(rectangle (start {-HALF} {top:g}) (end {HALF} {bottom:g}) "
        "(stroke (width 0.254) (type default)) (fill (type background)))"
    )
    same = all(end.number == end.terminal for end in part.ends)
    return (
        _head(part.ref, part.ref.rstrip("0123456789"), part.name, bool(shape) or same, bool(shape))
        + f'  (symbol "{part.ref}_0_1" {body})\n  (symbol "{part.ref}_1_1"\n{pins})\n)'
    )


def _flag_symbol() -> str:
    head = _head("FLAG", "#FLG", "fed", True, True).replace('FLAG" ', 'FLAG" (power) ', 1)
    pin = f'(pin power_out line (at 0 0 90) (length 0) (name "fed" {FONT}) (number "1" {FONT}))'
    return head + f'  (symbol "FLAG_0_0" {pin})\n)'


def _schematic(wiring: Wiring, symbols: str) -> str:
    number = count()

    def uid() -> str:
        return str(uuid5(NAMESPACE_URL, f"heartlamp/{wiring.device}/{next(number)}"))

    root, marks = uid(), []
    y, tallest = 50.8, 0.0
    for i, part in enumerate(wiring.parts):
        if i and i % COLUMNS == 0:
            y, tallest = y + tallest + ROW_GAP, 0.0
        places = _pins(part)
        x = 50.8 + ACROSS * (i % COLUMNS)
        middle = y + places[0][1]
        tallest = max(tallest, places[0][1] - min(p[1] for p in places) + 2 * STEP)
        marks.append(_placed(part.ref, part.name, part.ref, x, middle, places[0][1] + STEP, root, wiring.device, uid))
        for end, (px, py, angle) in zip(part.ends, places, strict=True):
            at = f"(at {x + px:g} {middle - py:g}"
            if end.net:
                marks.append(_label(end.net, at, 180 if angle == 0 else 0, uid()))
            else:
                marks.append(f'(no_connect {at}) (uuid "{uid()}"))')
    y += tallest + ROW_GAP
    for i, net in enumerate(wiring.fed):
        x = 50.8 + ACROSS * (i % COLUMNS)
        marks.append(_placed("FLAG", "fed", f"#FLG0{i + 1}", x, y, 0, root, wiring.device, uid))
        marks.append(_label(net, f"(at {x:g} {y:g}", 0, uid()))
    paper = "A2" if len(wiring.parts) > 12 else "A3"
    return (
        f'(kicad_sch (version 20250114) (generator "heartlamp") (generator_version "9.0")\n'
        f'(uuid "{root}") (paper "{paper}")\n'
        f"(title_block (title {_quoted('Heart-Lamp ' + wiring.device)}) (comment 1 {_quoted(wiring.about)}))\n"
        f"(lib_symbols\n{symbols}\n)\n" + "\n".join(marks) + '\n(sheet_instances (path "/" (page "1")))\n)\n'
    )


def _placed(
    symbol: str, value: str, ref: str, x: float, y: float, up: float, root: str, name: str, uid: Callable[[], str]
) -> str:
    return (
        f'(symbol (lib_id "heartlamp:{symbol}") (at {x:g} {y:g} 0) (unit 1) {IN_ALL}'
        f' (dnp no) (uuid "{uid()}")\n  (property "Reference" "{ref}" (at {x:g} {y - up - 4:g} 0) {FONT})\n'
        f'  (property "Value" {_quoted(value)} (at {x:g} {y - up - 1.8:g} 0) {FONT if up else HIDDEN})\n'
        f'  (property "Footprint" "" (at {x:g} {y:g} 0) {HIDDEN})\n'
        f'  (property "Datasheet" "" (at {x:g} {y:g} 0) {HIDDEN})\n'
        f'  (instances (project "{name}" (path "/{root}" (reference "{ref}") (unit 1)))))'
    )


def _label(net: str, at: str, angle: int, uid: str) -> str:
    side = "right" if angle == 180 else "left"
    return (
        f'(global_label "{net}" (shape passive) {at} {angle}) (effects (font (size 1.27 1.27)) (justify {side})) '
        f'(uuid "{uid}"))'
    )


def _quoted(words: str) -> str:
    return json.dumps(words, ensure_ascii=False)
