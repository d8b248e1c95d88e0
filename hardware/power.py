"""How long cells and batteries last: power.toml's figures in, hours and years out. Pure but for reading that file.

Units are in the names: _ua µA, _ma mA, _mah mAh, _s seconds, _as ampere seconds, _h hours, _k kelvin. The button's
charge is counted at its cell, behind the converter: at 2.9 V it must give more than the 3.3 V side takes.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
STATES = ("chosen", "cited", "named", "measure")
HOURS_A_YEAR, ROOM = 8766, 20  # h; degrees of the data sheets' figures

Values = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Figure:
    """One input, and where it comes from. `state`: one of STATES, as power.toml explains them."""

    part: str
    name: str
    value: float
    state: str
    source: str


def figures(text: str) -> list[Figure]:
    """Every input of power.toml's text, in its order. Raises ValueError where one does not say where it comes from."""
    found = []
    for part, fields in tomllib.loads(text).items():
        for name, field in fields.items():
            if name == "what":
                continue
            figure = Figure(part, name, field["value"], field["state"], field["source"])
            if figure.state not in STATES or len(figure.source) < 10:
                raise ValueError(
                    f"power.toml, {part}.{name}: say in `state` and `source` where {figure.value} comes from"
                )
            found.append(figure)
    return found


def values(read: list[Figure]) -> dict[str, dict[str, float]]:
    """The numbers alone, by part and name."""
    parts: dict[str, dict[str, float]] = {}
    for figure in read:
        parts.setdefault(figure.part, {})[figure.name] = figure.value
    return parts


def load() -> list[Figure]:
    return figures((HERE / "power.toml").read_text("utf-8"))


def button_ma_h(v: Values, divider_kohm: int, degrees: float = ROOM, wifi: bool = False) -> dict[str, float]:
    """mAh that the cell gives in a year, by what takes it. `divider_kohm`: of the board's file, top and bottom;
    `degrees`: mean of the year; `wifi`: heartbeats by Wi-Fi instead of ESP-NOW."""
    b, cell = v["button"], v["cell"]
    lift = b["rail_volt"] / cell["volt"]
    asleep = HOURS_A_YEAR / 1000 * 2 ** ((degrees - ROOM) / b["sleep_doubles_k"])
    awake = lift / b["convert_awake"] / 3600
    beats = HOURS_A_YEAR / b["heartbeat_h"]
    taken = {
        "asleep: chip": b["chip_asleep_ua"] * asleep * lift / b["convert_asleep"],
        "asleep: leaks": (b["leak_ua"] + b["converter_ua"]) * asleep,
        "asleep: divider": cell["volt"] / divider_kohm * HOURS_A_YEAR,
    }
    if wifi:
        taken["heartbeat: Wi-Fi"] = beats * b["wifi_as"] * 1000 * awake
    else:
        taken["heartbeat: start"] = beats * b["start_s"] * b["start_ma"] * awake
        taken["heartbeat: send"] = beats * b["send_s"] * b["send_ma"] * awake
        taken["heartbeat: listen"] = beats * b["listen_s"] * b["listen_ma"] * awake
    taken["drills"] = b["drills_a_year"] * b["drill_s"] * b["drill_ma"] * awake
    ageing = cell["lost_a_year"] * 2 ** ((degrees - ROOM) / cell["lost_doubles_k"])
    taken["self-discharge"] = cell["capacity_mah"] * ageing
    return taken


def button_years(v: Values, divider_kohm: int, degrees: float = ROOM, wifi: bool = False, last: float = ROOM) -> float:
    """Until the cell cannot carry a transmission. `last`: degrees on the day on which that matters."""
    cell = v["cell"]
    cold = 1 - (1 - cell["cold"]) * max(0.0, ROOM - last) / 30
    return cell["capacity_mah"] * cell["usable"] * cold / sum(button_ma_h(v, divider_kohm, degrees, wifi).values())


def lamp_hours(v: Values, shouting: bool = False, modem: bool = False) -> float:
    """On its backup cell."""
    x = v["lamp"]
    ma = x["listen_ma"] + x["board_ma"] + x["leds_ma"] + x["amplifier_ma"]
    ma += (x["shout_ma"] + x["speech_ma"] if shouting else x["working_ma"]) + (x["modem_ma"] if modem else 0)
    return x["cell_mah"] * x["cell_volt"] * x["usable"] * x["boost"] / (5 * ma)


def gateway_hours(v: Values) -> float:
    """On its battery, with the siren once."""
    x = v["gateway"]
    watt = (x["pi_w"] + x["ssd_w"] + x["modem_w"] + x["relay_w"] + x["switch_w"]) / x["convert"]
    return (x["battery_wh"] * x["usable"] - x["siren_wh"]) / watt


def access_point_hours(v: Values, cold: bool = False) -> float:
    """`cold`: a night of -10 °C in its cabinet."""
    x = v["access-point"]
    return (x["cold"] if cold else 1) * x["battery_wh"] * x["usable"] * x["convert"] / x["point_w"]


def with_value(v: Values, part: str, name: str, value: float) -> dict[str, dict[str, float]]:
    """The same figures but one."""
    return {key: {**fields, name: value} if key == part else dict(fields) for key, fields in v.items()}


def sways(v: Values, divider_kohm: int) -> list[tuple[str, float, float]]:
    """(input that is no voltage, share or size of the cell, years at half of it, years at double), of the button, what
    sways it most first."""
    found = []
    for name in v["button"]:
        if name not in ("wifi_as", "rail_volt", "convert_asleep", "convert_awake"):
            half, double = (
                button_years(with_value(v, "button", name, v["button"][name] * f), divider_kohm) for f in (0.5, 2)
            )
            found.append((f"button.{name}", half, double))
    return sorted(found, key=lambda one: -abs(one[1] - one[2]))


@dataclass(frozen=True)
class Claim:
    """What was asked for. `kept`: what the model says, in `unit`; `least`: what was asked."""

    what: str
    kept: float
    least: float
    unit: str

    @property
    def holds(self) -> bool:
        return self.kept >= self.least


def claims(v: Values, divider_kohm: int) -> list[Claim]:
    """What our devices must keep, each with its wiring and its cell as they are."""
    return [
        Claim("button, ESP-NOW, 20 °C", button_years(v, divider_kohm), 5, "years"),
        Claim("button, ESP-NOW, a hot house: 30 °C all the year", button_years(v, divider_kohm, 30), 5, "years"),
        Claim("button, ESP-NOW, 15 °C, pressed at -10 °C", button_years(v, divider_kohm, 15, last=-10), 5, "years"),
        Claim("lamp, all quiet", lamp_hours(v), 4, "hours"),
        Claim("lamp, shouting all the time", lamp_hours(v, True), 4, "hours"),
        Claim("lamp with a Cat.1 modem, shouting", lamp_hours(v, True, True), 4, "hours"),
        Claim("gateway's UPS", gateway_hours(v), 8, "hours"),
        Claim("access point's UPS", access_point_hours(v), 8, "hours"),
        Claim("access point's UPS, a night of -10 °C", access_point_hours(v, True), 8, "hours"),
    ]


def not_kept(v: Values, divider_kohm: int) -> list[Claim]:
    """What does not last, said so that nobody builds it."""
    before = {**v, "cell": {**v["cell"], "capacity_mah": v["cell_before"]["capacity_mah"]}}
    bare = with_value(v, "button", "chip_asleep_ua", 500)
    return [
        Claim("button, heartbeats by Wi-Fi, 20 °C", button_years(v, divider_kohm, wifi=True), 5, "years"),
        Claim("button with a CR123A, 20 °C", button_years(before, divider_kohm), 5, "years"),
        Claim(
            "button made of a development board that takes 0.5 mA asleep", button_years(bare, divider_kohm), 5, "years"
        ),
    ]


def table(read: list[Figure], divider_kohm: int) -> str:
    """The whole budget as Markdown."""
    v = values(read)
    lines = ["# Power budget", "", "| | calculated | asked | |", "|---|---|---|---|"]
    for c in claims(v, divider_kohm) + not_kept(v, divider_kohm):
        lines.append(f"| {c.what} | {c.kept:.1f} {c.unit} | {c.least:g} | {'✓' if c.holds else '✗'} |")
    lines += ["", "## The button's cell, mAh a year at 20 °C", "", "| what takes it | mAh | share |", "|---|---|---|"]
    taken = button_ma_h(v, divider_kohm)
    for name, mah in sorted(taken.items(), key=lambda one: -one[1]):
        lines.append(f"| {name} | {mah:.1f} | {100 * mah / sum(taken.values()):.0f} % |")
    lines += ["", "## What sways its years most", "", "| input | halved | doubled |", "|---|---|---|"]
    lines += [f"| `{name}` | {half:.1f} | {double:.1f} |" for name, half, double in sways(v, divider_kohm)[:8]]
    lines += ["", "## Inputs", "", "| input | value | | source |", "|---|---|---|---|"]
    lines += [f"| `{f.part}.{f.name}` | {f.value:g} | {f.state} | {f.source} |" for f in read]
    return "\n".join(lines) + "\n"
