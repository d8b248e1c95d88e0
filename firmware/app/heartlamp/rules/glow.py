"""What the LEDs do for each meaning. Colour, rhythm and sound each carry it alone; on a ring the shape says it again.

By colour: at least 0.17 in OKLab between any two (0.02 is just seen), brightness counted, for eyes that lack red, green
or blue too (Machado et al. 2009, doi:10.1109/TVCG.2009.113). By rhythm: whenever one begins to look, any two differ for
a fifth of the next 4 s. Never more than three flashes in a second (WCAG 2.2, 2.3.1): flicker can bring on a fit.
"""

# meaning: colour as the LEDs are driven (linear), rhythm (ms on, off, on, ...; empty: steady), sound (of tones.py)
PATTERNS: "dict[str, tuple[str, list[int], str]]" = {
    "dark": ("#000000", [], ""),
    "working": ("#0e0600", [], ""),  # no blue, which keeps people awake; under 0.25 lx, the full moon, at 1 m
    "sending": ("#ffffff", [150, 600], "sending"),
    "told": ("#0010ff", [200, 200, 200, 1400], "told"),
    "coming": ("#008070", [1500, 500], "coming"),
    "shout": ("#ff0000", [200, 200], "shout"),
    "near": ("#ff9000", [200, 200, 200, 200, 700, 500], "near"),
    "drill": ("#600040", [600, 400, 600, 2400], "drill"),  # a neighbour who rehearses: slow, and nobody's alarm
    "unprovisioned": ("#280028", [1000, 1000], ""),  # nobody has provisioned it: a technician's matter
}

# How a ring of LEDs says it; LED 0 is at the top, they count clockwise. One LED alone does the rhythm.
SHAPES = {"working": "quarters", "coming": "fill", "near": "half"}  # else: the whole ring

_OFF = (0, 0, 0)


def look(meaning: str) -> "dict[str, object]":
    """A picture's part of how it looks and sounds."""
    color, rhythm, sound = PATTERNS[meaning]
    return {"color": color, "rhythm": rhythm, "shape": SHAPES.get(meaning, "whole"), "sound": sound}


def rgb(color: str) -> "tuple[int, int, int]":
    """ "#rrggbb" as three drives, 0 to 255."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


_LIT = {meaning: rgb(pattern[0]) for meaning, pattern in PATTERNS.items()}
_DIM = {meaning: (r // 4, g // 4, b // 4) for meaning, (r, g, b) in _LIT.items()}


def paint(into: "list[tuple[int, int, int]]", meaning: str, ms: int) -> "int | None":
    """Sets every LED of `into` (a list, or a NeoPixel) to what it shows `ms` after the meaning began to show. Returns
    the ms, counted as `ms` is, at which to paint again; None: never."""
    rhythm, count = PATTERNS[meaning][1], len(into)
    if not rhythm:
        _fill(into, meaning, count)
        return None
    at = ms % sum(rhythm)
    end = i = 0
    while end <= at:
        end += rhythm[i]
        i += 1
    if i % 2 == 0:
        for led in range(count):
            into[led] = _OFF
    elif SHAPES.get(meaning) == "fill":
        passed = at - (end - rhythm[i - 1])
        lit = passed * count // rhythm[i - 1] + 1
        _fill(into, meaning, lit)
        end = end - rhythm[i - 1] - (-lit * rhythm[i - 1] // count)  # rounded up: when the next LED joins
    else:
        _fill(into, meaning, count)
    return ms - at + end


def _fill(into: "list[tuple[int, int, int]]", meaning: str, lit: int) -> None:
    """Colour in the meaning's shape. lit: so many LEDs shine in full, those behind them faintly."""
    shape, color, count = SHAPES.get(meaning), _LIT[meaning], len(into)
    for led in range(count):
        if (shape == "quarters" and led * 4 % count > 3) or (shape == "half" and led * 2 >= count > 1):
            into[led] = _OFF
        else:
            into[led] = color if led < lit else _DIM[meaning]
