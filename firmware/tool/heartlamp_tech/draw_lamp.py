"""Draws what a lamp shows: python -m heartlamp_tech.draw_lamp FOLDER writes one SVG for each meaning.

Painted by the code that drives the LEDs (firmware/app must be on the path: `make docs-lamp`), so that docs/lamp.md
cannot say anything else. The same code always draws the same bytes.
"""

import sys
from math import cos, log2, pi, sin
from pathlib import Path

from heartlamp.rules import glow, tones

from heartlamp_tech.board_lines import as_seen

LEDS, MS = 12, 4000
STRIP_X, STRIP_WIDTH = 324, 640
ROW, LANES = 6, {"led": 34, "ring": 62, "sound": 148}  # px: a ring's LED, and where the lanes begin
LED_HEIGHT, SOUND_HEIGHT = 18, 44
WIDTH, HEIGHT = STRIP_X + STRIP_WIDTH + 20, 222
INK, FAINT, GROUND, OFF = "#dfe6f2", "#8d9ab0", "#10151f", "#1d2533"
LOWEST, HIGHEST = 400, 2400  # Hz, the sound lane's floor and ceiling

Light = tuple[int, int, int]


def ring_at(meaning: str, ms: int, leds: int) -> list[Light]:
    ring: list[Light] = [(0, 0, 0)] * leds
    glow.paint(ring, meaning, ms)
    return ring


def frames(meaning: str, leds: int) -> list[tuple[int, int, list[Light]]]:
    """(from ms, to ms, ring) over the strip's 4 s."""
    out, at = [], 0
    while at < MS:
        ring: list[Light] = [(0, 0, 0)] * leds
        again = glow.paint(ring, meaning, at)
        until = MS if again is None else min(MS, again)
        out.append((at, until, ring))
        at = until
    return out


def seen(light: Light) -> str:
    return "#{:02x}{:02x}{:02x}".format(*as_seen(*light)) if any(light) else OFF


def notes(sound: str) -> list[tuple[int, int, int]]:
    """(from ms, to ms, Hz) of what sounds in the strip's 4 s."""
    out, at = [], 0
    while sound and at < MS:
        for hertz, ms in tones.NOTES[sound]:
            if hertz and at < MS:
                out.append((at, min(MS, at + ms), hertz))
            at += ms
    return out


def draw(meaning: str) -> str:
    """The ring at the middle of its shining, and beside it 4 s of one LED, of the ring and of the sound."""
    rhythm, sound = glow.PATTERNS[meaning][1:]
    marks = [f'<rect width="{WIDTH}" height="{HEIGHT}" rx="10" fill="{GROUND}"/>']
    marks += _ring(ring_at(meaning, rhythm[0] * 5 // 8 if rhythm else 0, LEDS))
    alone = [_bar(since, until, LANES["led"], LED_HEIGHT, leds[0]) for since, until, leds in frames(meaning, 1)]
    marks += _lane("led", "一个灯 one LED", alone)
    all_round = [
        _bar(since, until, LANES["ring"] + i * ROW, ROW - 1, leds[i])
        for since, until, leds in frames(meaning, LEDS)
        for i in range(LEDS)
    ]
    marks += _lane("ring", "灯环 ring", all_round)
    marks += _lane("sound", "声音 sound", [_note(*note) for note in notes(sound)])
    if not sound:
        marks.append(_text(STRIP_X + 6, LANES["sound"] + 28, "无声 silence", FAINT))
    for second in range(5):
        x = _x(second * 1000)
        marks.append(f'<path d="M{x} 26V198" stroke="{FAINT}" stroke-opacity="0.35"/>')
        marks.append(_text(x, 214, f"{second} s", FAINT, "middle"))
    body = "\n".join(marks)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" font-size="13"><title>{meaning}</title>\n{body}\n</svg>\n'
    )


def _ring(lights: list[Light]) -> list[str]:
    """LED 0 at the top, clockwise."""
    marks = ['<circle cx="108" cy="110" r="92" fill="#0a0d14" stroke="#2b3547" stroke-width="2"/>']
    for i, light in enumerate(lights):
        angle = 2 * pi * i / len(lights)
        x, y = 108 + 68 * sin(angle), 110 - 68 * cos(angle)
        if any(light):
            halo = 0.1 + 0.25 * max(light) / 255
            marks.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="22" fill="{seen(light)}" fill-opacity="{halo:.2f}"/>')
        marks.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="12" fill="{seen(light)}"/>')
    return marks


def _lane(lane: str, label: str, marks: list[str]) -> list[str]:
    return [_text(STRIP_X - 10, LANES[lane] + 13, label, INK, "end"), *marks]


def _bar(since: int, until: int, y: int, height: int, light: Light) -> str:
    return f'<rect x="{_x(since)}" y="{y}" width="{_x(until) - _x(since)}" height="{height}" fill="{seen(light)}"/>'


def _note(since: int, until: int, hertz: int) -> str:
    """Higher is higher."""
    up = log2(hertz / LOWEST) / log2(HIGHEST / LOWEST)
    y = round(LANES["sound"] + (1 - up) * (SOUND_HEIGHT - 8))
    mark = f'<rect x="{_x(since)}" y="{y}" width="{_x(until) - _x(since) - 1}" height="8" rx="3" fill="{INK}"/>'
    return mark + (_text(_x(since), y - 4, f"{hertz} Hz", FAINT) if since == 0 else "")


def _x(ms: int) -> int:
    return STRIP_X + round(ms * STRIP_WIDTH / MS)


def _text(x: int, y: int, text: str, color: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" fill="{color}" text-anchor="{anchor}">{text}</text>'


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for meaning in glow.PATTERNS:
        (folder / f"{meaning}.svg").write_text(draw(meaning), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
