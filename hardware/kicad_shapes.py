"""What a part with two terminals looks like in a schematic, as KiCad's marks: its first terminal left, its second
right, both at height 0. Pure. mm, y upward."""

LINE = "(stroke (width 0.254) (type default))"

Point = tuple[float, float]


def drawn(kind: str, half: float) -> str:
    """Marks of this kind of part, with wires out to `half` on both sides; "": it has no look of its own."""
    if kind not in LOOKS:
        return ""
    reach, marks = LOOKS[kind]
    return "\n    ".join([_line((-half, 0), (-reach, 0)), _line((reach, 0), (half, 0)), *marks])


def _line(*points: Point, fill: str = "none") -> str:
    ways = " ".join(f"(xy {x:g} {y:g})" for x, y in points)
    return f"(polyline (pts {ways}) {LINE} (fill (type {fill})))"


def _box(width: float, height: float) -> str:
    x, y = width / 2, height / 2
    return f"(rectangle (start {-x:g} {y:g}) (end {x:g} {-y:g}) {LINE} (fill (type none)))"


def _arrow(x: float, y: float) -> list[str]:
    """Light that leaves a diode."""
    return [_line((x, y), (x + 1.6, y - 1.6)), _line((x + 0.8, y - 1.6), (x + 1.6, y - 1.6), (x + 1.6, y - 0.8))]


def _bow(x: float) -> str:
    return f"(arc (start {x - 1:g} 0) (mid {x:g} 1) (end {x + 1:g} 0) {LINE} (fill (type none)))"


KEY = [
    _line((-2.2, 0.3), (2.4, 1.8)),
    *(f"(circle (center {x:g} 0) (radius 0.4) {LINE} (fill (type none)))" for x in (-2.6, 2.6)),
]

LOOKS: dict[str, tuple[float, list[str]]] = {  # by kind: where its wires end, and its marks
    "resistor": (3.2, [_box(6.4, 2)]),
    "capacitor": (0.6, [_line((-0.6, 2), (-0.6, -2)), _line((0.6, 2), (0.6, -2))]),
    "inductor": (4, [_bow(x) for x in (-3, -1, 1, 3)]),
    "fuse": (3.2, [_box(6.4, 2), _line((-3.2, 0), (3.2, 0))]),
    "led": (
        1.6,
        [
            _line((-1.6, 1.8), (-1.6, -1.8), (1.6, 0), (-1.6, 1.8), fill="outline"),
            _line((1.6, 1.8), (1.6, -1.8)),
            *_arrow(-0.4, -1.6),
            *_arrow(1.2, -1.6),
        ],
    ),
    "cell": (
        0.6,
        [
            _line((-0.6, 2.2), (-0.6, -2.2)),
            _line((0.6, 1), (0.6, -1)),
            _line((-2.6, 1), (-1.4, 1)),
            _line((-2, 1.6), (-2, 0.4)),
        ],
    ),
    "key": (3, KEY),
    "contact": (3, KEY),
    "sounder": (
        2.6,
        [
            f"(circle (center 0 0) (radius 2.6) {LINE} (fill (type none)))",
            _line((-1.2, -0.9), (-1.2, 0.9), (1.2, 1.8), (1.2, -1.8), (-1.2, -0.9)),
        ],
    ),
}
