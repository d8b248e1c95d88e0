"""From when on our own probes alarm: `"sensors"` of the configuration over the defaults of the rules.

{"heat": {"fire_mc": 62000}, "tilt": {"alarm_mdeg": 100}, "rain": {"tip_um": 279, "heavy_um": 60000}}
"""

from heartlamp.rules import heat, rain, tilt
from heartlamp.rules.given import Given


def of_heat(given: Given) -> heat.Limits:
    said, limits = given.about("heat"), heat.Limits()
    limits.fire_mc = given.whole(said, "fire_mc", limits.fire_mc, 30_000, 120_000)
    limits.rearm_mc = min(given.whole(said, "rearm_mc", limits.rearm_mc, 0, 120_000), limits.fire_mc - 1_000)
    limits.rise_mc = given.whole(said, "rise_mc", limits.rise_mc, 1_000, 60_000)
    limits.rise_from_mc = given.whole(said, "rise_from_mc", limits.rise_from_mc, -40_000, 60_000)
    limits.low_mc = given.whole(said, "low_mc", limits.low_mc, -40_000, 60_000)
    limits.high_mc = given.whole(said, "high_mc", limits.high_mc, -40_000, 120_000)
    return limits


def of_rain(given: Given) -> rain.Limits:
    said, limits = given.about("rain"), rain.Limits()
    limits.tip_um = given.whole(said, "tip_um", limits.tip_um, 10, 5_000)
    limits.heavy_um = given.whole(said, "heavy_um", limits.heavy_um, 5_000, 500_000)
    limits.wet_um = given.whole(said, "wet_um", limits.wet_um, 5_000, 500_000)
    limits.before_um = given.whole(said, "before_um", limits.before_um, 0, 1_000_000)
    return limits


def of_tilt(given: Given) -> int:
    """mdeg."""
    return given.whole(given.about("tilt"), "alarm_mdeg", tilt.ALARM_MDEG, 20, 90_000)
