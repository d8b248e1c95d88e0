"""What hangs on a device and from when on it alarms: `"sensors"` of its configuration over the defaults of the rules.

    {"age_days": 400, "smoke": {"nc": 1, "life_days": 3652, "rest_ohm": 4700, "alarm_ohm": 680},
     "heat": {"fire_mc": 62000}, "tilt": {"alarm_mdeg": 100}, "rain": {"tip_um": 279, "heavy_um": 60000}}

A wrong field is no reason for a device not to start: its default stands, and `wrong` counts it.
"""

from heartlamp.rules import heat, rain
from heartlamp.rules.contact import WIRINGS, Wiring
from heartlamp.rules.line import Pair

TILT_ALARM_MDEG = 1_000


class Fitted:
    """wirings, pairs: by pin; heat, rain: their Limits; age_days: of the detector when provisioned."""

    def __init__(self) -> None:
        self.wirings = dict(WIRINGS)
        self.pairs: "dict[str, Pair]" = {}
        self.heat = heat.Limits()
        self.rain = rain.Limits()
        self.tilt_mdeg = TILT_ALARM_MDEG
        self.age_days = 0
        self.wrong = 0


def read(sensors: object) -> Fitted:
    """Never raises."""
    fitted = Fitted()
    if not isinstance(sensors, dict):
        fitted.wrong = int(sensors is not None)
        return fitted
    for name in WIRINGS:
        said = _part(fitted, sensors, name)
        w = WIRINGS[name]
        fitted.wirings[name] = Wiring(
            w.what,
            _whole(fitted, said, "stand_ms", w.stand_ms, 10, 60_000),
            _whole(fitted, said, "stuck_ms", w.stuck_ms, 0, 1 << 40),
            _whole(fitted, said, "life_days", w.life_days, 0, 36_500),
            _whole(fitted, said, "nc", w.nc, 0, 1),
        )
        rest = _whole(fitted, said, "rest_ohm", 0, 100, 1_000_000)
        if rest:
            fitted.pairs[name] = Pair(rest, _whole(fitted, said, "alarm_ohm", 0, -1, 1_000_000))
    said = _part(fitted, sensors, "heat")
    h = fitted.heat
    h.fire_mc = _whole(fitted, said, "fire_mc", h.fire_mc, 30_000, 120_000)
    h.rearm_mc = min(_whole(fitted, said, "rearm_mc", h.rearm_mc, 0, 120_000), h.fire_mc - 1_000)
    h.rise_mc = _whole(fitted, said, "rise_mc", h.rise_mc, 1_000, 60_000)
    h.rise_from_mc = _whole(fitted, said, "rise_from_mc", h.rise_from_mc, -40_000, 60_000)
    h.low_mc = _whole(fitted, said, "low_mc", h.low_mc, -40_000, 60_000)
    h.high_mc = _whole(fitted, said, "high_mc", h.high_mc, -40_000, 120_000)
    said = _part(fitted, sensors, "rain")
    r = fitted.rain
    r.tip_um = _whole(fitted, said, "tip_um", r.tip_um, 10, 5_000)
    r.heavy_um = _whole(fitted, said, "heavy_um", r.heavy_um, 5_000, 500_000)
    r.wet_um = _whole(fitted, said, "wet_um", r.wet_um, 5_000, 500_000)
    r.before_um = _whole(fitted, said, "before_um", r.before_um, 0, 1_000_000)
    said = _part(fitted, sensors, "tilt")
    fitted.tilt_mdeg = _whole(fitted, said, "alarm_mdeg", fitted.tilt_mdeg, 20, 90_000)
    fitted.age_days = _whole(fitted, sensors, "age_days", 0, 0, 36_500)
    return fitted


def _part(fitted: Fitted, sensors: "dict[str, object]", name: str) -> "dict[str, object]":
    said = sensors.get(name, {})
    if isinstance(said, dict):
        return said
    fitted.wrong += 1
    return {}


def _whole(fitted: Fitted, said: "dict[str, object]", name: str, default: int, least: int, most: int) -> int:
    value = said.get(name, default)
    if isinstance(value, int) and not isinstance(value, bool) and (least <= value <= most or value == default):
        return value
    fitted.wrong += 1
    return default
