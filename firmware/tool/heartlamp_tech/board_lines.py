"""One line of a terminal for each thing that a board shows, sounds or did."""

from heartlamp_tech.virtual_board import Line

STEP_MS, STEPS = 100, 20


def said(line: Line) -> str:
    """The light with two seconds of its rhythm in its colour, the sound with a note, a trace as it is."""
    if "show" in line:
        show = line["show"]
        calls = "; ".join(f"{c['role']} {c['what']} {c['place']}: {c['answer']} {c['who']}" for c in show["calls"])
        return f"{light(show['color'], show['rhythm'])} {show['meaning'].upper()} {show['who']} {calls}"
    if "tone" in line:
        tune = " ".join(str(hertz) if hertz else "-" for hertz, _ in line["tone"])
        return f"       ♪ {tune} × {line['rounds']}"
    if "play" in line:
        return f"       ♫ {' · '.join(clip.removesuffix('.wav') for clip in line['play'])}"
    if "hush" in line:
        return "       ♪ cut off"
    if "trace" in line:
        return f"       {line['trace']} {line.get('event', '')} {line.get('why', '')}"
    return f"       {' '.join(str(key) for key in line if key != 't')}"


def light(color: str, rhythm: list[int]) -> str:
    """Two seconds, one place for 100 ms. color: the LEDs' drive, "#rrggbb", drawn as an eye sees it."""
    red, green, blue = as_seen(*(int(color[i : i + 2], 16) for i in (1, 3, 5)))
    lit, dark = f"\x1b[48;2;{red};{green};{blue}m \x1b[0m", " "
    return "".join(lit if shines(rhythm, step * STEP_MS) else dark for step in range(STEPS))


def as_seen(*drive: int) -> tuple[int, ...]:
    """A light's drive, 0 to 255 each, as a screen's colour. In the dark a small light's brightness grows with the cube
    root of its power (Stevens): driven at 5 % it looks a third as bright. Its hue stays."""
    most = max(*drive, 1)
    return tuple(round(255 * (most / 255) ** (1 / 3) * (part / most) ** 0.45) for part in drive)


def shines(rhythm: list[int], ms: int) -> bool:
    """rhythm: ms on, off, on, …; empty: steady."""
    if not rhythm:
        return True
    ms %= sum(rhythm)
    for index, length in enumerate(rhythm):
        if ms < length:
            return index % 2 == 0
        ms -= length
    return False
