"""The power budget as one picture: what takes the button's charge; how long it listens, and how long it lasts then."""

from hardware.drawing import FAINT, INK, box, path, svg, text
from hardware.power import Values, button_ma_h, button_years, with_value

COLORS = ("#c0392b", "#e67e22", "#2e86c1", "#27ae60", "#8e44ad", "#16a085", "#7f8c8d", "#34495e")
WIDTH, HEIGHT = 860, 330
MOST_S, MOST_YEARS = 6.0, 16.0


def draw(v: Values, divider_kohm: int) -> str:
    return svg(WIDTH, HEIGHT, "power budget of the button", [*_shares(v, divider_kohm), *_years(v, divider_kohm)])


def _shares(v: Values, divider_kohm: int) -> list[str]:
    taken = sorted(button_ma_h(v, divider_kohm).items(), key=lambda one: -one[1])
    most = taken[0][1]
    marks = [text(20, 28, f"button: {sum(mah for _, mah in taken):.0f} mAh a year at 20 °C", bold=True, size=14)]
    for i, (name, mah) in enumerate(taken):
        y = 48 + 32 * i
        marks += [
            text(130, y + 15, name, anchor="end"),
            box(138, y, 220 * mah / most, 21, COLORS[i % len(COLORS)], "none"),
            text(144 + 220 * mah / most, y + 15, f"{mah:.1f}", FAINT),
        ]
    return marks


def _years(v: Values, divider_kohm: int) -> list[str]:
    left, top, width, height = 480, 48, 350, 232

    def at(seconds: float, years: float) -> tuple[float, float]:
        return left + width * seconds / MOST_S, top + height * (1 - min(years, MOST_YEARS) / MOST_YEARS)

    marks = [text(left, 28, "years, by how long it listens after a heartbeat", bold=True, size=14)]
    for years in range(0, int(MOST_YEARS) + 1, 5):
        marks += [
            path([at(0, years), at(MOST_S, years)], "#d5dae1", 1),
            text(left - 8, at(0, years)[1] + 4, str(years), FAINT, "end"),
        ]
    for second in range(int(MOST_S) + 1):
        marks.append(text(at(second, 0)[0], top + height + 18, f"{second} s", FAINT, "middle"))
    marks.append(path([at(0, 5), at(MOST_S, 5)], INK, 1.4, "6 4"))
    steps = [0.25 * i for i in range(1, int(MOST_S * 4) + 1)]
    before = {**v, "cell": {**v["cell"], "capacity_mah": v["cell_before"]["capacity_mah"]}}
    for figures, color, name in ((v, COLORS[0], "CR17450"), (before, COLORS[2], "CR123A")):
        points = [at(s, button_years(with_value(figures, "button", "listen_s", s), divider_kohm)) for s in steps]
        x, y = points[3]
        marks += [path(points, color, 2.4), text(x + 8, y - 2, name, color, bold=True)]
    now = v["button"]["listen_s"]
    x, y = at(now, button_years(v, divider_kohm))
    marks += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{COLORS[0]}"/>', text(x + 8, y - 8, "as built")]
    return marks
